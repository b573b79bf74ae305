import { describe, expect, it } from "vitest";

import {
  arranged,
  asks,
  boardOf,
  byUrgency,
  type CaseFile,
  type Entry,
  type Filter,
  filterOf,
  lacks,
  lightsOf,
  type Move,
  NO_DRAFT,
  NO_FILTER,
  type Photo,
  photosOf,
  proofsOf,
  queryOf,
  requestOf,
  stagesOf,
  timeLeft,
  wanted,
} from "@/store/cases";
import type { Case, Clock } from "@/types";

import { caseOf } from "../examples";

const NOW = Date.parse("2026-11-22T08:00:00.000Z");

function clock(minutes: number, over: Partial<Clock> = {}): Clock {
  const due = NOW + minutes * 60_000;
  return {
    step: "accept",
    limit: "30m",
    yellow_at: new Date(due - 5 * 60_000).toISOString(),
    due_at: new Date(due).toISOString(),
    light: "green",
    paused: false,
    done_at: null,
    ...over,
  };
}

function due(number: string, minutes: number | null, over: Partial<Case> = {}): Case {
  return caseOf({ id: number, number, clocks: minutes === null ? [] : [clock(minutes)], ...over });
}

function move(over: Partial<Move> = {}): Move {
  return {
    action: "accept",
    name: { zh: "受理", en: "Accept" },
    step: true,
    effect: "complete",
    needs: [],
    to: null,
    rated: false,
    waits_for: [],
    ...over,
  };
}

describe("the address of a list", () => {
  it("is the filter, and the filter is the address", () => {
    const filter = { ...NO_FILTER, view: "board" as const, light: "red" as const, words: "燃气 一小", site: "school-1" };
    expect(filterOf(queryOf(filter))).toEqual(filter);
    expect(queryOf(NO_FILTER)).toEqual({});
    expect(asks(filter)).toBe(3);
  });

  it.each<[string, Record<string, unknown>]>([
    ["no such light", { light: "blue" }],
    ["no such state", { state: "gone" }],
    ["no such view", { view: "map" }],
    ["twice in the address", { severity: ["life", "major"] }],
  ])("what makes no sense asks nothing: %s", (_why, query) => {
    expect(filterOf(query)).toEqual(NO_FILTER);
  });
});

describe("which cases are wanted", () => {
  const said = (each: Case): string => `${each.number} 第一小学食堂`;
  it.each<[string, Partial<Filter>, Case, boolean]>([
    ["nothing is asked", {}, due("1", 10), true],
    ["a paused case is live", {}, due("1", 10, { state: "paused" }), true],
    ["a closed one is not", {}, due("1", 10, { state: "closed" }), false],
    ["unless it is asked for", { state: "closed" as const }, due("1", 10, { state: "closed" }), true],
    ["over its limit", { light: "red" as const }, due("1", -1), true],
    ["not yet", { light: "red" as const }, due("1", 1), false],
    ["another step is due", { step: "handle" }, due("1", 1), false],
    ["called, too", { unit: "market" }, due("1", 1, { unit: "fire", units: ["fire", "market"] }), true],
    ["another place", { site: "school-2" }, due("1", 1), false],
    ["less grave", { severity: "life" as const }, due("1", 1), false],
    ["each word must be there", { words: " 二小 2026" }, due("2026-000001", 1), false],
    ["in any order", { words: "小学 2026" }, due("2026-000001", 1), true],
  ])("%s", (_why, filter, each, shown) => {
    expect(wanted(each, { ...NO_FILTER, ...filter }, NOW, said)).toBe(shown);
  });
});

describe("in which order", () => {
  it("red first and the longest overdue first, then yellow, green, no clock, paused", () => {
    const cases = [
      due("green", 60),
      due("none", null),
      due("paused", -500, { state: "paused" }),
      due("red", -10),
      due("yellow", 3),
      due("redder", -90),
    ];
    expect(byUrgency(cases, NOW).map((each) => each.number)).toEqual(["redder", "red", "yellow", "green", "paused", "none"]);
  });

  it("counts lights by the time, not by what was sent once", () => {
    expect(lightsOf([due("a", -1), due("b", 3), due("c", 60), due("d", null)], NOW)).toEqual({ red: 1, yellow: 1, green: 1 });
  });

  it.each<[string, Case, number | null]>([
    ["ten minutes", due("a", 10), 600_000],
    ["one over", due("a", -1), -60_000],
    ["no clock", due("a", null), null],
    ["the clock stands", due("a", 10, { state: "paused" }), null],
    ["it is done", caseOf({ clocks: [clock(10, { done_at: "2026-11-22T07:00:00.000Z" })] }), null],
  ])("the time left of a case: %s", (_why, each, left) => {
    expect(timeLeft(each, NOW)).toBe(left);
  });
});

