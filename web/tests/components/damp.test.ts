// @vitest-environment happy-dom
import { afterEach, expect, it, vi } from "vitest";

import { type Console, openConsole } from "../console";
import { device, incident } from "../examples";

const RIGHTS = ["incident.read", "device.read", "case.read", "camera.picture", "incident.judge", "damping.write"];
const PROPOSAL = {
  rule: "zone",
  device: "cam",
  expires_at: "2026-12-06T08:00:00.000Z",
  damps: [{ label: "person" }],
  lost: [
    { incident: "coat", at: "2026-11-22T08:00:00.000Z", verdict: false },
    { incident: "other", at: "2026-11-21T08:00:00.000Z", verdict: true },
  ],
  partly: [],
  kept: 7,
  true: 1,
};

let room: Console;
afterEach(() => {
  room.end();
});

async function open(over: Parameters<typeof incident>[0], rights = RIGHTS): Promise<void> {
  room = await openConsole("/room", rights, {
    "/incidents": { items: [], next: null },
    "/incidents?limit=400&state=open": {
      items: [incident({ id: "coat", devices: ["cam"], verdict: false, ...over })],
      next: null,
    },
    "/incidents/coat": { plan: null, contacts: [] },
    "/devices": { items: [device({ id: "cam", kind: "camera", name: "后厨" })], next: null },
    "/dampings/try": PROPOSAL,
    "/dampings": { items: [] },
  });
  await vi.waitFor(() => {
    expect(room.find("incident-file")).not.toBeNull();
  });
}

async function click(testid: string): Promise<void> {
  await vi.waitFor(() => {
    const found = room.find(testid);
    if (!(found instanceof HTMLButtonElement) || found.disabled) throw new Error(`${testid} cannot be clicked`);
    found.click();
  });
}

it("what it would cost is shown, and confirmed as it was shown", async () => {
  await open({});
  await click("damp");
  await vi.waitFor(() => {
    expect(room.read("damp-lost")).toContain("有 1 起不会报出，7 起不受影响");
  });
  expect(room.read("damp-true")).toContain("其中 1 起曾判定属实");
  await click("damp-begin");
  await vi.waitFor(() => {
    expect(room.changes()).toEqual([
      { path: "/dampings/try", body: { incident: "coat", for: "14d" } },
      { path: "/dampings", body: { incident: "coat", for: "14d", lost: ["coat", "other"] } },
    ]);
  });
  await vi.waitFor(() => {
    expect(room.find("damp-form")).toBeNull();
    expect(room.read("acts")).toContain("前此处不再报");
  });
});

it.each([
  ["it was not judged false", { verdict: true }, RIGHTS],
  ["it is about life safety", { severity: "life" as const }, RIGHTS],
  ["no camera saw it", { devices: ["school-1-gas"] }, RIGHTS],
  ["the account may not", {}, RIGHTS.slice(0, -1)],
])("nothing is offered where %s", async (_why, over, rights) => {
  await open(over, rights);
  expect(room.find("damp")).toBeNull();
});
