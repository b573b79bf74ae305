/** Handling, on a telephone: the own cases, and one of them with what is to be done and sent. */
import type { RouteRecordRaw } from "vue-router";

export const routes: RouteRecordRaw[] = [
  {
    path: "/handling",
    name: "handling",
    component: () => import("@/pages/handling/HandlingPage.vue"),
    meta: { nav: { word: "handling", order: 40 }, may: ["case.read", "case.act"], roles: ["handler"], home: ["handler"] },
  },
  {
    path: "/handling/:case",
    name: "handling-case",
    component: () => import("@/pages/handling/HandlingCasePage.vue"),
    props: true,
    meta: { may: ["case.read", "case.act"], roles: ["handler"] },
  },
];
