import { describe, expect, it } from "vitest";

import {
  bodyOf,
  fieldsOf,
  middle,
  type Point,
  type RuleEntry,
  watches,
  withCorner,
  withField,
  withLess,
  withMore,
  zoneFault,
  zoneOf,
} from "@/store/rule";
import type { Area, Site } from "@/types";

import { device } from "../examples";

const SQUARE: readonly Point[] = [
  [0.2, 0.2],
  [0.8, 0.2],
  [0.8, 0.8],
  [0.2, 0.8],
];
const SITES = new Map<string, Site>([["school-1", { id: "school-1", area: "east", kind: "canteen-school", name: null }]]);
const AREAS = new Map<string, Area>([["east", { id: "east", parent: "county", level: "town", name: null }]]);

function rule(over: Record<string, unknown> = {}): RuleEntry {
  return { id: "r", kind: "threshold", ...over };
}

describe("which devices a rule watches", () => {
  it.each([
    ["it names the device", rule({ devices: ["school-1-gas"] }), true],
    ["it names another", rule({ devices: ["x"], site_kinds: ["canteen-school"] }), false],
    ["its kind of site", rule({ site_kinds: ["canteen-school"] }), true],
    ["an area above", rule({ areas: ["county"] }), true],
    ["they narrow each other", rule({ areas: ["county"], sites: ["school-2"] }), false],
    ["nothing is named", rule(), false],
    ["it looks at pictures", rule({ kind: "presence", sites: ["school-1"] }), false],
  ])("%s", (_, given, seen) => {
    expect(watches(given, device(), SITES, AREAS)).toBe(seen);
  });
});

describe("the keys of a rule", () => {
  it("are shown as they are written, but for what is edited elsewhere", () => {
    const given = rule({ above: 8, below: null, classes: ["person", "cat"], zone: SQUARE, schedule: [{}], equals: true });
    expect(fieldsOf(given)).toEqual([
      { key: "above", text: "8" },
      { key: "below", text: "" },
      { key: "classes", text: "person, cat" },
      { key: "equals", text: "true" },
    ]);
  });

  it.each([
    ["a number", "above", "7.5", 7.5],
    ["a length of time stays a word", "raise_after", "20m", "20m"],
    ["true or false", "equals", "false", false],
    ["nothing", "above", " ", null],
    ["a list", "classes", "person，car", ["person", "car"]],
  ])("%s is read back", (_, key, text, value) => {
    expect(withField(rule({ classes: [] }), key, text)[key]).toEqual(value);
  });

  it("what says nothing is not sent", () => {
    expect(bodyOf(rule({ above: 8, below: null, sites: [], devices: ["d"] }))).toEqual({
      id: "r",
      kind: "threshold",
      above: 8,
      devices: ["d"],
    });
  });
});

describe("a zone", () => {
  it("is the whole picture where none is drawn", () => {
    expect(zoneOf(rule())).toHaveLength(4);
    expect(zoneOf(rule({ zone: SQUARE }))).toEqual(SQUARE);
  });

  it.each([
    ["is good", SQUARE, null],
    ["needs three corners", SQUARE.slice(0, 2), "few"],
    ["has sides that do not cross", [SQUARE[0], SQUARE[2], SQUARE[1], SQUARE[3]] as Point[], "crossed"],
    ["has an area", [[0.1, 0.1], [0.5, 0.5], [0.9, 0.9]] as Point[], "small"],
  ])("%s", (_, points, fault) => {
    expect(zoneFault(points)).toBe(fault);
  });

  it("is changed corner by corner, within the picture", () => {
    expect(withCorner(SQUARE, 0, [-1, 0.33333])[0]).toEqual([0, 0.333]);
    expect(withMore(SQUARE, [0.5, 0.1])[1]).toEqual([0.5, 0.1]);
    expect(withMore(SQUARE, [0.1, 0.5])[4]).toEqual([0.1, 0.5]);
    expect(withLess(SQUARE, 1)).toHaveLength(3);
    expect(withLess(SQUARE.slice(0, 3), 1)).toHaveLength(3);
  });

  it("grows in the middle of its longest side where there is no pointer", () => {
    expect(middle([[0, 0], [1, 0], [1, 0.5]])).toEqual([0.5, 0.25]);
  });
});
