/**
 * What a camera can be trusted to see now. A quiet camera looks and sees nothing move; a blind or overloaded one
 * does not look, and must never be taken for quiet.
 */
import type { Device, Incident } from "@/types";

/** From nothing to everything: no picture; a picture that shows nothing; not or seldom looked at; quiet; looking. */
export const LOOKS = ["away", "blind", "overloaded", "less", "quiet", "watching"] as const;
export type Look = (typeof LOOKS)[number];

export interface Seen {
  look: Look;
  /** A word of the locales' `reason` or `condition`; empty where there is nothing to explain. */
  reason: string;
  condition: string;
}

/** Conditions of cameras under which their picture is worth nothing. */
const BLINDING: ReadonlySet<string> = new Set([
  "camera-frozen",
  "camera-black",
  "camera-covered",
  "camera-blurred",
  "camera-moved",
]);

const OVERLOADED: ReadonlySet<string> = new Set(["overloaded", "catching-up"]);
const LESS: ReadonlySet<string> = new Set(["thinned", "source-slower"]);

/** The open incidents that say of a camera that it is blind, by camera. */
export function blinded(open: Iterable<Incident>): ReadonlyMap<string, string> {
  const found = new Map<string, string>();
  for (const each of open) {
    if (each.state !== "open" || !BLINDING.has(each.condition)) continue;
    for (const device of each.devices) found.set(device, each.condition);
  }
  return found;
}

export function lookOf(camera: Device, blind: ReadonlyMap<string, string>): Seen {
  const why = camera.reason ?? "";
  const sampling = camera.sampling?.reason ?? "";
  const seen = (look: Look, reason = "", condition = ""): Seen => ({ look, reason, condition });
  if (camera.state === "offline" || camera.state === "unknown") return seen("away", why);
  const condition = blind.get(camera.id);
  if (condition !== undefined) return seen("blind", "", condition);
  if (camera.state === "stale" || sampling === "model-failed") return seen("blind", why || sampling);
  if (why === "overloaded" || OVERLOADED.has(sampling)) return seen("overloaded", sampling || why);
  if (camera.state === "degraded") return seen("less", why);
  if (LESS.has(sampling)) return seen("less", sampling);
  return camera.gate === "quiet" ? seen("quiet") : seen("watching");
}
