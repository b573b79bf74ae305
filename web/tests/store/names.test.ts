import { describe, expect, it } from "vitest";

import { conditionOf, placeOf, quantityOf, readable, say, topArea, zoneOf } from "@/store/names";
import type { Area, Lang, Text } from "@/types";

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

it("a case is about the condition of its first known incident", () => {
  const known = new Map([["i2", incident({ id: "i2", condition: "fridge-warm" })]]);
  expect(conditionOf(caseOf({ incidents: ["i1", "i2"] }), known)).toBe("fridge-warm");
  expect(conditionOf(caseOf({ incidents: [] }), known)).toBeNull();
});

it("an id without a word is still readable", () => {
  expect(readable("lamp-broken_twice")).toBe("lamp broken twice");
});
