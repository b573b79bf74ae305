import { expect, it } from "vitest";

import { type Shift, shiftActs } from "@/store/shift";

function shift(over: Partial<Shift>): Shift {
  return {
    id: "s",
    area: "county",
    state: "open",
    holder: "wang",
    opened_at: "2026-11-22T08:00:00.000Z",
    offered_at: null,
    digest: null,
    taken_by: null,
    ended_at: null,
    without_handover: false,
    reason: "",
    notes: [],
    offer: null,
    ...over,
  };
}

it.each([
  ["a room that nobody keeps is begun", null, "wang", ["begin"]],
  ["who keeps it notes and signs", shift({}), "wang", ["note", "sign"]],
  ["what is signed may be signed again, or taken at the same screen", shift({ state: "offered" }), "wang", ["note", "sign", "take"]],
  ["who comes takes what is signed", shift({ state: "offered" }), "li", ["note", "take"]],
  ["who comes takes an unsigned room by force only", shift({}), "li", ["note", "force"]],
] as const)("%s", (_, given, me, acts) => {
  expect(shiftActs(given, me)).toEqual(acts);
});
