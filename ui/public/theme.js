// Before anything is painted: the theme that was chosen here, else the system's.
(function () {
  try {
    var chosen = localStorage.getItem("venturi.theme");
    if (chosen === "light" || chosen === "dark") document.documentElement.dataset.theme = chosen;
  } catch (_) {
    // Without storage the system decides.
  }
})();
