// What is done with the chosen jobs: compare, tag, archive, cancel, delete.
import { Button, Modal, TextInput, Tooltip } from "@mantine/core";
import { notifications } from "@mantine/notifications";
import { useQuery } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { type FormEvent, useState } from "react";
import { inWorkspace, send } from "@/api/client";
import { type ApiError, asApiError } from "@/api/errors";
import { comparedQuery, MOST_COMPARED } from "@/api/queries";
import { useTexts } from "@/i18n/texts";
import { useServerWords } from "@/parts/serverWords";
import { ConfirmDelete } from "@/parts/ConfirmDelete";
import { Icon } from "@/parts/Icon";
import { partTexts } from "@/parts/texts";
import { isFinal } from "@/parts/statuses";
import { useUrlState } from "@/parts/urlState";
import { jobsTexts } from "./texts";

interface BulkProps {
  ws: string;
  chosen: ReadonlySet<string>;
  onDone(): void;
}

type Done = "cancelled" | "archivedJobs" | "restoredJobs" | "taggedJobs" | "deletedJobs";
const AT_ONCE = 6; // as many requests as a browser keeps open to one host

/** Return how many calls were answered, and the reasons of those that were refused. */
async function forEach(names: readonly string[], call: (name: string) => Promise<unknown>): Promise<{ done: number; refused: ApiError[] }> {
  const left = [...names];
  const refused: ApiError[] = [];
  const work = async () => {
    for (let name = left.pop(); name !== undefined; name = left.pop()) {
      await call(name).catch((reason: unknown) => refused.push(asApiError(reason)));
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
  return { done: names.length - refused.length, refused };
}

function useBulk({ onDone }: Pick<BulkProps, "onDone">) {
  const t = useTexts(jobsTexts);
  const words = useServerWords();
  return async (names: readonly string[], told: Done, call: (name: string) => Promise<unknown>) => {
    const { done, refused } = await forEach(names, call);
    if (done) notifications.show({ message: t(told, { count: done }) });
    if (refused[0]) notifications.show({ color: "red", message: t("refused", { count: refused.length, reason: words.of(refused[0]) }) });
    onDone();
  };
}

export function Bulk({ ws, chosen, onDone }: BulkProps) {
  const t = useTexts(jobsTexts);
  const navigate = useNavigate();
  const [search] = useUrlState();
  const [dialog, setDialog] = useState<"tag" | "delete" | null>(null);
  const act = useBulk({ onDone });
  const names = [...chosen];
  const post = (word: string) => (name: string) => send("POST", inWorkspace(ws, "jobs", name, word));
  const canCompare = names.length >= 2 && names.length <= MOST_COMPARED;
  const close = () => setDialog(null);
  return (
    <>
      <Tooltip label={t("compareMost", { most: MOST_COMPARED })} disabled={canCompare}>
        <Button
          leftSection={<Icon name="chart" size={14} />}
          disabled={!canCompare}
          onClick={() => void navigate({ to: "/workspaces/$ws/jobs/compare", params: { ws }, search: { names: names.join(",") } })}
        >
          {t("compare")}
        </Button>
      </Tooltip>
      <Button variant="default" leftSection={<Icon name="bookmark" size={14} />} onClick={() => setDialog("tag")}>
        {t("tag")}
      </Button>
      {search.view === "active" || !search.view || search.view === "all" ? (
        <Button variant="default" leftSection={<Icon name="folder" size={14} />} onClick={() => void act(names, "archivedJobs", post("archive"))}>
          {t("archive")}
        </Button>
      ) : null}
      {search.view === "archived" || search.view === "all" ? (
        <Button variant="default" leftSection={<Icon name="refresh" size={14} />} onClick={() => void act(names, "restoredJobs", post("restore"))}>
          {t("restore")}
        </Button>
      ) : null}
      <Button variant="default" leftSection={<Icon name="stop" size={14} />} onClick={() => void act(names, "cancelled", post("cancel"))}>
        {t("cancelJobs")}
      </Button>
      <Button variant="default" leftSection={<Icon name="trash" size={14} />} onClick={() => setDialog("delete")}>
        {t("remove")}
      </Button>
      {dialog === "tag" ? (
        <TagJobs count={names.length} onClose={close} onTag={(key, value) => act(names, "taggedJobs", (name) => send("PATCH", inWorkspace(ws, "jobs", name), { tags: { [key]: value } }))} />
      ) : null}
      {dialog === "delete" ? <DeleteJobs ws={ws} names={names} onClose={close} onDelete={(ended) => act(ended, "deletedJobs", (name) => send("DELETE", inWorkspace(ws, "jobs", name)))} /> : null}
    </>
  );
}

function TagJobs({ count, onClose, onTag }: { count: number; onClose(): void; onTag(key: string, value: string): Promise<void> }) {
  const t = useTexts(jobsTexts);
  const parts = useTexts(partTexts);
  const [key, setKey] = useState("");
  const [value, setValue] = useState("");
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (key.trim()) void onTag(key.trim(), value).then(onClose);
  };
  return (
    <Modal opened onClose={onClose} title={t("tagTitle", { count })} closeButtonProps={{ "aria-label": parts("close") }}>
      <form onSubmit={submit} style={{ display: "grid", gap: 12 }}>
        <p className="faint">{t("tagText")}</p>
        <TextInput label={t("tagKey")} value={key} onChange={(event) => setKey(event.currentTarget.value)} data-autofocus required />
        <TextInput label={t("tagValue")} value={value} onChange={(event) => setValue(event.currentTarget.value)} />
        <div style={{ display: "flex", justifyContent: "flex-end", gap: 8 }}>
          <Button variant="default" onClick={onClose}>
            {parts("cancel")}
          </Button>
          <Button type="submit" disabled={!key.trim()}>
            {t("tag")}
          </Button>
        </div>
      </form>
    </Modal>
  );
}

interface DeleteJobsProps {
  ws: string;
  names: readonly string[];
  onClose(): void;
  /** Given the names of those that have ended: others stay. */
  onDelete(names: string[]): Promise<unknown>;
}

/** Says what goes with the jobs before they are deleted. */
export function DeleteJobs({ ws, names, onClose, onDelete }: DeleteJobsProps) {
  const t = useTexts(jobsTexts);
  const { data } = useQuery(comparedQuery(ws, names.slice(0, MOST_COMPARED)));
  const known = data?.jobs ?? [];
  const staying = new Set(known.filter((one) => !isFinal(one.status) && one.type !== "base").map((one) => one.name));
  const going = names.filter((name) => !staying.has(name));
  const below = known.reduce((sum, one) => sum + (staying.has(one.name) ? 0 : one.children), 0);
  const only = known.length === 1 ? known[0] : undefined;
  return (
    <ConfirmDelete
      isOpen
      onClose={onClose}
      title={t("deleteTitle", { count: going.length })}
      goes={[
        only ? t("goesOne", { name: only.display_name || only.name }) : t("goesJobs", { count: going.length }),
        ...(below ? [t("goesChildren", { count: below })] : []),
        t("goesFiles"),
        ...(staying.size ? [t("goesNot", { count: staying.size })] : []),
      ]}
      onConfirm={() => onDelete(going)}
    />
  );
}
