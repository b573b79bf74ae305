/** The monitoring room: incidents, live views and the shift on one screen. */
import type { RouteRecordRaw } from "vue-router";

export const routes: RouteRecordRaw[] = [
  {
    path: "/room",
    name: "room",
    component: () => import("@/pages/room/RoomPage.vue"),
    meta: {
      nav: { word: "room", order: 20 },
      may: ["incident.read", "device.read", "camera.picture"],
      home: ["operator", "dispatcher"],
    },
  },
];
