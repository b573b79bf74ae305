/** In which order things are shown: what needs a person first. */
import { compare, isOpenCase, isOpenIncident } from "@/store/world";
import { type Case, type Clock, type Device, type DeviceState, type Incident, type Light, LIGHTS } from "@/types";

/** Incidents that are over, the one that ended last first. */
export function clearedIncidents(incidents: Iterable<Incident>): Incident[] {
  return [...incidents]
    .filter((each) => !isOpenIncident(each))
    .sort((a, b) => compare(endOf(b), endOf(a)) || compare(b.id, a.id));
}

/** Cases at work, the newest number first. */
export function openCases(cases: Iterable<Case>): Case[] {
  return [...cases].filter(isOpenCase).sort((a, b) => compare(b.number, a.number));
}

/** Cases that are over, the newest number first. */
export function closedCases(cases: Iterable<Case>): Case[] {
  return [...cases].filter((each) => !isOpenCase(each)).sort((a, b) => compare(b.number, a.number));
}

/** The light of a case now: the worst of its running clocks, null when no clock runs. */
export function lightOf(each: Case, now: number): Light | null {
  if (each.state !== "open") return null;
  const lights = each.clocks
    .filter((clock) => !clock.paused && !clock.done_at)
    .flatMap((clock) => [clock.light, lightNow(clock, now)]);
  return LIGHTS.find((light) => lights.includes(light)) ?? null;
}

// Time passes without an event: what was green turns yellow and red at the moments the hub named.
function lightNow(clock: Clock, now: number): Light {
  if (reached(clock.due_at, now, true)) return "red";
  return reached(clock.yellow_at, now, false) ? "yellow" : clock.light;
}

function reached(moment: string | null, now: number, past: boolean): boolean {
  const at = moment === null ? Number.NaN : Date.parse(moment);
  return past ? now > at : now >= at;
}

const WORST_FIRST: readonly DeviceState[] = ["offline", "unknown", "stale", "degraded", "online"];

/** Devices with a trouble first, then by id; silence and ignorance are troubles. */
export function byTrouble(devices: Iterable<Device>): Device[] {
  return [...devices].sort(
    (a, b) => WORST_FIRST.indexOf(a.state) - WORST_FIRST.indexOf(b.state) || compare(a.id, b.id),
  );
}

/** Cameras, always at the same place of the wall. */
export function cameras(devices: Iterable<Device>): Device[] {
  return [...devices].filter((each) => each.kind === "camera").sort((a, b) => compare(a.id, b.id));
}

function endOf(incident: Incident): string {
  return incident.cleared_at ?? incident.updated_at;
}
