/** Kitchens (明厨亮灶): all of one's own by need, and one with its curves, incidents and what is to be corrected. */
import type { RouteRecordRaw } from "vue-router";

const KITCHEN = ["report.read", "site.read", "incident.read"];

export const routes: RouteRecordRaw[] = [
  {
    path: "/kitchens",
    name: "kitchens",
    component: () => import("@/pages/kitchen/KitchensPage.vue"),
    meta: { nav: { word: "kitchens", order: 50 }, may: KITCHEN, home: ["inspector", "site-keeper"] },
  },
  {
    path: "/kitchens/:site",
    name: "kitchen",
    component: () => import("@/pages/kitchen/KitchenPage.vue"),
    props: true,
    meta: { may: KITCHEN },
  },
];
