import { describe, expect, it } from "vitest";

import { byTrouble, cameras, clearedIncidents, closedCases, lightOf, openCases } from "@/store/order";
import type { Clock, Light } from "@/types";

import { caseOf, device, incident } from "../examples";

describe("incidents", () => {
  it("those that are over: the last to end comes first", () => {
    const rows = [
      incident({ id: "a", state: "cleared", cleared_at: "2026-11-22T08:01:00.000Z" }),
      incident({ id: "b", state: "cleared", cleared_at: "2026-11-22T08:02:00.000Z" }),
      incident({ id: "c" }),
    ];
    expect(clearedIncidents(rows).map((each) => each.id)).toEqual(["b", "a"]);
  });
});

describe("cases", () => {
  it("a paused case is still at work", () => {
    const rows = [
      caseOf({ id: "1", number: "2026-000001", state: "paused" }),
      caseOf({ id: "2", number: "2026-000002" }),
      caseOf({ id: "3", number: "2026-000003", state: "closed" }),
    ];
    expect(openCases(rows).map((each) => each.id)).toEqual(["2", "1"]);
    expect(closedCases(rows).map((each) => each.id)).toEqual(["3"]);
  });

  const NOW = Date.parse("2026-11-22T10:00:00.000Z");
  const clock = (over: Partial<Clock>): Clock => ({
    step: "accept",
    limit: "1h",
    yellow_at: "2026-11-22T10:45:00.000Z",
    due_at: "2026-11-22T11:00:00.000Z",
    light: "green",
    paused: false,
    done_at: null,
    ...over,
  });
  const lights: { why: string; clocks: Clock[]; light: Light | null }[] = [
    { why: "no clock, no light", clocks: [], light: null },
    { why: "time enough", clocks: [clock({})], light: "green" },
    { why: "past the moment the hub named for yellow", clocks: [clock({ yellow_at: "2026-11-22T09:59:00.000Z" })], light: "yellow" },
    { why: "past the limit, although the hub last said green", clocks: [clock({ due_at: "2026-11-22T09:59:59.000Z" })], light: "red" },
    { why: "what the hub says counts, too", clocks: [clock({ light: "red" })], light: "red" },
    { why: "a finished clock says nothing any more", clocks: [clock({ light: "red", done_at: "2026-11-22T09:00:00.000Z" })], light: null },
    { why: "nor does one that stands still", clocks: [clock({ light: "red", paused: true })], light: null },
    {
      why: "the worst of several",
      clocks: [clock({}), clock({ yellow_at: "2026-11-22T09:59:00.000Z" })],
      light: "yellow",
    },
  ];
  it.each(lights)("light: $why", ({ clocks, light }) => {
    expect(lightOf(caseOf({ clocks }), NOW)).toBe(light);
  });
});

describe("devices", () => {
  it("those in trouble come first; silence and ignorance are troubles", () => {
    const rows = (["online", "degraded", "stale", "unknown", "offline"] as const).map((state) => device({ id: state, state }));
    expect(byTrouble(rows).map((each) => each.id)).toEqual(["offline", "unknown", "stale", "degraded", "online"]);
  });

  it("a camera keeps its place on the wall whatever its state", () => {
    const rows = [
      device({ id: "b", kind: "camera", state: "offline" }),
      device({ id: "s" }),
      device({ id: "a", kind: "camera" }),
    ];
    expect(cameras(rows).map((each) => each.id)).toEqual(["a", "b"]);
  });
});
