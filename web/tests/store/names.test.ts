import { describe, expect, it } from "vitest";

import { conditionOf, type Measure, measureOf, placeOf, quantityOf, readable, say, topArea, zoneOf } from "@/store/names";
import type { Area, Incident, Lang, Text } from "@/types";

import { caseOf, incident } from "../examples";

function areas(...rows: Area[]): Map<string, Area> {
  return new Map(rows.map((row) => [row.id, row]));
}

describe("a text", () => {
  const rows: [string, Text | null | undefined, Lang, string][] = [
    ["in the reader's language", { zh: "县", en: "County" }, "en", "County"],
    ["the other language where one is empty", { zh: "县", en: "" }, "en", "县"],
    ["a name given once is the name in both", "食堂", "en", "食堂"],
    ["nothing is the fallback", null, "zh", "id"],
    ["so is an empty one", "", "zh", "id"],
    ["and an unknown one", undefined, "en", "id"],
  ];
  it.each(rows)("%s", (_why, text, lang, words) => {
    expect(say(text, lang, "id")).toBe(words);
  });
});

describe("the county", () => {
  it("is the area whose parent one does not see", () => {
    const seen = areas(
      { id: "grid-7", parent: "east", level: "grid", name: null },
      { id: "east", parent: "county", level: "town", name: null, timezone: "Asia/Urumqi" },
    );
    expect(topArea(seen)?.id).toBe("east");
    expect(zoneOf(seen)).toBe("Asia/Urumqi");
  });

  it("an unknown zone is China's, not an error", () => {
    expect(zoneOf(areas({ id: "c", level: "county", name: null, timezone: "Mars/Olympus" }))).toBe("Asia/Shanghai");
    expect(zoneOf(new Map())).toBe("Asia/Shanghai");
  });
});

describe("a place", () => {
  it.each([
    ["school-1", "school-1", { site: "school-1", zone: null }],
    ["school-1/store", "school-1", { site: "school-1", zone: "store" }],
    ["school-1/库房/里间", "school-1", { site: "school-1", zone: "库房/里间" }],
    ["school-1-cam", null, { site: "school-1-cam", zone: null }],
  ])("%s of site %s", (place, site, parts) => {
    expect(placeOf(incident({ place, site }))).toEqual(parts);
  });
});

it("the quantity is that of the first rule that has one", () => {
  const rules = new Map([
    ["a", { id: "a", kind: "presence" }],
    ["b", { id: "b", kind: "threshold", quantity: "gas" }],
  ]);
  expect(quantityOf(incident({ rules: ["a", "b"] }), rules)).toBe("gas");
  expect(quantityOf(incident({ rules: ["gone"] }), rules)).toBeNull();
});

describe("the deciding value", () => {
  const rules = new Map([
    ["gas", { id: "gas", kind: "threshold", quantity: "gas" }],
    ["button", { id: "button", kind: "threshold", quantity: "button" }],
  ]);
  const units = { gas: "%LEL" };
  const rows: { why: string; over: Partial<Incident>; then: Partial<Measure> | null }[] = [
    { why: "has the unit of its quantity", over: { value: 32 }, then: { value: 32, limit: 20, as: "number", quantity: "gas" } },
    { why: "may have no limit", over: { value: 32, limit: null }, then: { limit: null } },
    { why: "is not shown where there is none", over: { value: null }, then: null },
    { why: "is not shown for true and false", over: { value: 1, limit: 0.5, rules: ["button"] }, then: null },
    { why: "is not shown for a count of persons", over: { kind: "presence", value: 2, limit: 0 }, then: null },
    { why: "is a length for silence", over: { kind: "silence", value: 640, limit: 600 }, then: { as: "length", quantity: null } },
    { why: "is shown bare with its limit where the rule is not seen", over: { rules: ["gone"] }, then: { quantity: null, limit: 20 } },
    { why: "is not shown bare without a limit", over: { rules: ["gone"], limit: null }, then: null },
  ];
  it.each(rows)("$why", ({ over, then }) => {
    const found = measureOf(incident(over), rules, units);
    if (then === null) expect(found).toBeNull();
    else expect(found).toMatchObject(then);
  });
});

describe("what a case is about", () => {
  const known = new Map([["i2", incident({ id: "i2", condition: "fridge-warm" })]]);
  it.each([
    ["its category", { category: "gas-level", incidents: ["i2"] }, "gas-level"],
    ["else its first incident that is known", { incidents: ["i1", "i2"] }, "fridge-warm"],
    ["nothing known", { incidents: [] }, null],
    ["a reporter's own words are in the title", { source: "hotline", category: "noise" }, null],
  ])("%s", (_why, over, condition) => {
    expect(conditionOf(caseOf(over), known)).toBe(condition);
  });
});

it("an id without a word is still readable", () => {
  expect(readable("lamp-broken_twice")).toBe("lamp broken twice");
});
