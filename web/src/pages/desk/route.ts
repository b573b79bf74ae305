/** The overview of the county: for everybody. */
import type { RouteRecordRaw } from "vue-router";

export const routes: RouteRecordRaw[] = [
  {
    path: "/",
    name: "desk",
    component: () => import("@/pages/desk/DeskPage.vue"),
    meta: { nav: { word: "desk", order: 10 } },
  },
];
