/** What the hub sends: the frozen names of its HTTP and websocket interface. Instants are RFC 3339 with `Z`. */

export type Lang = "zh" | "en";

/** One sentence in both languages, or a name that was given in one only. */
export type Text = string | { zh: string; en: string };

export const SEVERITIES = ["life", "critical", "major", "minor", "info"] as const;
export type Severity = (typeof SEVERITIES)[number];

export const DEVICE_STATES = ["online", "offline", "stale", "degraded", "unknown"] as const;
export type DeviceState = (typeof DEVICE_STATES)[number];

export const DEVICE_KINDS = ["camera", "sensor", "gateway", "speaker"] as const;
export type DeviceKind = (typeof DEVICE_KINDS)[number];

export const LIGHTS = ["red", "yellow", "green"] as const;
export type Light = (typeof LIGHTS)[number];

export type EvidenceState = "none" | "pending" | "ready" | "expired";

export interface Evidence {
  snapshot: EvidenceState;
  clip: EvidenceState;
  sha256?: Record<string, string>;
}

export interface Incident {
  id: string;
  kind: string;
  condition: string;
  /** Site id, `site/zone_name`, or the device id for device health. */
  place: string;
  severity: Severity;
  site: string | null;
  area: string | null;
  devices: string[];
  rules: string[];
  state: "open" | "cleared";
  stale: boolean;
  /** It comes and goes, and ends only after a calm time. */
  flapping: boolean;
  acked: boolean;
  raised_at: string;
  updated_at: string;
  cleared_at: string | null;
  value: number | boolean | null;
  limit: number | boolean | null;
  count: number;
  certainty: number | null;
  evidence: Evidence | null;
  case: string | null;
  explanation: Text;
  acked_by?: string | null;
  /** Until when somebody's having seen it counts. */
  ack_until?: string | null;
  ack_note?: string | null;
  /** A person's word on whether it was true; null: nobody has said. */
  verdict?: boolean | null;
  verdict_by?: string | null;
  verdict_reason?: string | null;
  mended_at?: string | null;
  mended_by?: string | null;
  mended_note?: string | null;
  /** Silences under which nobody is told of it. */
  silenced_by?: string[];
}

/** What to do about an incident and whom to call; a telephone number by right only. */
export interface Guide {
  plan: { id: string; name: Text; steps: Text[]; source: string } | null;
  contacts: { duty: string; name: string; phone?: string | null }[];
  /** Who was told of it; by right only. */
  notices?: Told[];
}

/** One notice of an incident. */
export interface Told {
  id: string;
  why: string;
  at: string;
  /** A unit, or a person on duty; null where the reader may not know who. */
  addressee: string | null;
  channels: { channel: string; done_at: string | null }[];
}

export const OPEN_CASE_STATES = ["open", "paused"] as const;
export type CaseState = "open" | "paused" | "closed" | "false_alarm" | "cancelled" | "merged";

export interface Clock {
  step: string;
  /** `30m`, `4h`, `2wd`. */
  limit: string | null;
  yellow_at: string | null;
  due_at: string | null;
  light: Light;
  paused: boolean;
  done_at?: string | null;
}

export interface Case {
  id: string;
  number: string;
  workflow: string;
  step: string | null;
  state: CaseState;
  kind: string;
  /** The condition, for cases that an incident opened. */
  category: string | null;
  severity: Severity | null;
  area: string | null;
  site: string | null;
  unit: string | null;
  units: string[];
  incidents: string[];
  opened_at: string;
  clocks: Clock[];
  version: number;
  /** `hub`: opened by an incident; otherwise somebody reported it. */
  source: string;
  /** One line, as the reporter wrote it. */
  title: string;
  /** Of the incident that opened it. */
  explanation?: Text | null;
  /** Its number at the source. */
  external_id?: string | null;
}

export interface Device {
  id: string;
  kind: DeviceKind;
  site: string | null;
  name: Text | null;
  state: DeviceState;
  /** A short slug; null or empty while there is nothing to explain. */
  reason: string | null;
  since: string | null;
  last_seen: string | null;
  received_fps?: number | null;
  decoded_fps?: number | null;
  analysed_fps?: number | null;
  gate?: "quiet" | "open" | null;
  sampling?: { target_fps: number | null; actual_fps: number | null; reason: string | null } | null;
}

/** What one loudspeaker node answered. */
export interface BroadcastNode {
  device: string;
  state: string;
  reason?: string | null;
}

/** A text that village loudspeakers say. */
export interface Broadcast {
  id: string;
  text: string;
  /** 1 gravest … 4. */
  level: number;
  drill: boolean;
  created_by: string;
  created_at: string;
  /** Percent of the nodes that said it. */
  coverage: number;
  nodes: BroadcastNode[];
}

export interface Site {
  id: string;
  area: string;
  kind: string;
  name: Text | null;
}

export interface Area {
  id: string;
  parent?: string | null;
  level: string;
  name: Text | null;
  timezone?: string | null;
}

export interface Unit {
  id: string;
  name: Text | null;
}

export interface Rule {
  id: string;
  kind: string;
  quantity?: string | null;
  name?: Text | null;
}

export interface Page<T> {
  items: T[];
  next: string | number | null;
}

interface Logged<Type extends string, Data> {
  seq: number;
  type: Type;
  at: string;
  data: Data;
}

/** One row of the hub's event log. Rows of other nouns pass through and only move `seq` on. */
export type HubEvent =
  | Logged<"incident.raised" | "incident.updated" | "incident.cleared", Incident>
  | Logged<"case.opened" | "case.changed", Case>
  | Logged<"device.changed", Device>
  | Logged<"registry.changed", unknown>
  | Logged<"broadcast.changed", Broadcast>;

/** Says that the line is alive, and how far the log reaches. It has no `seq` and is no row. */
export interface Heartbeat {
  type: "heartbeat";
  head: number;
  at: string;
}

/** Who is looking, and what that allows. */
export interface Session {
  name: string;
  role: string;
  readOnly: boolean;
  /** `incident.read`, `camera.picture`, … */
  rights: ReadonlySet<string>;
}
