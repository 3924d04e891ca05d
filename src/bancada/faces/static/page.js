// The small live page: jobs, models and endpoints of one workspace, kept true by the event stream.
// Every text from the server goes in as text, never as markup.

const TEXTS = {
  en: {
    skip: "To the content", workspace: "Workspace", language: "Language", live: "Live", away: "Reconnecting …",
    doorTitle: "Open this page", token: "Token", open: "Open",
    doorText: "Use the link that `bancada up` or `bancada status` shows, or paste the token from the file “token” in the home folder.",
    jobs: "Jobs", models: "Models", endpoints: "Endpoints", name: "Name", type: "Type", status: "Status",
    experiment: "Experiment", created: "Created", took: "Took", version: "Version", address: "Address",
    traffic: "Traffic", state: "State", noJobs: "No jobs yet. Submit one:", noModels: "No models yet.",
    noEndpoints: "No endpoints yet.", more: "Show more", close: "Close", cancel: "Cancel the job", log: "Log",
    metrics: "Metrics", trials: "Trials", error: "Error", best: "Best trial", reason: "Waits because", parent: "Parent",
    warning: "Warning", run: "run",
    noWorkspace: (name, shown) => `There is no workspace ${name}; this is ${shown}.`,
    summary: (s) => `${s.jobs.running} running, ${s.jobs.queued} waiting · ${s.ledger.in_use} of ${s.ledger.cores} slots in use`,
    sureCancel: (name) => `Cancel the job ${name}?`, metric: "Metric", value: "Value",
  },
  "pt-BR": {
    skip: "Ir para o conteúdo", workspace: "Workspace", language: "Idioma", live: "Ao vivo", away: "Reconectando …",
    doorTitle: "Abrir esta página", token: "Token", open: "Abrir",
    doorText: "Use o link mostrado por `bancada up` ou `bancada status`, ou cole o token do arquivo “token” da pasta home.",
    jobs: "Jobs", models: "Modelos", endpoints: "Endpoints", name: "Nome", type: "Tipo", status: "Situação",
    experiment: "Experimento", created: "Criado", took: "Duração", version: "Versão", address: "Endereço",
    traffic: "Tráfego", state: "Estado", noJobs: "Ainda não há jobs. Envie um:", noModels: "Ainda não há modelos.",
    noEndpoints: "Ainda não há endpoints.", more: "Mostrar mais", close: "Fechar", cancel: "Cancelar o job", log: "Log",
    metrics: "Métricas", trials: "Tentativas", error: "Erro", best: "Melhor tentativa", reason: "Espera porque", parent: "Pai",
    warning: "Aviso", run: "execução",
    noWorkspace: (name, shown) => `Não existe o workspace ${name}; este é ${shown}.`,
    summary: (s) => `${s.jobs.running} em execução, ${s.jobs.queued} na fila · ${s.ledger.in_use} de ${s.ledger.cores} vagas em uso`,
    sureCancel: (name) => `Cancelar o job ${name}?`, metric: "Métrica", value: "Valor",
  },
};
const STATUSES = {
  "pt-BR": {
    NotStarted: "Não iniciado", Queued: "Na fila", Preparing: "Preparando", Starting: "Iniciando", Running: "Em execução",
    Finalizing: "Finalizando", CancelRequested: "Cancelando", Completed: "Concluído", Failed: "Falhou", Canceled: "Cancelado",
    Succeeded: "Pronto", Creating: "Criando", Updating: "Atualizando", Deleting: "Excluindo",
  },
};
const FINAL = new Set(["Completed", "Failed", "Canceled"]);
const LOG_TAIL = 100_000; // characters of a log that the page keeps

const $ = (id) => document.getElementById(id);
const stored = (key) => { try { return localStorage.getItem(key); } catch { return null; } };
const store = (key, value) => { try { localStorage.setItem(key, value); } catch { /* a private window */ } };

let language = stored("language") || (navigator.language.toLowerCase().startsWith("pt") ? "pt-BR" : "en");
const asked = () => new URLSearchParams(location.search).get("workspace");
let workspace = asked() || stored("workspace") || "";
let stream = null;
let limit = 50;
let follower = 0; // number of the detail view in force; an older one stops when it sees another

