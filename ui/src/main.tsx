// The beginning: styles, live events, the application.
import "./styles/tokens.css";
import "./styles/base.css";
import { QueryClientProvider } from "@tanstack/react-query";
import { createRoot } from "react-dom/client";
import { cache, startLive } from "~/api/live";
import { App } from "~/app/App";

startLive();

// A page from before an upgrade asks for files that are there no more. Loaded anew it has the new ones; but only once,
// so that a file that is missing for another reason is told of.
const RELOADED = "venturi.reloaded";
window.addEventListener("vite:preloadError", (event) => {
  const before = Number(sessionStorage.getItem(RELOADED) ?? 0);
  if (Date.now() - before < 10_000) return;
  sessionStorage.setItem(RELOADED, String(Date.now()));
  event.preventDefault();
  location.reload();
});

createRoot(document.getElementById("root")!, {
  onUncaughtError: (error) => console.error(error),
}).render(
  <QueryClientProvider client={cache}>
    <App />
  </QueryClientProvider>,
);
