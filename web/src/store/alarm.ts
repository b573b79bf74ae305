/**
 * What is to be heard in the room. Pure: the incidents come in, what sounds comes out.
 *
 * A new grave incident sounds once. One of life safety insists: it sounds again and again, muted or not, until
 * somebody who may acknowledge has done so. Whoever only looks hears it once.
 */
import type { Incident, Severity } from "@/types";

export const TONES = ["life", "critical", "major"] as const;
export type Tone = (typeof TONES)[number];

/** The tone of these incidents as far as they are not known yet; null when nothing new is to be heard. */
export function newTone(raised: readonly Incident[], known: ReadonlySet<string>): Tone | null {
  const fresh = raised.filter((each) => !known.has(each.id) && audible(each));
  const severities = new Set<Severity>(fresh.map((each) => each.severity));
  return TONES.find((tone) => severities.has(tone)) ?? null;
}

/** The incidents of life safety that nobody has acknowledged. */
export function insisting(open: readonly Incident[]): Incident[] {
  return open.filter((each) => each.severity === "life" && !each.acked && audible(each));
}

/** Nobody is told of what is silenced. */
function audible(incident: Incident): boolean {
  return incident.state === "open" && (incident.silenced_by ?? []).length === 0;
}
