/** Values for tests: whole and believable, with what a test cares about replaced. */
import type { Case, Device, HubEvent, Incident } from "@/types";

export function incident(over: Partial<Incident> = {}): Incident {
  return {
    id: "01J0000000000000000000000A",
    kind: "threshold",
    condition: "gas-level",
    place: "school-1",
    severity: "major",
    site: "school-1",
    area: "east",
    devices: ["school-1-gas"],
    rules: ["gas"],
    state: "open",
    stale: false,
    flapping: false,
    acked: false,
    raised_at: "2026-11-22T08:00:00.000Z",
    updated_at: "2026-11-22T08:00:00.000Z",
    cleared_at: null,
    value: 32,
    limit: 20,
    count: 1,
    certainty: 1,
    evidence: { snapshot: "none", clip: "none" },
    case: null,
    explanation: { zh: "超过限值", en: "above the limit" },
    ...over,
  };
}

export function caseOf(over: Partial<Case> = {}): Case {
  return {
    id: "01J0000000000000000000000C",
    number: "2026-000001",
    workflow: "seven-step",
    step: "accept",
    state: "open",
    kind: "threshold",
    category: null,
    severity: "major",
    area: "east",
    site: "school-1",
    unit: null,
    units: [],
    incidents: [],
    opened_at: "2026-11-22T08:00:00.000Z",
    clocks: [],
    version: 1,
    source: "hub",
    title: "",
    ...over,
  };
}

export function device(over: Partial<Device> = {}): Device {
  return {
    id: "school-1-gas",
    kind: "sensor",
    site: "school-1",
    name: { zh: "燃气探测器", en: "Gas detector" },
    state: "online",
    reason: "",
    since: "2026-11-22T07:00:00.000Z",
    last_seen: "2026-11-22T08:00:00.000Z",
    ...over,
  };
}

const AT = "2026-11-22T08:00:00.000Z";

export function raised(seq: number, over: Partial<Incident> = {}): HubEvent {
  return { seq, type: "incident.raised", at: AT, data: incident(over) };
}

export function updated(seq: number, over: Partial<Incident> = {}): HubEvent {
  return { seq, type: "incident.updated", at: AT, data: incident(over) };
}

export function cleared(seq: number, over: Partial<Incident> = {}): HubEvent {
  return {
    seq,
    type: "incident.cleared",
    at: AT,
    data: incident({ state: "cleared", cleared_at: "2026-11-22T08:05:00.000Z", updated_at: "2026-11-22T08:05:00.000Z", ...over }),
  };
}

export function opened(seq: number, over: Partial<Case> = {}): HubEvent {
  return { seq, type: "case.opened", at: AT, data: caseOf(over) };
}

export function changed(seq: number, over: Partial<Case> = {}): HubEvent {
  return { seq, type: "case.changed", at: AT, data: caseOf(over) };
}

export function deviceChanged(seq: number, over: Partial<Device> = {}): HubEvent {
  return { seq, type: "device.changed", at: AT, data: device(over) };
}

export function registryChanged(seq: number): HubEvent {
  return { seq, type: "registry.changed", at: AT, data: {} };
}