describe("the board", () => {
  it("has a column for each step that is due, in the order of work, unknown steps and paused ones last", () => {
    const cases = [
      due("1", 10, { step: "verify" }),
      due("2", -10, { step: "accept" }),
      due("3", 10, { step: "our-own" }),
      due("4", 10, { step: "accept" }),
      due("5", 10, { step: "handle", state: "paused" }),
    ];
    const columns = boardOf(cases, NOW);
    expect(columns.map((each) => each.step)).toEqual(["accept", "verify", "our-own", "paused"]);
    expect(columns[0]?.cases.map((each) => each.number)).toEqual(["2", "4"]);
    expect(columns[0]?.lights).toEqual({ red: 1, yellow: 0, green: 1 });
  });
});

describe("the way of a case", () => {
  const loop = {
    id: "three",
    name: "three",
    steps: ["accept", "handle", "verify"].map((step) => ({ step, name: step })),
  };
  const way = (over: Partial<CaseFile>): string[] =>
    stagesOf({ loop, step: "handle", state: "open", clocks: [], ...over }).map((each) => each.at);

  it.each<[string, Partial<CaseFile>, string[]]>([
    ["in the middle", {}, ["done", "due", "ahead"]],
    ["returned to the start", { step: "accept" }, ["due", "ahead", "ahead"]],
    ["its clock stands", { state: "paused" as const }, ["done", "due", "ahead"]],
    ["over", { state: "closed" as const, step: "verify" }, ["done", "done", "done"]],
    ["ended early", { state: "false_alarm" as const }, ["done", "skipped", "skipped"]],
    ["its workflow is gone", { loop: null }, []],
  ])("%s", (_why, over, stages) => {
    expect(way(over)).toEqual(stages);
  });

  it("shows the newest clock of a step that was due twice", () => {
    const clocks = [clock(1, { step: "handle", limit: "4h" }), clock(2, { step: "accept" }), clock(3, { step: "handle", limit: "2h" })];
    expect(stagesOf({ loop, step: "handle", state: "open", clocks })[1]?.clock?.limit).toBe("2h");
  });
});

describe("an action", () => {
  it.each([
    [[], NO_DRAFT, [], "asks for nothing"],
    [["note"], { ...NO_DRAFT, note: "  " }, ["note"], "blanks are no words"],
    [["note", "to"], { ...NO_DRAFT, note: "x", to: "market" }, [], "all there"],
    [["score"], NO_DRAFT, ["score"], "no score"],
    [["photo-after"], { ...NO_DRAFT, photos: ["before" as const] }, ["photo-after"], "the wrong photo"],
    [["photo"], { ...NO_DRAFT, photos: ["other" as const] }, [], "any photo"],
    [["moon"], NO_DRAFT, [], "a need that this console does not know is the hub's to tell"],
  ])("%j lacks", (needs, draft, missing) => {
    expect(lacks(move({ needs }), draft)).toEqual(missing);
  });

  it("sends what it takes and nothing else", () => {
    const draft = { ...NO_DRAFT, note: " because ", to: "market", score: 4 };
    expect(requestOf(move(), draft, [], 7)).toEqual({ action: "accept", note: "because", expect_version: 7 });
    expect(requestOf(move({ action: "transfer", to: "unit" }), draft, ["p1"])).toEqual({
      action: "transfer",
      note: "because",
      to: "market",
      attachments: ["p1"],
    });
    expect(requestOf(move({ action: "rate", rated: true }), { ...NO_DRAFT, score: 4 }, [])).toEqual({
      action: "rate",
      score: 4,
      by: "reporter",
      how: "call",
    });
  });

  it("the due step stands first, what ends a case last", () => {
    const moves = ["handle", "note", "cancel", "return"].map((action) => move({ action, step: action === "handle" }));
    const { first, beside, far } = arranged(moves);
    expect([first, beside, far].map((each) => each.map(({ action }) => action))).toEqual([["handle"], ["note", "return"], ["cancel"]]);
  });
});

it("photos stand by before and after", () => {
  const photo = (id: string, phase: Photo["phase"]): Photo => ({ id, phase, state: "ready", who: "han", role: "handler", at: "" });
  const found = photosOf([photo("1", "before"), photo("2", "after"), photo("3", "before")]);
  expect(found.before.map((each) => each.id)).toEqual(["1", "3"]);
  expect(found.other).toEqual([]);
});

it("the proof of the last closing counts", () => {
  const entry = (seq: number, incident?: string): Entry => ({
    seq,
    at: "",
    who: "",
    role: "",
    action: "verify",
    from: "",
    to: "",
    unit: null,
    note: "",
    attachments: [],
    ...(incident === undefined
      ? {}
      : {
          proof: {
            incidents: [{ incident, condition: "", place: "", before: { at: "", value: 9, limit: 8 }, after: { at: "", value: 5 } }],
          },
        }),
  });
  expect(proofsOf([entry(1)])).toEqual([]);
  expect(proofsOf([entry(1, "a"), entry(2), entry(3, "b"), entry(4)]).map((each) => each.incident)).toEqual(["b"]);
});
