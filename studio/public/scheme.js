// Sets the chosen colour scheme before anything is drawn, so that a dark page does not begin with a white flash.
(function () {
  var chosen = null;
  try {
    chosen = localStorage.getItem("bancada.scheme");
  } catch (error) {
    // A private window without storage follows the system.
  }
  var dark = chosen === "dark" || (chosen !== "light" && matchMedia("(prefers-color-scheme: dark)").matches);
  document.documentElement.setAttribute("data-mantine-color-scheme", dark ? "dark" : "light");
})();
