import type { RouteRecordRaw } from "vue-router";
import { describe, expect, it } from "vitest";

import { zh } from "@/locales/zh";
import { headings, homeOf, isFor, ROUTES } from "@/router";

function visitor(role: string, ...rights: string[]): { role: string; may: (right: string) => boolean } {
  return { role, may: (right) => rights.includes(right) };
}

const component = { render: (): null => null };
const PAGES: RouteRecordRaw[] = [
  { path: "/b", component, meta: { nav: { word: "b", order: 2 }, may: ["case.read"], home: ["handler"] } },
  { path: "/a", component, meta: { nav: { word: "a", order: 1 } } },
  { path: "/a/:id", component, meta: { roles: ["auditor"] } },
];

describe("who gets to see a page", () => {
  it("needs every right it names, and a role it names", () => {
    expect(isFor(PAGES[0]?.meta, visitor("handler", "case.read"))).toBe(true);
    expect(isFor(PAGES[0]?.meta, visitor("handler"))).toBe(false);
    expect(isFor(PAGES[2]?.meta, visitor("handler", "case.read"))).toBe(false);
    expect(isFor(undefined, visitor("handler"))).toBe(true);
  });

  it("the header has those pages only, in their order", () => {
    expect(headings(PAGES, visitor("handler", "case.read")).map((each) => each.path)).toEqual(["/a", "/b"]);
    expect(headings(PAGES, visitor("handler")).map((each) => each.word)).toEqual(["a"]);
  });

  it("work begins at the role's page, as far as the role may see it", () => {
    expect(homeOf(PAGES, visitor("handler", "case.read"))).toBe("/b");
    expect(homeOf(PAGES, visitor("handler"))).toBe("/");
    expect(homeOf(PAGES, visitor("auditor", "case.read"))).toBe("/");
  });
});

describe("the pages there are", () => {
  it("have a word each in the header, and a path of their own", () => {
    const everything = { role: "operator", may: (): boolean => true };
    const words = headings(ROUTES, everything).map((each) => each.word);
    expect(words).toEqual(expect.arrayContaining(["desk", "room"]));
    expect(words.filter((each) => !(each in zh.nav))).toEqual([]);
    const paths = ROUTES.map((each) => each.path);
    expect(new Set(paths).size).toBe(paths.length);
  });

  it("have addresses that the hub takes for pages, not for files", () => {
    expect(ROUTES.filter((each) => each.path.includes("."))).toEqual([]);
  });
});
