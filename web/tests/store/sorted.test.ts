import { describe, expect, it } from "vitest";

import { compare, replaced } from "@/store/sorted";

interface Row {
  id: string;
}

const row = (id: string): Row => ({ id });
const order = (a: Row, b: Row): number => compare(a.id, b.id);
const [b, d, f] = [row("b"), row("d"), row("f")];

const table: { why: string; gone: Row[]; come: Row[]; then: string }[] = [
  { why: "nothing changes nothing", gone: [], come: [], then: "bdf" },
  { why: "what comes stands in its place", gone: [], come: [row("c")], then: "bcdf" },
  { why: "before all and behind all", gone: [], come: [row("z"), row("a")], then: "abdfz" },
  { why: "several between the same two", gone: [], come: [row("e"), row("c"), row("cc")], then: "bcccdef" },
  { why: "what goes leaves no gap", gone: [d], come: [], then: "bf" },
  { why: "all may go, in any order", gone: [f, b, d], come: [], then: "" },
  { why: "a row may be replaced by another one of another place", gone: [b], come: [row("g")], then: "dfg" },
  { why: "what was not there does not go", gone: [row("d"), row("x")], come: [], then: "bdf" },
];

describe("a list that is kept in order", () => {
  it.each(table)("$why", ({ gone, come, then }) => {
    const rows = [b, d, f];
    expect(replaced(rows, gone, come, order).map((each) => each.id).join("")).toBe(then);
    expect(rows).toEqual([b, d, f]);
  });

  it("stays the same object where nothing changes, so that nothing is drawn", () => {
    const rows = [b, d, f];
    expect(replaced(rows, [], [], order)).toBe(rows);
  });

  it("is what sorting all of it would give, whatever comes and goes", () => {
    let rows: readonly Row[] = [];
    let all: Row[] = [];
    for (let step = 0; step < 200; step += 1) {
      const come = [row(String((step * 7919) % 1009).padStart(4, "0")), row(`x${step}`)];
      const gone = all.filter((_, at) => (at * 31 + step) % 17 === 0);
      rows = replaced(rows, gone, come, order);
      all = [...all.filter((each) => !gone.includes(each)), ...come].sort(order);
      expect(rows).toEqual(all);
    }
  });
});
