import { describe, expect, it } from "vitest";

import { apply, EMPTY, KEPT, withDevices, withLists, type World } from "@/store/world";
import type { Broadcast, HubEvent } from "@/types";

import { caseOf, changed, cleared, device, deviceChanged, incident, opened, raised, registryChanged, updated } from "../examples";

/** What a world shows, short enough to compare. */
function gist(world: World): Record<string, unknown> {
  return {
    seq: world.seq,
    incidents: [...world.incidents.values()].map((each) => `${each.id}:${each.state}:${String(each.value)}`),
    cases: [...world.cases.values()].map((each) => `${each.number}:${String(each.step)}:${each.version}`),
    devices: [...world.devices.values()].map((each) => `${each.id}:${each.state}`),
    registry: world.registry,
  };
}

const SPOKEN: Broadcast = {
  id: "b",
  text: "…",
  level: 4,
  drill: true,
  created_by: "wang",
  created_at: "2026-11-22T08:00:00.000Z",
  coverage: 0,
  nodes: [],
};
const NOTHING = { seq: 0, incidents: [], cases: [], devices: [], registry: 0 };

const table: { why: string; events: HubEvent[]; then: Record<string, unknown> }[] = [
  { why: "no events change nothing", events: [], then: NOTHING },
  {
    why: "events are applied in order",
    events: [raised(1, { id: "a", value: 1 }), updated(2, { id: "a", value: 2 }), updated(3, { id: "a", value: 3 })],
    then: { ...NOTHING, seq: 3, incidents: ["a:open:3"] },
  },
  {
    why: "numbers may leave gaps: what one may not see is not sent",
    events: [raised(4, { id: "a" }), raised(900, { id: "b" })],
    then: { ...NOTHING, seq: 900, incidents: ["a:open:32", "b:open:32"] },
  },
  {
    why: "a repeated event is dropped, also when it would undo a later one",
    events: [raised(1, { id: "a" }), cleared(2, { id: "a" }), raised(1, { id: "a" })],
    then: { ...NOTHING, seq: 2, incidents: ["a:cleared:32"] },
  },
  {
    why: "an update of an unknown incident is the incident: each event is whole",
    events: [updated(7, { id: "x", value: 5 })],
    then: { ...NOTHING, seq: 7, incidents: ["x:open:5"] },
  },
  {
    why: "cases carry their version on",
    events: [opened(1, { number: "2026-000001" }), changed(2, { number: "2026-000001", step: "report", version: 2 })],
    then: { ...NOTHING, seq: 2, cases: ["2026-000001:report:2"] },
  },
  {
    why: "an older version of a case never overwrites a newer one",
    events: [changed(2, { step: "report", version: 2 }), changed(3, { step: "accept", version: 1 })],
    then: { ...NOTHING, seq: 3, cases: ["2026-000001:report:2"] },
  },
  {
    why: "a device changes its state",
    events: [deviceChanged(1), deviceChanged(2, { state: "stale", reason: "silent" })],
    then: { ...NOTHING, seq: 2, devices: ["school-1-gas:stale"] },
  },
  {
    why: "a change of the registry asks for names anew",
    events: [registryChanged(5), registryChanged(6)],
    then: { ...NOTHING, seq: 6, registry: 2 },
  },
  {
    why: "an event of a noun that is not shown here only moves the number on",
    events: [{ seq: 8, type: "broadcast.changed", at: "2026-11-22T08:00:00.000Z", data: SPOKEN }],
    then: { ...NOTHING, seq: 8 },
  },
];

describe("applying events", () => {
  it.each(table)("$why", ({ events, then }) => {
    expect(gist(apply(EMPTY, events))).toEqual(then);
  });

  it.each(table)("one at a time is the same as all at once: $why", ({ events, then }) => {
    expect(gist(events.reduce((world, event) => apply(world, [event]), EMPTY))).toEqual(then);
  });

  it.each(table)("twice is the same as once: $why", ({ events, then }) => {
    expect(gist(apply(apply(EMPTY, events), events))).toEqual(then);
  });

  it("leaves the world before untouched, and rows that did not change the same objects", () => {
    const before = apply(EMPTY, [raised(1, { id: "a" }), raised(2, { id: "b" })]);
    const after = apply(before, [updated(3, { id: "b", value: 99 })]);
    expect(before.incidents.get("b")?.value).toBe(32);
    expect(after.incidents.get("a")).toBe(before.incidents.get("a"));
    expect(after.cases).toBe(before.cases);
  });

  it("gives back the same world when nothing is new, so that nothing is drawn", () => {
    const world = apply(EMPTY, [raised(5)]);
    expect(apply(world, [raised(5), raised(4)])).toBe(world);
  });
});

