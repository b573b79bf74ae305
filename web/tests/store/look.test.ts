import { describe, expect, it } from "vitest";

import { blinded, lookOf } from "@/store/look";
import type { Device } from "@/types";

import { device, incident } from "../examples";

function camera(over: Partial<Device>): Device {
  return device({ id: "cam-1", kind: "camera", ...over });
}

function sampled(reason: string | null): Partial<Device> {
  return { sampling: { target_fps: 2, actual_fps: 1, reason } };
}

describe("what a camera can be trusted to see", () => {
  it.each([
    ["it looks and something moves", { gate: "open" }, "watching", ""],
    ["it looks and nothing moves", { gate: "quiet", ...sampled("quiet") }, "quiet", ""],
    ["it is overloaded, quiet as it may seem", { gate: "quiet", ...sampled("overloaded") }, "overloaded", "overloaded"],
    ["it is behind", sampled("catching-up"), "overloaded", "catching-up"],
    ["others go before it", sampled("thinned"), "less", "thinned"],
    ["it looks elsewhere", { state: "degraded", reason: "off-preset" }, "less", "off-preset"],
    ["its model cannot be used", { state: "degraded", reason: "model-failed", ...sampled("model-failed") }, "blind", "model-failed"],
    ["no data comes", { state: "stale", reason: "no-data" }, "blind", "no-data"],
    ["it is away", { state: "offline", reason: "refused", gate: "quiet" }, "away", "refused"],
    ["nobody knows", { state: "unknown", reason: "worker-lost" }, "away", "worker-lost"],
  ] as const)("%s", (_, over, look, reason) => {
    expect(lookOf(camera(over), new Map())).toEqual({ look, reason, condition: "" });
  });

  it("a covered lens is blind as long as that incident is open, whatever its rates say", () => {
    const covered = incident({ condition: "camera-covered", devices: ["cam-1"] });
    const quiet = camera({ gate: "quiet" });
    expect(lookOf(quiet, blinded([covered]))).toEqual({ look: "blind", reason: "", condition: "camera-covered" });
    expect(lookOf(quiet, blinded([{ ...covered, state: "cleared" }])).look).toBe("quiet");
    expect(lookOf(quiet, blinded([{ ...covered, condition: "smoking" }])).look).toBe("quiet");
  });
});
