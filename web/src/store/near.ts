/** What stands near an incident: its cameras, and the loudspeakers that reach the people there. Pure. */
import { placeOf } from "@/store/names";
import { compare } from "@/store/world";
import type { Area, Device, Incident, Severity, Site } from "@/types";

/** The incident's own cameras first, then the others of its site. */
export function camerasOf(incident: Incident, devices: ReadonlyMap<string, Device>): Device[] {
  const site = siteOf(incident);
  const own = incident.devices.flatMap((id) => devices.get(id) ?? []).filter(isCamera);
  const near = [...devices.values()].filter((each) => isCamera(each) && each.site === site && !own.includes(each));
  return [...own, ...(site === null ? [] : near.sort((a, b) => compare(a.id, b.id)))];
}

/** Where a text can be spoken: a site, or an area with everything below it. */
export interface Hearers {
  site: string | null;
  area: string | null;
  speakers: readonly string[];
}

/**
 * The places around an incident that have loudspeakers, the nearest first: its site, its area, the area above and so
 * on. A wider place that has no more loudspeakers is left out.
 */
export function hearersOf(
  incident: Incident,
  devices: ReadonlyMap<string, Device>,
  sites: ReadonlyMap<string, Site>,
  areas: ReadonlyMap<string, Area>,
): Hearers[] {
  const speakers = [...devices.values()].filter((each) => each.kind === "speaker");
  const found: Hearers[] = [];
  const add = (place: Omit<Hearers, "speakers">, heard: (device: Device) => boolean): void => {
    const ids = speakers.filter(heard).map((each) => each.id);
    if (ids.length > (found.at(-1)?.speakers.length ?? 0)) found.push({ ...place, speakers: ids });
  };
  const site = siteOf(incident);
  if (site !== null) add({ site, area: null }, (each) => each.site === site);
  let area = incident.area ?? (site === null ? null : (sites.get(site)?.area ?? null));
  for (let steps = 0; area !== null && steps < 12; steps += 1) {
    const here = area;
    add({ site: null, area: here }, (each) => within(sites.get(each.site ?? "")?.area ?? null, here, areas));
    area = areas.get(here)?.parent ?? null;
  }
  return found;
}

/** The level of a broadcast that fits an incident: 1 gravest … 4. */
export function levelOf(severity: Severity): number {
  return { life: 1, critical: 2, major: 3, minor: 4, info: 4 }[severity];
}

function siteOf(incident: Incident): string | null {
  return incident.site ?? placeOf(incident).site;
}

function isCamera(device: Device): boolean {
  return device.kind === "camera";
}

function within(area: string | null, above: string, areas: ReadonlyMap<string, Area>): boolean {
  for (let at = area, steps = 0; at !== null && steps < 12; at = areas.get(at)?.parent ?? null, steps += 1) {
    if (at === above) return true;
  }
  return false;
}