const text = (key) => TEXTS[language][key];
const statusWord = (status) => STATUSES[language]?.[status] ?? status;

function el(tag, attributes = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) made.addEventListener(name.slice(2), value);
    else made.setAttribute(name, value);
  }
  made.append(...children.filter((one) => one !== null && one !== undefined));
  return made;
}

class Refused extends Error {
  constructor(status, message) { super(message); this.status = status; }
}

async function call(method, path, body) {
  const answer = await fetch(path, {
    method,
    headers: body === undefined ? {} : { "Content-Type": "application/json" },
    body: body === undefined ? undefined : JSON.stringify(body),
  });
  if (answer.ok) return answer;
  const found = await answer.json().catch(() => ({}));
  throw new Refused(answer.status, found.error?.message ?? answer.statusText);
}

const getJson = async (path) => (await call("GET", path)).json();
const inWorkspace = (path) => `/api/v1/workspaces/${encodeURIComponent(workspace)}/${path}`;

// ---------------------------------------------------------------- tables

function when(stamp) {
  if (!stamp) return "";
  return new Date(stamp).toLocaleString(language, { dateStyle: "short", timeStyle: "medium" });
}

function span(from, to) {
  if (!from) return "";
  const seconds = Math.max(0, ((to ? new Date(to) : new Date()) - new Date(from)) / 1000);
  if (seconds < 60) return `${seconds.toFixed(seconds < 10 ? 1 : 0)} s`;
  const minutes = Math.floor(seconds / 60);
  return minutes < 60 ? `${minutes} min ${Math.floor(seconds % 60)} s` : `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

function took(job) {
  // A running clock is marked with its start; `tick` moves it on.
  const runs = job.started_at && !FINAL.has(job.status);
  return el("span", runs ? { "data-from": job.started_at } : {}, span(job.started_at, runs ? null : job.ended_at));
}

function tick() {
  for (const one of document.querySelectorAll("[data-from]")) one.textContent = span(one.dataset.from, null);
}

const status = (word) => el("span", { class: `status ${word}` }, statusWord(word ?? ""));

function table(heads, rows) {
  return el("table", {},
    el("thead", {}, el("tr", {}, ...heads.map((head) => el("th", { scope: "col" }, text(head))))),
    el("tbody", {}, ...rows.map((cells) => el("tr", {}, ...cells.map((cell) => el("td", {}, cell ?? ""))))));
}

function jobLink(name, shown) {
  return el("a", { href: `#/jobs/${encodeURIComponent(name)}` }, shown || name);
}

// A plain MLflow run is a job of type `base`.
const typeWord = (job) => (job.type === "base" ? text("run") : job.type);

// What a waiting job waits for; it says nothing any more about one that has ended.
const reasonOf = (job) => (FINAL.has(job.status) ? null : job.status_reason);

function jobStatus(job) {
  const notes = [reasonOf(job), job.properties?.warning].filter(Boolean);
  return el("span", notes.length ? { title: notes.join("\n") } : {}, status(job.status),
    job.properties?.warning ? el("span", { class: "warning", role: "img", "aria-label": text("warning") }, " ⚠") : null);
}

const jobRow = (job) => [
  jobLink(job.name, job.display_name), typeWord(job), jobStatus(job), job.experiment_name ?? "",
  when(job.creation_context?.created_at), took(job),
];
const JOB_HEADS = ["name", "type", "status", "experiment", "created", "took"];

async function showJobs() {
  const { items, next } = await getJson(inWorkspace(`jobs?limit=${limit}`));
  const shown = items.length ? table(JOB_HEADS, items.map(jobRow))
    : el("p", { class: "empty" }, text("noJobs"), " ", el("code", {}, "bancada job create -f job.yml --stream"));
  $("jobs").replaceChildren(shown, ...(next ? [el("button", { onclick: () => { limit += 50; refresh("job"); } }, text("more"))] : []));
}

