import { expect, it } from "vitest";

import { countsOf } from "@/store/counts";
import { EMPTY, withLists } from "@/store/world";

import { caseOf, device, incident } from "../examples";

it("counts what is open, and never a silent or unknown device as online", () => {
  const world = withLists(EMPTY, {
    incidents: [
      incident({ id: "1", severity: "life", acked: true }),
      incident({ id: "2", severity: "minor", stale: true }),
      incident({ id: "3", severity: "minor", state: "cleared" }),
    ],
    cases: [
      caseOf({
        id: "1",
        clocks: [{ step: "accept", limit: "1h", yellow_at: "2026-11-22T10:45:00.000Z", due_at: "2026-11-22T07:00:00.000Z", light: "green", paused: false }],
      }),
      caseOf({ id: "2", state: "closed" }),
      caseOf({ id: "3", state: "paused" }),
    ],
    devices: [
      device({ id: "a", kind: "camera" }),
      device({ id: "b", kind: "camera", state: "unknown" }),
      device({ id: "c", state: "stale" }),
      device({ id: "d" }),
    ],
  });
  const counts = countsOf(world, Date.parse("2026-11-22T08:00:00.000Z"));
  expect(counts.incidents).toEqual({ life: 1, critical: 0, major: 0, minor: 1, info: 0 });
  expect([counts.open, counts.unacked, counts.stale]).toEqual([2, 1, 1]);
  expect([counts.cases, counts.lights.red]).toEqual([2, 1]);
  expect(counts.devices.camera).toEqual({ online: 1, total: 2 });
  expect(counts.devices.sensor).toEqual({ online: 1, total: 2 });
  expect(counts.troubled).toBe(2);
});
