/// <reference types="vitest/config" />
import react from "@vitejs/plugin-react";
import { defineConfig } from "vite";

// The server replaces this mark by a fresh nonce in every page it hands out (http/console.py).
const NONCE = "__CSP_NONCE__";
const API = process.env["ONRECALL_URL"] ?? "http://127.0.0.1:8000";

export default defineConfig({
  base: "/static/",
  html: { cspNonce: NONCE },
  plugins: [react()],
  css: { postcss: "./postcss.config.mjs" },
  build: {
    outDir: "../src/onrecall/http/console",
    emptyOutDir: true,
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
  },
  server: { proxy: { "/api": API, "/healthz": API, "/readyz": API, "/openapi.json": API } },
  test: { environment: "node", include: ["src/**/*.test.{ts,tsx}"] },
});
