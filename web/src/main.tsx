import "./styles/first.css";
import "./app.css";

import { setNonce } from "get-nonce";
import { startTransition, StrictMode } from "react";
import { createRoot } from "react-dom/client";

import { redirectOldLinks } from "./address";
import { App } from "./app";
import { nonce } from "./theme";

redirectOldLinks();
setNonce(nonce()); // drawers and dialogs add a style element of their own

// What is stored for a page without a network; where a browser has no such thing the console is the same with one.
if (import.meta.env.PROD && "serviceWorker" in navigator) {
  addEventListener("load", () => void navigator.serviceWorker.register("/static/service-worker.js", { scope: "/" }).catch(() => undefined));
}

const root = document.getElementById("root");
if (root) {
  const page = createRoot(root);
  // In slices: a slow phone answers to touch while the first page is drawn.
  startTransition(() => page.render(
    <StrictMode>
      <App />
    </StrictMode>,
  ));
}
