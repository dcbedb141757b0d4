// How the interface is built and developed. `npm run dev` passes what it does not serve itself to a running Venturi.
import { readFileSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { brotliCompressSync, constants, gzipSync } from "node:zlib";
import react from "@vitejs/plugin-react";
import { defineConfig, type Plugin } from "vite";

const COMPRESSED = /\.(js|css|svg|html|json|webmanifest)$/;
const BYTES_MIN = 1000;

/** Everything is compressed once, here, and sent as it lies. */
function compressed(): Plugin {
  let folder = "";
  return {
    name: "compressed",
    apply: "build",
    configResolved(config) {
      folder = config.build.outDir;
    },
    closeBundle() {
      for (const name of readdirSync(folder, { recursive: true, encoding: "utf-8" })) {
        if (!COMPRESSED.test(name)) continue;
        const file = join(folder, name);
        const content = readFileSync(file);
        if (content.length < BYTES_MIN) continue;
        writeFileSync(`${file}.gz`, gzipSync(content, { level: 9 }));
        const params = { [constants.BROTLI_PARAM_QUALITY]: 11, [constants.BROTLI_PARAM_SIZE_HINT]: content.length };
        writeFileSync(`${file}.br`, brotliCompressSync(content, { params }));
      }
    },
  };
}

const venturi = process.env.VENTURI_AT ?? "http://127.0.0.1:8080";
const passed = Object.fromEntries(
  ["/api", "/health", "/login", "/logout", "/auth", "/docs", "/openapi.json", "/sign-in.css"].map((path) => [
    path,
    { target: venturi, changeOrigin: false },
  ]),
);

export default defineConfig({
  plugins: [react(), compressed()],
  resolve: { alias: { "~": join(import.meta.dirname, "src") } },
  server: { proxy: passed, port: 5173 },
  build: {
    target: "es2022",
    // Those that know light-dark(), of the spring of 2024; it stays as it is written.
    cssTarget: ["chrome123", "edge123", "firefox120", "safari17.5"],
    // What is inlined would be refused by the page's policy.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    emptyOutDir: true,
    reportCompressedSize: false,
  },
});
