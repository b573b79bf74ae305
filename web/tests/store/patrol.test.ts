import { describe, expect, it } from "vitest";

import { placesOf, pop, POPPED_MS, still, type Wall } from "@/store/patrol";

const CAMERAS = ["a", "b", "c", "d", "e", "f"];

function wall(over: Partial<Wall> = {}): Wall {
  return { size: 4, chosen: [], step: 0, popped: [], ...over };
}

const popped = (camera: string): Wall["popped"] => [{ camera, incident: "i", until: 1 }];

describe("the places of the wall", () => {
  it.each([
    ["begin with the first cameras", wall(), ["a", "b", "c", "d"]],
    ["go on by a group and round", wall({ step: 1 }), ["e", "f", "a", "b"]],
    ["what a person chose stays while the rest goes on", wall({ chosen: ["", "f"], step: 1 }), ["d", "f", "e", "a"]],
    ["a new incident takes the first place that nobody filled", wall({ chosen: ["f"], popped: popped("e") }), ["f", "e", "a", "b"]],
    ["where all are filled it takes the last", wall({ chosen: ["a", "b", "c", "d"], popped: popped("e") }), ["a", "b", "c", "e"]],
    ["what is shown anyway does not move", wall({ chosen: ["e"], popped: popped("e") }), ["e", "a", "b", "c"]],
    ["one place shows what happens", wall({ size: 1, popped: popped("c") }), ["c"]],
    ["cameras that are gone are no choice", wall({ chosen: ["gone"], popped: popped("lost") }), ["a", "b", "c", "d"]],
  ])("%s", (_, given, shown) => {
    expect(placesOf(given, CAMERAS)).toEqual(shown);
  });

  it("stay empty where there are fewer cameras, and the same ones do not change places with each step", () => {
    expect(placesOf(wall({ size: 9 }), ["a", "b"])).toEqual(["a", "b", ...Array.from({ length: 7 }, () => null)]);
    expect(placesOf(wall({ step: 7 }), ["a", "b", "c", "d"])).toEqual(["a", "b", "c", "d"]);
    expect(placesOf(wall(), [])).toEqual([null, null, null, null]);
  });

  it("every camera has had its turn after a whole round", () => {
    const seen = new Set<string | null>();
    for (let step = 0; step < 3; step += 1) for (const each of placesOf(wall({ step }), CAMERAS)) seen.add(each);
    expect([...seen].sort()).toEqual(CAMERAS);
  });
});

it("a camera pops up once, for a while, for its newest incident", () => {
  const first = pop([], ["a", "b"], "i1", 1000);
  const both = pop(first, ["b"], "i2", 2000);
  expect(both.map((each) => [each.camera, each.incident])).toEqual([["b", "i2"], ["a", "i1"]]);
  expect(still(both, 1000 + POPPED_MS).map((each) => each.camera)).toEqual(["b"]);
  expect(still(both, 3000)).toBe(both);
});
