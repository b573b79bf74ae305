import { describe, expect, it } from "vitest";

import { freeId, type Lesson, regionOf, trains } from "@/store/lesson";
import type { Point } from "@/store/rule";

const LESSON: Lesson = {
  id: "bins",
  device: "cam",
  condition: "bin-uncovered",
  region: "0,0,1,1",
  examples: { yes: 0, no: 0 },
  training: null,
};

describe("the region of a drawn zone", () => {
  it.each<[string, Point[], string]>([
    ["a rectangle is itself", [[0.2, 0.3], [0.45, 0.3], [0.45, 0.7], [0.2, 0.7]], "0.2,0.3,0.25,0.4"],
    ["a triangle has a rectangle around it", [[0.5, 0.1], [0.9, 0.6], [0.1, 0.6]], "0.1,0.1,0.8,0.5"],
    ["what lies outside the picture is cut", [[-0.2, 0.5], [1.3, 0.5], [0.5, 1.2]], "0,0.5,1,0.5"],
  ])("%s", (_, points, region) => {
    expect(regionOf(points)).toBe(region);
  });
});

it("an id is of the camera and the condition, and free", () => {
  expect(freeId("cam", "bin-uncovered", new Set())).toBe("cam-bin-uncovered");
  expect(freeId("cam", "bin-uncovered", new Set(["cam-bin-uncovered", "cam-bin-uncovered-2"]))).toBe("cam-bin-uncovered-3");
  expect(freeId("c".repeat(63), "x", new Set())).toHaveLength(60);
});

it.each([
  [null, false],
  ["asked", true],
  ["running", true],
  ["done", false],
  ["failed", false],
] as const)("a lesson whose training is %s is in it: %s", (state, is) => {
  const training = state === null ? null : { state, by: "ines", asked_at: "", ended_at: null, said: "", version: null };
  expect(trains({ ...LESSON, training })).toBe(is);
});
