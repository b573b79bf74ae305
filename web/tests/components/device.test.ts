// @vitest-environment happy-dom
import { afterEach, expect, it, vi } from "vitest";

import { setLang } from "@/i18n";

import { type Console, openConsole } from "../console";
import { device } from "../examples";

const READ = ["device.read", "rule.read", "area.read", "site.read"];
const WRITE = [...READ, "registry.write", "rule.try", "offer.read", "offer.write"];
const SQUARE = [
  [0.2, 0.2],
  [0.8, 0.2],
  [0.8, 0.8],
  [0.2, 0.8],
];
const ANSWERS = {
  "/sites": { items: [{ id: "school-1", area: "east", kind: "canteen-school", name: "一小" }], next: null },
  "/areas": { items: [{ id: "east", parent: null, level: "county", name: "县" }], next: null },
  "/devices": { items: [device({ id: "cam", kind: "camera", name: "后厨" }), device({ id: "fridge", name: "冰箱" })], next: null },
  "/rules": {
    items: [
      { id: "zone", kind: "presence", devices: ["cam"], classes: ["person"], zone: SQUARE, severity: "major", preset: null },
      { id: "fridge-warm", kind: "threshold", devices: ["fridge"], quantity: "temperature", above: 8, severity: "major" },
    ],
    next: null,
  },
  "/cameras/cam/snapshot.jpg": 503,
  "/rules/replay": { raises: 2, kept: 2, lost: [], partly: [], true: 0 },
  "/precision": {
    rules: {
      zone: [
        { week: "2026-W46", first: "2026-11-09", raised: 0, true: 0, false: 0 },
        { week: "2026-W47", first: "2026-11-16", raised: 5, true: 3, false: 1 },
      ],
    },
  },
  "/dampings": {
    items: [
      {
        id: "d1", incident: "i1", rule: "zone", device: "cam", label: "person", at: "2026-11-22T08:00:00.000Z",
        expires_at: "2026-12-06T08:00:00.000Z", created_by: "wang", state: "active",
      },
    ],
    next: null,
  },
};

let page: Console;
afterEach(() => {
  page.end();
});

async function there(testid: string): Promise<HTMLElement> {
  return vi.waitFor(() => {
    const found = page.find(testid);
    if (found === null) throw new Error(`there is no ${testid}`);
    return found;
  });
}

it("a zone is changed by keys and saved as a whole rule; without a picture, too", async () => {
  page = await openConsole("/devices/cam", WRITE, ANSWERS, "administrator");
  const corner = await there("corner-1");
  corner.dispatchEvent(new KeyboardEvent("keydown", { key: "ArrowLeft", shiftKey: true, bubbles: true, cancelable: true }));
  const save = (await there("rule-save")) as HTMLButtonElement;
  await vi.waitFor(() => {
    expect(save.disabled).toBe(false);
  });
  save.click();
  await vi.waitFor(() => {
    expect(page.changes().map((each) => each.path)).toEqual(["/rules/replay", "/rules/zone"]);
  });
  expect(page.changes()[1]).toEqual({
    path: "/rules/zone",
    body: {
      id: "zone",
      kind: "presence",
      devices: ["cam"],
      classes: ["person"],
      zone: [[0.15, 0.2], ...SQUARE.slice(1)],
      severity: "major",
    },
  });
});

it("what a change would have lost is shown and confirmed before it is saved", async () => {
  const lost = [{ incident: "i9", device: "cam", at: "2026-11-22T08:00:00.000Z", verdict: true }];
  const replay = { raises: 4, kept: 3, lost, partly: [], true: 1 };
  page = await openConsole("/devices/cam", WRITE, { ...ANSWERS, "/rules/replay": replay }, "administrator");
  const field = (await there("rule-classes")) as HTMLInputElement;
  field.value = "car";
  field.dispatchEvent(new Event("change", { bubbles: true }));
  const save = (await there("rule-save")) as HTMLButtonElement;
  await vi.waitFor(() => {
    expect(save.disabled).toBe(false);
  });
  save.click();
  await there("rule-cost");
  expect(page.read("rule-cost")).toContain("报出 4 起；改后其中 1 起不会报出");
  expect(page.find("rule-cost-true")).not.toBeNull();
  expect(page.changes().map((each) => each.path)).toEqual(["/rules/replay"]);
  await vi.waitFor(() => {
    expect(save.textContent).toContain("仍然保存");
  });
  save.click();
  await vi.waitFor(() => {
    expect(page.changes().map((each) => each.path)).toEqual(["/rules/replay", "/rules/zone"]);
  });
});

it("who may not write sees the rules of the device, and no others", async () => {
  page = await openConsole("/devices/fridge", READ, ANSWERS);
  await there("rule-form");
  expect(page.read("rule-form")).toContain("fridge-warm");
  expect((page.find("rule-above") as HTMLInputElement | null)?.value).toBe("8");
  expect([page.find("rule-save"), page.find("zone-editor"), page.find("rule-try")]).toEqual([null, null, null]);
  setLang("en");
  await vi.waitFor(() => {
    expect(page.read("rule-form")).toContain("This account may only read rules");
  });
});

it("an unknown device is adopted with what was changed of the guess", async () => {
  const offer = {
    id: "o",
    convention: "tasmota",
    topic: "tele/x/SENSOR",
    name: "x",
    state: "open",
    heard: 3,
    first_at: "2026-11-22T08:00:00.000Z",
    last_at: "2026-11-22T08:10:00.000Z",
    values: { temperature: { value: 4.2, unit: "°C" } },
    others: [],
    guess: { id: "x", site: "school-1", kind: "sensor", name: "x" },
  };
  const offers = { "/offers": { items: [offer], next: null }, "/offers/o/accept": { device: "x", replayed: 7 } };
  page = await openConsole("/offers", WRITE, { ...ANSWERS, ...offers }, "administrator");
  expect((await there("offer-o")).textContent).toContain("temperature 4.2 °C");
  (await there("offer-accept")).click();
  await vi.waitFor(() => {
    expect(page.read("adopted")).toContain("x 已接入，补入 7 条读数");
  });
  expect(page.changes()[0]).toEqual({ path: "/offers/o/accept", body: {} });
});

it("how often rules were right stands there, and what is damped, with an end for whoever may", async () => {
  page = await openConsole("/devices/cam", [...READ, "damping.read"], ANSWERS, "auditor");
  await there("damping");
  expect(page.read("precision-rule")).toContain("75% 属实，5 起中判定了 4 起");
  expect(page.read("damping")).toContain("人");
  expect(page.find("damping-end")).toBeNull();
  page.end();

  page = await openConsole("/devices/cam", [...READ, "damping.read", "damping.write"], ANSWERS);
  (await there("damping-end")).click();
  await vi.waitFor(() => {
    expect(page.changes()).toEqual([{ path: "/dampings/d1", body: undefined }]);
  });
});
