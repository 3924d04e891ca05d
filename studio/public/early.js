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
  // What every page asks first.
  if (document.documentElement.dataset.session === "open") ask("/api/v1/workspaces", { rel: "preload", as: "fetch" });

  function ask(address, how) {
    var link = Object.assign(document.createElement("link"), how, { crossOrigin: "" });
    link.href = address;
    document.head.append(link);
  }
})();
