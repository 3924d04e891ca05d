// Runs before anything is drawn: sets the colour scheme, so that a dark page does not begin with a white flash, and
// asks for what the page that the address names is made of, which the application would only ask for once it runs.
(function () {
  var chosen = null;
  try {
    chosen = localStorage.getItem("bancada.scheme");
  } catch (error) {
    // A private window without storage follows the system.
  }
  var dark = chosen === "dark" || (chosen !== "light" && matchMedia("(prefers-color-scheme: dark)").matches);
  document.documentElement.setAttribute("data-mantine-color-scheme", dark ? "dark" : "light");

  var table = document.getElementById("page-files"); // written by the build; absent in development
  if (!table) return;
  var known = JSON.parse(table.textContent);
  var words = location.pathname.split("/").filter(Boolean);
  if (!words.length) words = ["workspaces", "", "home"]; // where it leads
  var route = Object.keys(known.pages).find(function (path) {
    var parts = path.split("/");
    return (
      parts.length === words.length &&
      parts.every(function (part, at) {
        return part.charAt(0) === "$" || part === words[at];
      })
    );
  });
  (known.pages[route] || []).forEach(function (at) {
    // Only asked for: a style sheet counts after those of the components, so that the application puts it in its place.
    ask(known.files[at], known.files[at].endsWith(".css") ? { rel: "preload", as: "style" } : { rel: "modulepreload" });
  });
  // What every page asks first, and what takes the page of jobs longest: its rows.
  if (document.documentElement.dataset.session === "open") {
    ask("/api/v1/workspaces", { rel: "preload", as: "fetch" });
    var rows = words[2] === "jobs" && words.length === 3 && firstRows(words[1], new URLSearchParams(location.search));
    if (rows) ask(rows, { rel: "preload", as: "fetch" });
  }

  // The address that `firstRowsQuery` (src/pages/jobs/rowsQuery.ts) will ask; a test holds them together. Nothing for a
  // view that takes the columns to understand, and for a workspace that may not be there.
  function firstRows(escaped, search) {
    var ws = decodeURIComponent(escaped);
    if (search.get("sort") || search.get("cols") || ws !== (lastWorkspace() || "default")) return "";
    var view = { archived: "ArchivedOnly", all: "All" }[search.get("view")] || "ActiveOnly";
    var asked = { search: search.get("q"), filter: search.get("filter"), list_view_type: view, scope: search.get("scope") === "all" ? "all" : "roots", offset: "0", limit: "200" };
    var filled = Object.entries(asked).filter(function (pair) {
      return pair[1];
    });
    return "/api/v1/workspaces/" + encodeURIComponent(ws) + "/jobs/rows?" + new URLSearchParams(filled);
  }

  function lastWorkspace() {
    try {
      return localStorage.getItem("bancada.workspace");
    } catch (error) {
      return null;
    }
  }

  function ask(address, how) {
    var link = Object.assign(document.createElement("link"), how, { crossOrigin: "" });
    link.href = address;
    document.head.append(link);
  }
})();
