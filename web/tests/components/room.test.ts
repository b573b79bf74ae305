// @vitest-environment happy-dom
import { nextTick } from "vue";
import { afterEach, beforeEach, expect, it, vi } from "vitest";

import { type Console, openConsole } from "../console";
import { device, incident, raised } from "../examples";

const RIGHTS = ["incident.read", "device.read", "case.read", "camera.picture", "incident.ack", "incident.judge"];
const OPEN = [
  incident({ id: "minor", severity: "minor", raised_at: "2026-11-22T07:00:00.000Z" }),
  incident({ id: "major", severity: "major", raised_at: "2026-11-22T08:00:00.000Z" }),
];

let room: Console;

beforeEach(async () => {
  room = await openConsole("/room", RIGHTS, {
    "/incidents": { items: [], next: null },
    "/incidents?limit=400&state=open": { items: OPEN, next: null },
    "/incidents/major": { plan: null, contacts: [] },
    "/incidents/minor": { plan: null, contacts: [] },
    "/devices": { items: [device()], next: null },
  });
  await vi.waitFor(() => {
    expect(room.find("incident-file")).not.toBeNull();
    expect(room.find("wall-bring")).not.toBeNull();
  });
});
afterEach(() => {
  room.end();
});

async function press(key: string): Promise<void> {
  document.body.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true, cancelable: true }));
  await nextTick();
}

function shown(): string | null | undefined {
  return room.find("incident-file")?.getAttribute("data-incident");
}

it("the gravest lies on the table; keys go down and up the list", async () => {
  expect(shown()).toBe("major");
  await press("j");
  expect(shown()).toBe("minor");
  await press("ArrowUp");
  expect(shown()).toBe("major");
});

it("a key acknowledges, another one judges; what needs a reason asks for it", async () => {
  await press("a");
  await vi.waitFor(() => {
    expect(room.changes()).toEqual([{ path: "/incidents/major/ack", body: { note: "" } }]);
  });
  await vi.waitFor(async () => {
    await press("t");
    expect(room.changes()[1]).toEqual({ path: "/incidents/major/judge", body: { verdict: true, reason: "" } });
  });
  await vi.waitFor(async () => {
    await press("x");
    expect(room.find("wrong-form")).not.toBeNull();
  });
  expect(room.changes().some(({ body }) => JSON.stringify(body).includes("false"))).toBe(false);
});

it("grave news is heard once, and does not take what is on the table away", async () => {
  room.tell(raised(2, { id: "new", severity: "critical" }));
  await vi.waitFor(() => {
    expect(room.find("sound")?.getAttribute("data-rung")).toBe("critical");
  });
  room.tell(raised(3, { id: "small", severity: "minor" }));
  await vi.waitFor(() => {
    expect(room.find("incident-small")).not.toBeNull();
  });
  expect(room.find("sound")?.getAttribute("data-times")).toBe("1");
  expect(shown()).toBe("major");
});

it("life safety that waits is said and heard, muted or not", async () => {
  await press("m");
  room.tell(raised(2, { id: "life", severity: "life" }));
  await vi.waitFor(() => {
    expect(room.read("waiting")).toContain("1 起生命安全警情待确认");
  });
  expect(room.find("sound")?.getAttribute("data-rung")).toBe("life");
});

it("letters that are typed into a field do nothing else", async () => {
  const typed = new KeyboardEvent("keydown", { key: "a", bubbles: true, cancelable: true });
  room.find("wall-bring")?.dispatchEvent(typed);
  await nextTick();
  expect(room.changes()).toEqual([]);
});
