import { describe, expect, it } from "vitest";

import { elapsed, lengthParts, localMoments, shortTime, wallTime } from "@/store/time";

describe("a length", () => {
  it.each([
    [0, [["s", 0]]],
    [-5000, [["s", 0]]],
    [999, [["s", 0]]],
    [42_000, [["s", 42]]],
    [60_000, [["m", 1]]],
    [61_500, [["m", 1], ["s", 1]]],
    [3_600_000, [["h", 1]]],
    [3_661_000, [["h", 1], ["m", 1]]],
    [90_000_000, [["d", 1], ["h", 1]]],
    [8_640_000_000, [["d", 100]]],
  ])("%d ms", (length, parts) => {
    expect(lengthParts(length)).toEqual(parts);
  });
});

it("time since an instant that is missing or in the future is none", () => {
  const now = Date.parse("2026-11-22T08:00:10.000Z");
  expect(elapsed("2026-11-22T08:00:00.000Z", now)).toBe(10_000);
  expect(elapsed("2026-11-22T08:01:00.000Z", now)).toBe(0);
  expect(elapsed(null, now)).toBe(0);
  expect(elapsed("never", now)).toBe(0);
});

describe("the wall", () => {
  const at = Date.parse("2026-11-22T16:30:05.000Z");

  it("shows the county's time, whatever the screen's", () => {
    expect(wallTime(at, "Asia/Shanghai", "zh")).toMatchObject({ date: "2026-11-23", time: "00:30:05", weekday: "星期一" });
    expect(wallTime(at, "UTC", "en")).toMatchObject({ date: "2026-11-22", time: "16:30:05", weekday: "Sun" });
  });

  it("leaves out the day when it is today", () => {
    expect(shortTime("2026-11-22T16:30:05.000Z", "2026-11-23", "Asia/Shanghai")).toBe("00:30:05");
    expect(shortTime("2026-11-22T15:30:05.000Z", "2026-11-23", "Asia/Shanghai")).toBe("11-22 23:30:05");
    expect(shortTime(null, "2026-11-23", "Asia/Shanghai")).toBe("");
  });
});

it("moments within a sentence are written as all others, and nothing else of it changes", () => {
  const read = (sentence: string): string => localMoments(sentence, "2026-11-23", "Asia/Shanghai");
  expect(read("规则 gas：32 高于上限 20，自 2026-11-23 00:30:05+08:00 起")).toBe("规则 gas：32 高于上限 20，自 00:30:05 起");
  expect(read("since 2026-11-22 15:30:05Z, until 2026-11-22T16:30:05.000Z")).toBe("since 11-22 23:30:05, until 00:30:05");
  expect(read("calibrated on 2026-11-22, 08:00 to 18:00")).toBe("calibrated on 2026-11-22, 08:00 to 18:00");
  expect(read("2026-99-99 00:00:00Z")).toBe("2026-99-99 00:00:00Z");
});
