import { describe, expect, it } from "vitest";

import { camerasOf, hearersOf } from "@/store/near";
import type { Area, Device, Site } from "@/types";

import { device, incident } from "../examples";

function devices(...all: [id: string, kind: Device["kind"], site: string][]): ReadonlyMap<string, Device> {
  return new Map(all.map(([id, kind, site]) => [id, device({ id, kind, site })]));
}

const AREAS = new Map<string, Area>([
  ["county", { id: "county", parent: null, level: "county", name: "县" }],
  ["east", { id: "east", parent: "county", level: "town", name: "东" }],
]);
function site(id: string, area: string): [string, Site] {
  return [id, { id, area, kind: "village", name: id }];
}

const SITES = new Map([site("school-1", "east"), site("village-1", "east"), site("village-2", "county")]);

it("an incident's own cameras come first, then those of its site, none of another's", () => {
  const known = devices(["b", "camera", "school-1"], ["a", "camera", "school-1"], ["gas", "sensor", "school-1"], ["x", "camera", "y"]);
  const seen = incident({ devices: ["gas", "b"], site: "school-1" });
  expect(camerasOf(seen, known).map((each) => each.id)).toEqual(["b", "a"]);
  expect(camerasOf(incident({ devices: [], site: null, place: "elsewhere" }), known)).toEqual([]);
});

describe("who hears a text", () => {
  it("the site first, then wider places as long as they reach more loudspeakers", () => {
    const known = devices(["s1", "speaker", "school-1"], ["s2", "speaker", "village-1"], ["s3", "speaker", "village-2"]);
    const heard = hearersOf(incident({ site: "school-1", area: "east" }), known, SITES, AREAS);
    expect(heard.map((each) => [each.site ?? each.area, each.speakers.length])).toEqual([["school-1", 1], ["east", 2], ["county", 3]]);
  });

  it("a place without own loudspeakers is reached by the wider one", () => {
    const heard = hearersOf(incident({ site: "school-1", area: "east" }), devices(["s", "speaker", "village-2"]), SITES, AREAS);
    expect(heard).toEqual([{ site: null, area: "county", speakers: ["s"] }]);
  });

  it("nobody, where there are none", () => {
    expect(hearersOf(incident(), devices(["cam", "camera", "school-1"]), SITES, AREAS)).toEqual([]);
  });
});
