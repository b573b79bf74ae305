// @vitest-environment happy-dom
import { createApp, nextTick } from "vue";
import { createMemoryHistory } from "vue-router";
import { afterEach, beforeEach, expect, it, vi } from "vitest";

import { Api } from "@/api";
import App from "@/App.vue";
import { API, HUB } from "@/composables/keys";
import { i18n, setLang } from "@/i18n";
import { consoleRouter } from "@/router";
import { createHub, type Hub } from "@/store/hub";
import { apply, EMPTY, withLists } from "@/store/world";

import { caseOf, cleared, device, incident } from "../examples";

let hub: Hub;
let api: Api;
let root: HTMLElement;
let end: () => void;

/** Nothing is on a screen here. */
class Blind {
  observe(): void {
    /* sees nothing */
  }

  disconnect(): void {
    /* saw nothing */
  }
}

const CANTEEN = {
  id: "school-1",
  area: "east",
  kind: "canteen-school",
  name: { zh: "第一小学食堂", en: "School canteen 1" },
};

/** The whole page over a store that was filled by hand. */
beforeEach(async () => {
  vi.stubGlobal("IntersectionObserver", Blind);
  api = new Api(() => Promise.reject(new TypeError("nothing is asked for in this test")));
  hub = createHub(api, () => {
    throw new Error("nothing listens in this test");
  });
  hub.session.value = { name: "guest", role: "operator", readOnly: true, rights: new Set(["camera.picture"]) };
  hub.directory.value = {
    areas: new Map(),
    sites: new Map([["school-1", CANTEEN]]),
    units: new Map([["market", { id: "market", name: { zh: "市场监管局", en: "Market supervision" } }]]),
    rules: new Map([["gas", { id: "gas", kind: "threshold", quantity: "gas" }]]),
  };
  hub.world.value = withLists({ ...EMPTY, seq: 1 }, {
    incidents: [incident({ id: "i1", severity: "life", place: "school-1/灶台", case: "c1", stale: true })],
    cases: [caseOf({ id: "c1", number: "2026-000007", unit: "market", incidents: ["i1"] })],
    devices: [
      device(),
      device({ id: "cam", kind: "camera", name: "后厨", state: "offline", reason: "refused" }),
      device({ id: "fridge", name: "冰箱", state: "stale", reason: "silent" }),
    ],
  });
  hub.phase.value = "ready";
  hub.line.value = "live";
  root = document.createElement("div");
  document.body.append(root);
  const router = consoleRouter(createMemoryHistory());
  await router.push("/");
  const app = createApp(App).use(i18n).use(router).provide(API, api).provide(HUB, hub);
  app.mount(root);
  end = () => {
    app.unmount();
    root.remove();
  };
});
afterEach(() => {
  end();
  setLang("zh");
  vi.unstubAllGlobals();
});

function read(testid: string): string {
  const found = root.querySelector(`[data-testid="${testid}"]`);
  if (found === null) throw new Error(`there is no ${testid}`);
  return found.textContent.replaceAll(/\s+/g, " ");
}

it("an incident says in words what, where, how grave, how much, and that its data stopped", () => {
  const words = read("incident-i1");
  for (const part of ["生命安全", "可燃气体超标", "第一小学食堂 · 灶台", "燃气探测器"]) expect(words).toContain(part);
  for (const part of ["数值 32 %LEL / 限值 20 %LEL", "超过限值", "案件 2026-000007", "数据中断"]) expect(words).toContain(part);
});

it("everything changes with the language, the document's own too", async () => {
  setLang("en");
  await nextTick();
  const words = read("incident-i1");
  for (const part of ["Life safety", "Combustible gas", "School canteen 1", "Gas detector"]) expect(words).toContain(part);
  for (const part of ["Value 32 %LEL / limit 20 %LEL", "above the limit", "Case 2026-000007"]) expect(words).toContain(part);
  expect(read("case-2026-000007")).toContain("Market supervision");
  expect(document.documentElement.lang).toBe("en");
});

it("a camera that is away shows no picture and says why; a silent sensor is not online", () => {
  expect(read("camera-cam")).toContain("无画面");
  expect(read("camera-cam")).toContain("连接被拒绝");
  expect(read("device-fridge")).toContain("无数据");
  expect(read("device-fridge")).not.toContain("在线");
});

it("says at once that the line is lost, and that it is back", async () => {
  hub.line.value = "lost";
  hub.lostSince.value = Date.now();
  await nextTick();
  expect(read("connection")).toContain("连接中断");
  expect(read("lost")).toContain("画面可能不是最新");
  hub.line.value = "live";
  hub.lostSince.value = null;
  await nextTick();
  expect(root.querySelector('[data-testid="lost"]')).toBeNull();
});

it("an incident that ends leaves the open ones", async () => {
  hub.world.value = apply(hub.world.value, [cleared(2, { id: "i1", severity: "life" })]);
  await nextTick();
  expect(root.querySelector('[data-testid="incident-i1"]')).toBeNull();
  expect(read("count-life")).toBe("0");
});

it("an incident opens its plan and contacts, in both languages, with or without a picture", async () => {
  const guide = {
    plan: { id: "gas", name: { zh: "燃气泄漏", en: "Gas leak" }, steps: [{ zh: "关阀", en: "Shut it" }], source: "" },
    contacts: [
      { duty: "食品安全员", name: "示范甲", phone: "000-5550101" },
      { duty: "值班", name: "示范乙" },
    ],
  };
  const asked = vi.spyOn(api, "guide").mockResolvedValue(guide);
  const button = root.querySelector<HTMLButtonElement>('[data-testid="guide-i1"]');
  if (button === null) throw new Error("there is no way to the plan");
  expect(button.textContent).toContain("预案与联系人");
  button.click();
  await vi.waitFor(() => {
    expect(document.querySelector('[data-testid="guide-steps"]')?.textContent).toContain("关阀");
  });
  expect(asked).toHaveBeenCalledWith("i1");
  const contacts = document.querySelector('[data-testid="guide-contacts"]');
  expect(contacts?.querySelector("a")?.getAttribute("href")).toBe("tel:000-5550101");
  expect(contacts?.querySelectorAll("a").length).toBe(1);
  setLang("en");
  await nextTick();
  expect(document.querySelector('[data-testid="guide-steps"]')?.textContent).toContain("Shut it");
});

it("adds no style sheet, script or handler that a strict policy would block", () => {
  expect([...root.querySelectorAll("style, script, [onclick]")]).toEqual([]);
});