describe("lists", () => {
  it("an event that is older than the list it follows changes nothing", () => {
    const listed = withLists(
      { ...EMPTY, seq: 10 },
      { incidents: [incident({ id: "a", value: 40, updated_at: "2026-11-22T08:02:00.000Z" })] },
    );
    const after = apply(listed, [updated(11, { id: "a", value: 30, updated_at: "2026-11-22T08:01:00.000Z" })]);
    expect(after.incidents.get("a")?.value).toBe(40);
    expect(after.seq).toBe(11);
  });

  it("adds pages to each other", () => {
    const first = withLists(EMPTY, { incidents: [incident({ id: "a" })], cases: [caseOf()] });
    const second = withLists(first, { incidents: [incident({ id: "b" })], devices: [device()] });
    expect([...second.incidents.keys()]).toEqual(["a", "b"]);
    expect([second.cases.size, second.devices.size]).toEqual([1, 1]);
  });
});

it("a list of devices brings what events do not, takes away what is gone, and never undoes an event", () => {
  const asked = withLists(EMPTY, { devices: [device({ id: "a" }), device({ id: "b" }), device({ id: "gone" })] });
  const meanwhile = apply(asked, [deviceChanged(1, { id: "b", state: "offline" })]);
  const listed = [device({ id: "a", last_seen: "2026-11-22T09:00:00.000Z" }), device({ id: "b" }), device({ id: "new" })];
  const after = withDevices(meanwhile, asked.devices, listed);
  expect([...after.devices.values()].map((each) => `${each.id}:${each.state}:${String(each.last_seen)}`)).toEqual([
    "a:online:2026-11-22T09:00:00.000Z",
    "b:offline:2026-11-22T08:00:00.000Z",
    "new:online:2026-11-22T08:00:00.000Z",
  ]);
});

describe("what is open", () => {
  const ids = (world: World): string[] => world.open.map((each) => each.id);
  const listed = withLists(EMPTY, {
    incidents: [
      incident({ id: "info-new", severity: "info", raised_at: "2026-11-22T09:00:00.000Z" }),
      incident({ id: "major-old", severity: "major", raised_at: "2026-11-22T07:00:00.000Z" }),
      incident({ id: "major-new", severity: "major", raised_at: "2026-11-22T08:30:00.000Z" }),
      incident({ id: "life-old", severity: "life", raised_at: "2026-11-20T00:00:00.000Z" }),
      incident({ id: "over", severity: "life", state: "cleared" }),
    ],
  });

  it("life comes first however old, then the graver, then the newer", () => {
    expect(ids(listed)).toEqual(["life-old", "major-new", "major-old", "info-new"]);
  });

  it("an incident that becomes graver changes its place, one that is over leaves", () => {
    const later = { updated_at: "2026-11-22T09:10:00.000Z" };
    const world = apply(listed, [
      updated(1, { id: "major-old", severity: "critical", raised_at: "2026-11-22T07:00:00.000Z", ...later }),
      cleared(2, { id: "life-old", severity: "life", ...later }),
    ]);
    expect(ids(world)).toEqual(["major-old", "major-new", "info-new"]);
    expect(ids(listed)).toEqual(["life-old", "major-new", "major-old", "info-new"]);
  });

  it("one that comes and ends in the same batch was never there", () => {
    expect(ids(apply(listed, [raised(1, { id: "short" }), cleared(2, { id: "short" })]))).toEqual(ids(listed));
  });

  it("is the same list while other nouns change, so that nothing is drawn", () => {
    expect(apply(listed, [deviceChanged(1), opened(2)]).open).toBe(listed.open);
  });
});

describe("a list that was on its way while events came", () => {
  it("does not undo them, although it says the same moment, nor bring back what has ended and was forgotten", () => {
    const told = new Set(["acked", "ended"]);
    const known = apply(EMPTY, [updated(1, { id: "acked", acked: true })]);
    const world = withLists(known, { incidents: [incident({ id: "acked" }), incident({ id: "ended" }), incident({ id: "quiet" })] }, told);
    expect(world.incidents.get("acked")?.acked).toBe(true);
    expect([...world.incidents.keys()]).toEqual(["acked", "quiet"]);
  });
});

describe("what is over", () => {
  it("is forgotten, oldest first, while everything open stays", () => {
    const many = Array.from({ length: KEPT * 2 }, (_, n) => {
      const minute = String(Math.floor(n / 60)).padStart(2, "0");
      const second = String(n % 60).padStart(2, "0");
      return cleared(n + 2, { id: `old-${n}`, updated_at: `2026-11-22T09:${minute}:${second}.000Z` });
    });
    const world = apply(EMPTY, [raised(1, { id: "open" }), ...many]);
    expect(world.incidents.has("open")).toBe(true);
    expect(world.incidents.size).toBe(KEPT + 1);
    expect(world.incidents.has(`old-${KEPT * 2 - 1}`)).toBe(true);
    expect(world.incidents.has("old-0")).toBe(false);
  });
});
