// @vitest-environment happy-dom
import { createApp, type App as Mounted } from "vue";
import { afterEach, beforeEach, expect, it, vi } from "vitest";

import { Api } from "@/api";
import ClipPlayer from "@/components/ClipPlayer.vue";
import { API, HUB, TODAY } from "@/composables/keys";
import { i18n } from "@/i18n";
import { createHub } from "@/store/hub";

const PENDING = JSON.stringify({ state: "pending", retry_after: 2 });
const READY = JSON.stringify({ state: "ready", retry_after: null });

let root: HTMLElement;
let app: Mounted;
let answers: Response[];
let asked: string[];

beforeEach(() => {
  vi.useFakeTimers();
  asked = [];
  const api = new Api((url) => {
    asked.push(typeof url === "string" ? url : "");
    return Promise.resolve(answers.shift() ?? new Response(READY));
  });
  root = document.createElement("div");
  app = createApp(ClipPlayer, { incident: "i", what: "smoke" }).use(i18n);
  app.provide(API, api).provide(HUB, createHub(api)).provide(TODAY, { value: "" } as never);
});
afterEach(() => {
  app.unmount();
  vi.useRealTimers();
});

it("a clip that is being made is said, and asked for again when the hub said so", async () => {
  answers = [new Response(PENDING)];
  app.mount(root);
  await vi.advanceTimersByTimeAsync(0);
  expect(root.textContent).toContain("录像片段生成中，2 秒后再试");
  expect(root.querySelector("video")).toBeNull();
  await vi.advanceTimersByTimeAsync(1000);
  expect(root.textContent).toContain("1 秒后再试");
  await vi.advanceTimersByTimeAsync(1000);
  expect(asked).toHaveLength(2);
  expect(root.querySelector("video")?.getAttribute("src")).toBe("/api/v1/incidents/i/clip.mp4");
});

it("why there is none is said, and it is not asked for again", async () => {
  const none = JSON.stringify({ type: "urn:hub:problem:evidence-none", status: 404 });
  answers = [new Response(none, { status: 404 })];
  app.mount(root);
  await vi.advanceTimersByTimeAsync(60_000);
  expect(root.textContent).toContain("没有留存画面");
  expect(asked).toHaveLength(1);
});
