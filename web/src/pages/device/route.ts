/** One device: what it says of itself, the rules that watch it, and its zones. */
import type { RouteRecordRaw } from "vue-router";

export const routes: RouteRecordRaw[] = [
  {
    path: "/devices/:id",
    name: "device",
    component: () => import("@/pages/device/DevicePage.vue"),
    props: true,
    meta: { may: ["device.read", "rule.read"] },
  },
];
