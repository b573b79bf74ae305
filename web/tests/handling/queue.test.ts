import { describe, expect, it } from "vitest";

import { after, dropped, type Errand, type Job, nextOf, outcomeOf, retried, waitingOf, waitOf } from "@/pages/handling/queue";

function job(n: number, errand: Errand, over: Partial<Job> = {}): Job {
  return { key: `k${n}`, n, user: "han", title: `job ${n}`, made: "2026-11-22T08:00:00.000Z", errand, ...over };
}

const photo = (of: string): Errand => ({ kind: "photo", case: of, phase: "after", blob: new Blob(["1234"]) });
const action = (of: string, photos: string[] = []): Errand => ({ kind: "action", case: of, body: { action: "handle" }, photos });
const mend = (incident: string, of: string | null): Errand => ({ kind: "mend", incident, case: of, note: "shut" });

describe("what is sent next", () => {
  it.each<[string, Job[], string | null]>([
    ["nothing waits", [], null],
    ["the oldest first, however they lie", [job(2, action("a")), job(1, photo("a"))], "k1"],
    ["somebody else's is left alone", [job(1, action("a"), { user: "fay" }), job(2, action("a"))], "k2"],
    ["what is refused holds up its own case", [job(1, photo("a"), { refused: "no" }), job(2, action("a"))], null],
    ["and no other one", [job(1, photo("a"), { refused: "no" }), job(2, action("a")), job(3, action("b"))], "k3"],
    ["an incident goes with its case", [job(1, photo("a"), { refused: "no" }), job(2, mend("i", "a"))], null],
    ["or by itself", [job(1, photo("a"), { refused: "no" }), job(2, mend("i", null))], "k2"],
  ])("%s", (_why, jobs, key) => {
    expect(nextOf(jobs, "han")?.key ?? null).toBe(key);
  });
});

describe("after an attempt", () => {
  const jobs = [job(1, photo("a")), job(2, photo("a")), job(3, action("a", ["k1", "k2"]))];

  it("a photo that was kept gives its id to the action that names it, in their order", () => {
    const kept = after(after(jobs, "k1", { is: "done", id: "P1" }), "k2", { is: "done", id: "P2" });
    expect(kept).toHaveLength(1);
    expect(kept[0]?.errand).toEqual({ kind: "action", case: "a", photos: [], body: { action: "handle", attachments: ["P1", "P2"] } });
  });

  it("a photo that is given up is named no more", () => {
    expect(dropped(jobs, "k1")[1]?.errand).toEqual({ kind: "action", case: "a", photos: ["k2"], body: { action: "handle" } });
  });

  it("no answer changes nothing", () => {
    expect(after(jobs, "k1", { is: "later", seconds: 2 })).toEqual(jobs);
    expect(after(jobs, "k1", { is: "login" })).toEqual(jobs);
  });

  it("what is refused says why, until somebody tries again", () => {
    const refused = after(jobs, "k1", { is: "refused", why: "the case is closed" });
    expect(refused[0]?.refused).toBe("the case is closed");
    expect(nextOf(refused, "han")).toBeNull();
    expect(retried(refused, "k1")).toEqual(jobs);
  });
});

describe("what an answer means", () => {
  it.each<[number, string, string]>([
    [401, "login", "the token ended"],
    [403, "refused", "not permitted"],
    [404, "refused", "not there any more"],
    [409, "refused", "somebody was faster, or the same key with other words"],
    [422, "refused", "another step is due by now"],
    [413, "refused", "too large"],
    [408, "later", "too slow"],
    [429, "later", "too many"],
    [500, "later", "a mistake of the hub may pass"],
    [503, "later", "the ledger is away"],
  ])("%i is %s (%s)", (status, is) => {
    expect(outcomeOf(status, "why", null, 0).is).toBe(is);
  });

  it("waits as long as it is asked to, and longer each time up to a minute", () => {
    expect(outcomeOf(429, "", 30, 0)).toEqual({ is: "later", seconds: 30 });
    expect([0, 1, 2, 3, 4, 5, 6, 50].map(waitOf)).toEqual([2, 4, 8, 16, 32, 60, 60, 60]);
  });
});

it("how much waits, of one person and of one case", () => {
  const jobs = [job(1, photo("a")), job(2, action("a")), job(3, mend("i", null), { refused: "no" }), job(4, photo("b"), { user: "fay" })];
  expect(waitingOf(jobs, "han")).toEqual({ photos: 1, others: 1, refused: 1, bytes: 4 });
  expect(waitingOf(jobs, "han", "i")).toEqual({ photos: 0, others: 0, refused: 1, bytes: 0 });
});
