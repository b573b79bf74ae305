import { fileURLToPath } from "node:url";

import vue from "@vitejs/plugin-vue";
import elementPlus from "unplugin-element-plus/vite";
import { defineConfig } from "vitest/config";

// In development the pages come from Vite and the data from a hub that runs elsewhere.
const hub = process.env["HUB_URL"] ?? "http://127.0.0.1:8000";

const page = (name: string): string => fileURLToPath(new URL(name, import.meta.url));

export default defineConfig({
  // The styles of a component of Element Plus come with its import, as static files.
  plugins: [vue(), elementPlus({})],
  resolve: { alias: { "@": fileURLToPath(new URL("src", import.meta.url)) } },
  define: {
    // vue-i18n interprets its messages; with these it never builds a function from text, so no eval is needed.
    __VUE_I18N_FULL_INSTALL__: false,
    __VUE_I18N_LEGACY_API__: false,
    __INTLIFY_JIT_COMPILATION__: true,
    __INTLIFY_DROP_MESSAGE_COMPILER__: false,
    __INTLIFY_PROD_DEVTOOLS__: false,
    __VUE_OPTIONS_API__: true, // some components of Element Plus use it
    __VUE_PROD_DEVTOOLS__: false,
    __VUE_PROD_HYDRATION_MISMATCH_DETAILS__: false,
  },
  build: {
    rolldownOptions: { input: { console: page("index.html"), report: page("report.html") } },
    target: "es2022",
    assetsInlineLimit: 0, // everything is a file of this address: the page's policy allows nothing else
    modulePreload: { polyfill: false },
  },
  server: { proxy: { "/api": { target: hub, ws: true } } },
  test: {
    include: ["tests/**/*.test.ts"],
    server: { deps: { inline: ["element-plus"] } }, // its styles are imported, which only Vite understands
  },
});
