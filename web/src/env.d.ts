/// <reference types="vite/client" />

// For tools that do not read .vue files themselves; vue-tsc knows each one's own types.
declare module "*.vue" {
  import type { DefineComponent } from "vue";

  const component: DefineComponent;
  export default component;
}
