import { describe, expect, it } from "vitest";

import { insisting, newTone } from "@/store/alarm";

import { incident } from "../examples";

const life = incident({ id: "life", severity: "life" });
const major = incident({ id: "major", severity: "major" });

describe("what is heard of new incidents", () => {
  it.each([
    ["the gravest decides", [major, life], new Set<string>(), "life"],
    ["what was heard before is not heard again", [major, life], new Set(["life"]), "major"],
    ["small matters make no noise", [incident({ severity: "minor" }), incident({ severity: "info" })], new Set<string>(), null],
    ["nobody is told of what is silenced", [{ ...life, silenced_by: ["s1"] }], new Set<string>(), null],
    ["what was over before the line was back is not heard", [{ ...life, state: "cleared" as const }], new Set<string>(), null],
  ])("%s", (_, raised, known, tone) => {
    expect(newTone(raised, known)).toBe(tone);
  });
});

it("life safety insists until it is acknowledged, silenced or over; nothing else does", () => {
  const rest = [{ ...life, acked: true }, { ...life, silenced_by: ["s1"] }, { ...life, state: "cleared" as const }, major];
  expect(insisting([life, ...rest])).toEqual([life]);
});
