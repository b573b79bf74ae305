/** The shift of a room as the hub tells it, and what may be done with it. Pure. */
import type { Incident, Light, Severity } from "@/types";

export interface ShiftNote {
  seq: number;
  at: string;
  who: string;
  text: string;
}

export interface Shift {
  id: string;
  area: string;
  /** `offered`: who goes has signed, and who comes has not. */
  state: "open" | "offered" | "handed-over" | "left";
  holder: string;
  opened_at: string;
  offered_at: string | null;
  /** Of what was signed: who comes signs the same. */
  digest: string | null;
  taken_by: string | null;
  ended_at: string | null;
  without_handover: boolean;
  reason: string;
  notes: ShiftNote[];
  offer: { matters: Matters; notes: ShiftNote[]; outgoing: { who: string; at: string; note: string } } | null;
}

export type MatterIncident = Pick<Incident, "id" | "condition" | "place" | "severity" | "raised_at" | "acked" | "stale" | "case">;

export interface MatterCase {
  id: string;
  number: string;
  category: string | null;
  kind: string;
  severity: Severity | null;
  step: string | null;
  light: Light | "none";
}

/** What is to be handed over. */
export interface Matters {
  as_of: string;
  since: string;
  incidents: {
    open: number;
    unacknowledged: number;
    stale: number;
    by_severity: Partial<Record<Severity, number>>;
    items: MatterIncident[];
  };
  cases: { live: number; paused: number; by_light: Partial<Record<Light | "none", number>>; items: MatterCase[] };
  silences: { id: string; reason: string; ends_at: string }[];
  devices: { device: string; state: string; reason: string | null }[];
  happened: Record<"raised" | "cleared" | "acknowledged" | "judged" | "opened" | "closed", number>;
}

export interface Current {
  area: string;
  name: { zh: string; en: string };
  kept: boolean;
  shift: Shift | null;
  matters: Matters;
}

/**
 * What somebody may do with the room now: `begin` it where nobody keeps it; `note` and `sign` as who keeps it;
 * `take` what was signed by somebody else, in the own session or, at the screen of who goes, by the own password;
 * `force` it where who keeps it is gone and has not signed.
 */
export type ShiftAct = "begin" | "note" | "sign" | "take" | "force";

export function shiftActs(shift: Shift | null, me: string): readonly ShiftAct[] {
  if (shift === null) return ["begin"];
  if (shift.holder === me) return shift.state === "offered" ? ["note", "sign", "take"] : ["note", "sign"];
  return shift.state === "offered" ? ["note", "take"] : ["note", "force"];
}

/** Who is on duty in a roster now. */
export interface Roster {
  id: string;
  unit: string;
  on_duty: { users: string[]; people: number; until: string } | null;
}

export interface Duty {
  items: Roster[];
  room: { present: { name: string | null; role: string }[] };
}
