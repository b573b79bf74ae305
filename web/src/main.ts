/** Puts the parts together and starts. */
import "element-plus/theme-chalk/base.css";
import "element-plus/theme-chalk/dark/css-vars.css";
import "@/styles/theme.css";
import "@/styles/base.css";

import { createApp } from "vue";

import { Api } from "@/api";
import App from "@/App.vue";
import { API, HUB } from "@/composables/keys";
import { i18n, showLang } from "@/i18n";
import { consoleRouter } from "@/router";
import { createHub } from "@/store/hub";
import { recallLang, recallTheme } from "@/store/visitor";
import { showTheme } from "@/theme";

showTheme(recallTheme());
showLang(recallLang());

const api = new Api();
const hub = createHub(api);

addEventListener("offline", () => {
  hub.cut();
});
addEventListener("online", () => {
  hub.hurry();
});
document.addEventListener("visibilitychange", () => {
  if (!document.hidden) hub.hurry();
});

createApp(App).use(i18n).use(consoleRouter()).provide(API, api).provide(HUB, hub).mount("#app");
void hub.start();
