import { describe, expect, it } from "vitest";

import {
  byNeed,
  chartOf,
  curvesOf,
  dayStart,
  type Forecast,
  forecastsOf,
  incidentsSince,
  isCalm,
  type KitchenIncident,
  type KitchenRow,
  kitchensNow,
  type LimitRow,
  type Point,
  pointsOf,
  presentForecast,
  rangeOf,
  spanOf,
} from "@/store/kitchen";

import { caseOf, incident } from "../examples";

const NOW = Date.parse("2026-11-22T08:00:00.000Z");

function row(site: string, over: Partial<KitchenRow> = {}): KitchenRow {
  return {
    site,
    name: site,
    area: "east",
    since: "2026-11-20T09:30:00.000Z",
    raised: 0,
    open: 0,
    cases: 0,
    minutes_beyond: 0,
    silent: 0,
    blind: 0,
    to_clean: 0,
    ...over,
  };
}

function at(site: string, over: Partial<KitchenIncident> = {}): KitchenIncident {
  return { ...incident({ id: site, site }), ...over };
}

describe("kitchens by need", () => {
  it("what is open now is counted place by place", () => {
    const overdue = { step: "accept", limit: "30m", yellow_at: null, due_at: "2026-11-22T07:00:00.000Z", light: "red" as const, paused: false };
    const found = kitchensNow(
      [
        at("a", { severity: "minor" }),
        at("a", { severity: "life", not_mended_since: "2026-11-22T07:30:00.000Z" }),
        at("a", { mended_at: "2026-11-22T07:40:00.000Z" }),
        at("a", { state: "cleared", not_mended_since: "2026-11-22T07:30:00.000Z" }),
        at("b", { site: null }),
      ],
      [caseOf({ site: "a", clocks: [overdue] }), caseOf({ site: "a", state: "closed" })],
      NOW,
    );
    expect(found.get("a")).toEqual({ open: 3, worst: "life", late: 1, mended: 1, overdue: 1, cases: 1 });
    expect(found.has("b")).toBe(false);
  });

  it("what was not corrected in time first, then overdue, grave, open, beyond limits, silent", () => {
    const now = kitchensNow(
      [at("grave", { severity: "critical" }), at("late", { severity: "minor", not_mended_since: "2026-11-22T07:30:00.000Z" })],
      [],
      NOW,
    );
    const rows = [row("calm"), row("silent", { silent: 1 }), row("warm", { minutes_beyond: 12 }), row("grave"), row("late")];
    const ordered = byNeed(rows, now);
    expect(ordered.map((each) => each.row.site)).toEqual(["late", "grave", "warm", "silent", "calm"]);
    expect(ordered.filter(isCalm).map((each) => each.row.site)).toEqual(["calm"]);
  });

  it("incidents of today and open ones: open, late, grave and new first", () => {
    const found = incidentsSince(
      [
        at("s", { id: "old-open", raised_at: "2026-11-20T00:00:00.000Z", severity: "minor" }),
        at("s", { id: "cleared", state: "cleared", severity: "life" }),
        at("s", { id: "late", severity: "info", not_mended_since: "2026-11-22T07:30:00.000Z" }),
        at("s", { id: "old", state: "cleared", raised_at: "2026-11-20T00:00:00.000Z" }),
        at("other", { id: "elsewhere" }),
      ],
      "s",
      Date.parse("2026-11-21T16:00:00.000Z"),
    );
    expect(found.map((each) => each.id)).toEqual(["late", "old-open", "cleared"]);
  });
});

describe("points", () => {
  it("are in order, each moment once, without what is no good number", () => {
    const reading = (value: number | boolean, second: number, quality = "good") => ({
      device: "fridge",
      quantity: "temperature",
      value,
      at: new Date(second * 1000).toISOString(),
      quality,
    });
    const known: Point[] = [[10, 4]];
    const found = pointsOf([reading(6, 30), reading(5, 20), reading(9, 25, "suspect"), reading(true, 40), reading(4.5, 10)], known);
    expect(found).toEqual([
      [10, 4.5],
      [20, 5],
      [30, 6],
    ]);
  });
});

