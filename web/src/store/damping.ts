/** What rules no longer see at some spots, because somebody judged it false; and how often rules were right. */
import type { Severity } from "@/types";

/** One thing that a rule no longer sees, as the hub lists it. */
export interface Damping {
  id: string;
  incident: string;
  rule: string;
  device: string;
  label: string;
  at: string;
  expires_at: string;
  created_by: string;
  state: "active" | "over";
}

/** A raise that would not have been. */
export interface LostRaise {
  incident: string;
  /** Where the raises are of several cameras. */
  device?: string;
  at: string;
  verdict: boolean | null;
}

/** What a changed rule would have done: `POST /rules/replay`. */
export interface Replay {
  raises: number;
  kept: number;
  lost: LostRaise[];
  partly: LostRaise[];
  /** Of those lost or partly lost, judged true. */
  true: number;
}

/** What damping an incident would mean: `POST /dampings/try`. */
export interface Proposal {
  rule: string;
  device: string;
  expires_at: string;
  damps: { label: string }[];
  lost: LostRaise[];
  partly: LostRaise[];
  kept: number;
  /** Of those lost or partly lost, judged true. */
  true: number;
}

/** One rule in one week: `GET /precision`. */
export interface Week {
  week: string;
  first: string;
  raised: number;
  true: number;
  false: number;
}

/** Whether somebody with the right may damp it: judged false, not about life safety, and a camera saw it. */
export function mayDamp(severity: Severity, verdict: boolean | null | undefined, cameras: number): boolean {
  return verdict === false && severity !== "life" && cameras > 0;
}

/** Judged true of judged over some weeks, in per cent; null where nobody judged. */
export function precisionOf(weeks: readonly Week[]): number | null {
  let right = 0;
  let judged = 0;
  for (const each of weeks) {
    right += each.true;
    judged += each.true + each.false;
  }
  return judged === 0 ? null : Math.round((100 * right) / judged);
}
