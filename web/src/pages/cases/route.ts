/** Cases: the list and the board, one case with everything that may be done to it, and a case opened by hand. */
import type { RouteRecordRaw } from "vue-router";

export const routes: RouteRecordRaw[] = [
  {
    path: "/cases",
    name: "cases",
    component: () => import("@/pages/cases/CasesPage.vue"),
    meta: { nav: { word: "cases", order: 30 }, may: ["case.read"], home: ["supervisor"] },
  },
  {
    path: "/cases/new",
    name: "case-new",
    component: () => import("@/pages/cases/NewCasePage.vue"),
    meta: { may: ["case.create"] },
  },
  {
    path: "/cases/:case",
    name: "case",
    component: () => import("@/pages/cases/CasePage.vue"),
    props: true,
    meta: { may: ["case.read"] },
  },
];