describe("minutes beyond a limit", () => {
  const above = { above: 8, below: null };
  it.each<[string, Point[], { above: number | null; below: number | null }, number, number, number]>([
    ["nothing is known", [], above, 3600, 0, 0],
    ["half an hour beyond", [[0, 9], [1800, 5]], above, 3600, 30, 60],
    ["exactly at the limit is not beyond", [[0, 8]], above, 3600, 0, 60],
    ["a reading holds an hour, then nobody knows", [[0, 9]], above, 10_800, 60, 60],
    ["what was said before the start still holds", [[-600, 9]], above, 3600, 50, 50],
    ["too long before, it says nothing", [[-3600, 9]], above, 3600, 0, 0],
    ["below", [[0, -20], [600, -5]], { above: null, below: -12 }, 1200, 10, 20],
  ])("%s", (_why, points, limit, end, beyond, known) => {
    expect(spanOf(points, limit, 0, end)).toMatchObject({ beyond, known });
  });

  it("tells lowest, highest and newest of what it counted", () => {
    expect(spanOf([[0, 5], [60, 9], [120, 7]], above, 0, 180)).toMatchObject({ low: 5, high: 9, latest: 7 });
  });
});

describe("a curve", () => {
  const limit = (over: Partial<LimitRow>): LimitRow => ({
    device: "fridge",
    name: "fridge",
    rule: "warm",
    quantity: "temperature",
    above: 8,
    below: null,
    minutes: 0,
    known_minutes: 60,
    worst: null,
    latest: 5,
    ...over,
  });

  it("is one for each device and quantity, those beyond their limit the longest first", () => {
    const found = curvesOf([
      limit({}),
      limit({ rule: "cold", above: null, below: 0 }),
      limit({ quantity: "humidity" }),
      limit({ device: "freezer", minutes: 20 }),
    ]);
    expect(found.map((each) => [each.device, each.quantity, each.limits.length])).toEqual([
      ["freezer", "temperature", 1],
      ["fridge", "temperature", 2],
      ["fridge", "humidity", 1],
    ]);
  });

  it("breaks where nobody knew anything, and only there", () => {
    const { at: moments, values, limits } = chartOf([[100, 4], [200, 5], [9000, 6]], [8], null, 0, 10_000);
    expect(moments).toEqual([0, 100, 200, 3800, 9000, 10_000]);
    expect(values).toEqual([undefined, 4, 5, null, 6, undefined]);
    expect(limits).toEqual([[8, 8, 8, 8, 8, 8]]);
  });

  it("holds a forecast with its bounds, which breaks nothing", () => {
    const forecast: Forecast = { from: [150, 5], to: [400, 9], deviation: 1 };
    const data = chartOf([[100, 4], [200, 5]], [], forecast, 100, 400);
    expect(data.values).toEqual([4, undefined, 5, undefined]);
    expect(data.forecast).toEqual([undefined, 5, undefined, 9]);
    expect(data.low).toEqual([undefined, 5, undefined, 8]);
    expect(data.high).toEqual([undefined, 5, undefined, 10]);
    const [low, high] = rangeOf(data);
    expect(low).toBeCloseTo(3.28);
    expect(high).toBeCloseTo(10.72);
  });

  it("nothing to draw still has a scale", () => {
    expect(rangeOf(chartOf([], [], null, 0, 10))).toEqual([0, 1]);
  });
});

describe("forecasts", () => {
  const tried = {
    devices: [
      { device: "other", forecasts: [] },
      {
        device: "fridge",
        forecasts: [
          { from: ["2026-11-22T06:00:00.000Z", 5], to: ["2026-11-22T06:30:00.000Z", 8], deviation: 0.4 },
          { from: ["2026-11-22T07:50:00.000Z", 6], to: ["2026-11-22T08:20:00.000Z", 9], deviation: 0.5 },
        ] as { from: [string, number]; to: [string, number]; deviation: number }[],
      },
    ],
  };
  it("only one that is not over is shown", () => {
    const found = forecastsOf(tried, "fridge");
    expect(found).toHaveLength(2);
    expect(presentForecast(found, NOW / 1000)?.to[1]).toBe(9);
    expect(presentForecast(found, NOW / 1000 + 3600)).toBeNull();
    expect(forecastsOf(tried, "gone")).toEqual([]);
  });
});

it("a day begins at midnight of the clock on the wall", () => {
  expect(new Date(dayStart(NOW + 123, { time: "16:00:00" })).toISOString()).toBe("2026-11-21T16:00:00.000Z");
});
