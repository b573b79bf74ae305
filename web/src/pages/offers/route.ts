/** Unknown devices that were understood: to be adopted, or left alone. For administrators. */
import type { RouteRecordRaw } from "vue-router";

export const routes: RouteRecordRaw[] = [
  {
    path: "/offers",
    name: "offers",
    component: () => import("@/pages/offers/OffersPage.vue"),
    meta: { nav: { word: "offers", order: 90 }, may: ["offer.read"] },
  },
];
