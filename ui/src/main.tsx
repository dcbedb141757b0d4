// The beginning: styles, live events, the application.
import "./styles/tokens.css";
import "./styles/base.css";
import { QueryClientProvider } from "@tanstack/react-query";
import { createRoot } from "react-dom/client";
import { cache, startLive } from "~/api/live";
import { App } from "~/app/App";

startLive();

createRoot(document.getElementById("root")!, {
  onUncaughtError: (error) => console.error(error),
}).render(
  <QueryClientProvider client={cache}>
    <App />
  </QueryClientProvider>,
);
