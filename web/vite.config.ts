/// <reference types="vitest/config" />
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { brotliCompressSync, constants, gzipSync } from "node:zlib";

import react from "@vitejs/plugin-react";
import { defineConfig, type Plugin } from "vite";

// The server replaces this mark by a fresh nonce in every page it hands out (http/console.py).
const NONCE = "__CSP_NONCE__";
const API = process.env["ONRECALL_URL"] ?? "http://127.0.0.1:8000";

const BUILT = "../src/onrecall/http/console";
const COMPRESSIBLE = /\.(?:js|css|svg|webmanifest)$/;
const SMALLEST_BYTES = 500; // below, a compressed copy saves nothing

// What lies over a page and what moves it there, and what only some pages need although several do.
const OVERLAYS = /floating-ui|tabbable|react-remove-scroll|react-style-singleton|use-sidecar|use-callback-ref|tslib|components\/(?:Autocomplete|Checkbox|Combobox|Floating|FocusTrap|InlineInput|InputBase|Modal|ModalBase|Overlay|Popover|Portal|ScrollArea|Select|Textarea|Tooltip)\//;
const BY_ITSELF = /marked|markdown|dropzone|number-format|TagsInput|sign-in/;

/**
 * Completes the page: it names `src/early.ts`, which runs before the console's own script, and the styles below what is
 * seen first, so that this does not wait for them.
 */
const early = (): Plugin => ({
  name: "early",
  transformIndexHtml: {
    order: "pre",
    handler: (_, { server }) => (server ? [{ tag: "script", attrs: { type: "module", src: "/src/early.ts" }, injectTo: "head" }] : []),
  },
  generateBundle: {
    order: "post",
    handler(_, bundle) {
      const script = Object.values(bundle).find((file) => file.type === "chunk" && file.isEntry && file.name === "early");
      const page = bundle["index.html"];
      if (!script || page?.type !== "asset") throw new Error("the early script or the page was not built");
      const [styles = ""] = /<link rel="stylesheet"[^>]*>/.exec(String(page.source)) ?? [];
      page.source = String(page.source)
        .replace("<script", `<script type="module" crossorigin src="/static/${script.fileName}" nonce="${NONCE}"></script>\n    <script`)
        .replace(styles, "")
        .replace("<noscript", `${styles}\n    <noscript`);
    },
  },
});

/** Writes a compressed copy beside each file, which the server hands out to browsers that accept it. */
const compressed = (): Plugin => ({
  name: "compressed",
  apply: "build",
  writeBundle: {
    sequential: true,
    handler({ dir = BUILT }) {
      for (const name of readdirSync(dir, { recursive: true, encoding: "utf-8" }).filter((file) => COMPRESSIBLE.test(file))) {
        const content = readFileSync(join(dir, name));
        if (content.length < SMALLEST_BYTES) continue;
        writeFileSync(join(dir, `${name}.br`), brotliCompressSync(content, { params: { [constants.BROTLI_PARAM_SIZE_HINT]: content.length } }));
        writeFileSync(join(dir, `${name}.gz`), gzipSync(content, { level: 9 }));
      }
    },
  },
});

export default defineConfig({
  base: "/static/",
  html: { cspNonce: NONCE },
  plugins: [react(), early(), compressed()],
  css: { postcss: "./postcss.config.mjs" },
  build: {
    outDir: BUILT,
    rolldownOptions: {
      input: { index: "index.html", early: "src/early.ts" },
      output: {
        codeSplitting: {
          groups: [
            { name: "questions", test: /src\/(?:address|early-requests|late-styles|page-files)\.ts|preload-helper/, priority: 2 },
            { name: "console", tags: ["$initial"], test: (file) => !file.endsWith("/src/early.ts"), priority: 1 }, // one file: each further one costs a phone a round trip
            { name: "sign-in-form", test: /sign-in-form/, priority: 0.95 }, // with all that it needs: somebody who signs in waits for nothing else
            { name: "overlays", test: OVERLAYS, priority: 0.9 },
            { name: "parts", test: (file) => !BY_ITSELF.test(file), minShareCount: 2, priority: 0.5 },
          ],
        },
      },
    },
    emptyOutDir: true,
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
  },
  server: { proxy: { "/api": API, "/healthz": API, "/readyz": API, "/openapi.json": API } },
  test: { environment: "node", include: ["src/**/*.test.{ts,tsx}"] },
});
