/** Names of things in the language of the reader; an id stands where no name was given or may be seen. */
import type { Area, Case, Incident, Lang, Rule, Site, Text, Unit } from "@/types";

/** What names need to be known for; asked for again when the registry changes. */
export interface Directory {
  areas: ReadonlyMap<string, Area>;
  sites: ReadonlyMap<string, Site>;
  units: ReadonlyMap<string, Unit>;
  rules: ReadonlyMap<string, Rule>;
}

export const NOBODY: Directory = { areas: new Map(), sites: new Map(), units: new Map(), rules: new Map() };

export const DEFAULT_ZONE = "Asia/Shanghai";

/** The words of a text in one language, or the fallback when it has none. */
export function say(text: Text | null | undefined, lang: Lang, fallback = ""): string {
  if (text === null || text === undefined) return fallback;
  if (typeof text === "string") return text === "" ? fallback : text;
  const [first, second] = lang === "zh" ? [text.zh, text.en] : [text.en, text.zh];
  return first || second || fallback;
}

/** The area at the top of what the reader sees: its parent is not among them. */
export function topArea(areas: ReadonlyMap<string, Area>): Area | null {
  for (const area of areas.values()) {
    if (area.parent === null || area.parent === undefined || !areas.has(area.parent)) return area;
  }
  return null;
}

/** The county's time zone, inherited from the top. */
export function zoneOf(areas: ReadonlyMap<string, Area>): string {
  const zone = topArea(areas)?.timezone;
  return zone !== null && zone !== undefined && known(zone) ? zone : DEFAULT_ZONE;
}

/** Site and zone of a place, as far as there are any. */
export function placeOf(incident: Incident): { site: string | null; zone: string | null } {
  const slash = incident.place.indexOf("/");
  if (slash > 0) return { site: incident.place.slice(0, slash), zone: incident.place.slice(slash + 1) };
  return { site: incident.site ?? incident.place, zone: null };
}

/** The quantity an incident is about, where one of its rules names one. */
export function quantityOf(incident: Incident, rules: ReadonlyMap<string, Rule>): string | null {
  for (const id of incident.rules) {
    const quantity = rules.get(id)?.quantity;
    if (quantity !== null && quantity !== undefined) return quantity;
  }
  return null;
}

export interface Measure {
  value: number;
  limit: number | null;
  /** `length`: both are seconds. */
  as: "length" | "number";
  quantity: string | null;
}

const LENGTHS = new Set(["exposure", "held", "silence", "state-too-long"]);
const COUNTS = new Set(["presence", "repeated"]);

/**
 * The deciding value, where it tells a reader more than the explanation does: a count of things seen or a
 * true/false does not.
 */
export function measureOf(
  incident: Incident,
  rules: ReadonlyMap<string, Rule>,
  units: Readonly<Record<string, string>>,
): Measure | null {
  if (typeof incident.value !== "number" || COUNTS.has(incident.kind)) return null;
  const limit = typeof incident.limit === "number" ? incident.limit : null;
  if (LENGTHS.has(incident.kind)) return { value: incident.value, limit, as: "length", quantity: null };
  const quantity = quantityOf(incident, rules);
  if (quantity === null ? limit === null : !Object.hasOwn(units, quantity)) return null;
  return { value: incident.value, limit, as: "number", quantity };
}

/** The condition a case is about, for cases that an incident opened; a reporter's own words are in its title. */
export function conditionOf(each: Case, incidents: ReadonlyMap<string, Incident>): string | null {
  if (each.source !== "hub") return null;
  if (each.category) return each.category;
  for (const id of each.incidents) {
    const incident = incidents.get(id);
    if (incident !== undefined) return incident.condition;
  }
  return null;
}

/** `person-after-hours` → `person after hours`: readable where no word is known. */
export function readable(id: string): string {
  return id.replaceAll(/[-_]+/g, " ");
}

function known(zone: string): boolean {
  try {
    new Intl.DateTimeFormat("en", { timeZone: zone });
    return true;
  } catch {
    return false;
  }
}
