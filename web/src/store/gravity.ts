/** Which of two incidents needs a person first. */
import { compare } from "@/store/sorted";
import { type Incident, SEVERITIES } from "@/types";

const RANK: ReadonlyMap<string, number> = new Map(SEVERITIES.map((severity, rank) => [severity, rank]));

/** The highest severity first, the newest first among equals; an order for `sort`. */
export function graver(a: Incident, b: Incident): number {
  return rank(a) - rank(b) || compare(b.raised_at, a.raised_at) || compare(b.id, a.id);
}

/** A severity that this page does not know yet is not to hide what it does know. */
function rank(incident: Incident): number {
  return RANK.get(incident.severity) ?? SEVERITIES.length;
}