async function showModels() {
  const { items } = await getJson(inWorkspace("models?limit=50"));
  const rows = items.map((one) => [one.name, one.version, one.type, when(one.creation_context?.created_at)]);
  $("models").replaceChildren(rows.length ? table(["name", "version", "type", "created"], rows)
    : el("p", { class: "empty" }, text("noModels")));
}

async function showEndpoints() {
  const { items } = await getJson(inWorkspace("online-endpoints?limit=50"));
  const rows = items.map((one) => [one.name, status(one.provisioning_state),
    Object.entries(one.traffic ?? {}).map(([name, share]) => `${name} ${share} %`).join(", "), el("code", {}, one.scoring_uri ?? "")]);
  $("endpoints").replaceChildren(rows.length ? table(["name", "state", "traffic", "address"], rows)
    : el("p", { class: "empty" }, text("noEndpoints")));
}

async function showSummary() {
  $("summary").textContent = text("summary")(await getJson("/api/v1/status"));
}

// ---------------------------------------------------------------- one job

// `#/jobs/NAME` is ours; MLflow's clients print `#/experiments/E/runs/NAME`, and a job is its run.
function jobOfAddress() {
  return location.hash.match(/^#\/(?:jobs|experiments\/[^/]+\/runs)\/([^/]+)/)?.[1];
}

async function showDetail() {
  const mine = ++follower;
  const name = jobOfAddress();
  $("detail").hidden = !name;
  if (!name) return;
  const path = inWorkspace(`jobs/${name}`);
  const log = el("pre", { tabindex: "0", "aria-label": text("log") });
  let job = null;
  const draw = async () => {
    job = await getJson(path);
    const [summary, children] = await Promise.all([getJson(`${path}/summary`), getJson(inWorkspace(`jobs?limit=200&parent_job_name=${name}`))]);
    if (mine === follower) $("detail").replaceChildren(...detailParts(job, summary, children.items, log));
  };
  redrawDetail = () => (mine === follower ? draw() : undefined);
  await draw();
  await followLog(path, log, () => mine === follower);
}

let redrawDetail = () => undefined;

function detailParts(job, summary, children, log) {
  const facts = [
    ["status", status(job.status)], ["type", typeWord(job)], ["experiment", job.experiment_name],
    ["created", when(job.creation_context?.created_at)], ["took", job.started_at && took(job)],
    ["parent", job.parent_job_name && jobLink(job.parent_job_name)], ["reason", reasonOf(job)],
    ["best", job.properties?.best_child_run_id && jobLink(job.properties.best_child_run_id)],
  ].filter(([, value]) => value);
  const metrics = Object.entries(summary.metrics ?? {});
  const closeButton = el("button", { onclick: () => { location.hash = ""; } }, text("close"));
  const cancelButton = FINAL.has(job.status) ? null : el("button", { onclick: () => cancel(job.name) }, text("cancel"));
  return [
    el("div", { class: "bar" }, el("h2", {}, job.display_name || job.name), cancelButton, closeButton),
    el("dl", {}, ...facts.flatMap(([key, value]) => [el("dt", {}, text(key)), el("dd", {}, value)])),
    job.properties?.warning ? el("p", { class: "warning" }, `${text("warning")}: ${job.properties.warning}`) : null,
    job.error ? el("p", { class: "error" }, `${text("error")}: ${job.error.message ?? JSON.stringify(job.error)}`) : null,
    metrics.length ? el("div", { class: "scroll" }, table(["metric", "value"], metrics.map(([key, value]) => [key, String(value)]))) : null,
    children.length ? el("h3", {}, text("trials")) : null,
    children.length ? el("div", { class: "scroll" }, table(JOB_HEADS, children.map(jobRow))) : null,
    job.type === "sweep" ? null : el("h3", {}, text("log")), job.type === "sweep" ? null : log,
  ].filter((part) => part !== null);
}

async function followLog(path, log, isMine) {
  let offset = 0;
  const decoder = new TextDecoder();
  while (isMine()) {
    const answer = await call("GET", `${path}/logs?offset=${offset}&wait_s=20`);
    const atEnd = log.scrollTop + log.clientHeight >= log.scrollHeight - 8;
    const added = decoder.decode(await answer.arrayBuffer(), { stream: true });
    offset = Number(answer.headers.get("X-Next-Offset"));
    if (added) log.textContent = (log.textContent + added).slice(-LOG_TAIL);
    if (atEnd) log.scrollTop = log.scrollHeight;
    if (!added && FINAL.has(answer.headers.get("X-Job-Status"))) return;
  }
}

async function cancel(name) {
  if (!confirm(text("sureCancel")(name))) return;
  await report(() => call("POST", inWorkspace(`jobs/${encodeURIComponent(name)}/cancel`)));
}

// ---------------------------------------------------------------- live

const VIEWS = {
  job: [showJobs, showSummary, () => redrawDetail()], models: [showModels],
  endpoint: [showEndpoints], deployment: [showEndpoints], workspace: [showWorkspaces],
};
const dirty = new Set();
let timer = null;

function refresh(kind) {
  for (const view of VIEWS[kind] ?? []) dirty.add(view);
  timer ??= setTimeout(async () => {
    timer = null;
    const views = [...dirty];
    dirty.clear();
    await report(() => Promise.all(views.map((view) => view())));
  }, 150);
}

function listen() {
  stream?.close();
  stream = new EventSource(inWorkspace("events"));
  stream.onopen = () => { live(true); Object.keys(VIEWS).forEach(refresh); };
  stream.onerror = () => live(false);
  stream.onmessage = (message) => refresh(JSON.parse(message.data).kind);
}

function live(isOn) {
  $("live").className = isOn ? "live on" : "live";
  $("live").textContent = text(isOn ? "live" : "away");
}

async function report(work) {
  try {
    await work();
    $("problem").hidden = true;
  } catch (error) {
    if (error instanceof Refused && error.status === 401) { showDoor(); return; }
    // A server that goes away is shown by the word in the corner.
    if (!(error instanceof Refused)) { live(false); return; }
    $("problem").textContent = error.message;
    $("problem").hidden = false;
  }
}

// ---------------------------------------------------------------- start

async function showWorkspaces() {
  const { items } = await getJson("/api/v1/workspaces");
  if (!items.some((one) => one.name === workspace)) workspace = items.find((one) => one.name === "default")?.name ?? items[0]?.name ?? "";
  $("workspace").replaceChildren(...items.map((one) => el("option", { value: one.name }, one.name)));
  $("workspace").value = workspace;
  const missing = asked() && asked() !== workspace;
  $("notice").hidden = !missing;
  $("notice").textContent = missing ? text("noWorkspace")(asked(), workspace) : "";
}

function showDoor() {
  stream?.close();
  $("door").hidden = false;
  $("content").hidden = true;
  $("token").focus();
}

async function openWith(secret) {
  await call("POST", "/session", secret);
  await enter();
}

async function enter() {
  await showWorkspaces();
  $("door").hidden = true;
  $("content").hidden = false;
  store("workspace", workspace);
  listen();
  await showDetail();
}

function translate() {
  document.documentElement.lang = language;
  for (const one of document.querySelectorAll("[data-text]")) one.textContent = text(one.dataset.text);
  $("language").value = language;
}

$("language").addEventListener("change", (event) => {
  language = event.target.value;
  store("language", language);
  translate();
  live($("live").classList.contains("on"));
  if (!$("content").hidden) { Object.keys(VIEWS).forEach(refresh); }
});
$("workspace").addEventListener("change", (event) => {
  workspace = event.target.value;
  history.replaceState(null, "", `${location.pathname}?workspace=${encodeURIComponent(workspace)}`);
  report(enter);
});
$("door").addEventListener("submit", async (event) => {
  event.preventDefault();
  $("doorError").textContent = "";
  try { await openWith({ token: $("token").value.trim() }); } catch (error) { $("doorError").textContent = error.message; }
});
addEventListener("hashchange", () => report(showDetail));
setInterval(tick, 1000);

translate();
const code = location.hash.match(/^#code=(.+)$/)?.[1];
if (code) history.replaceState(null, "", location.pathname + location.search);
report(async () => {
  // A used code does no harm when the cookie is there already.
  if (code) await call("POST", "/session", { code }).catch(() => undefined);
  await enter();
});
