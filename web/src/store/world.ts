/**
 * The world: what the hub has told us so far, and how one event changes it. Nothing here waits, asks or draws.
 *
 * An event carries the whole noun as of its commit, so applying it is putting it in place. Numbers rise but may
 * leave gaps (what one may not see); a number that is not higher than the last is a repetition and is dropped.
 */
import { graver } from "@/store/gravity";
import { compare, replaced } from "@/store/sorted";
import type { Case, Device, HubEvent, Incident } from "@/types";

export { compare };

export interface World {
  /** Number of the newest event in here. */
  readonly seq: number;
  readonly incidents: ReadonlyMap<string, Incident>;
  /** Those of them that are open, the gravest first: kept in order, since there may be very many. */
  readonly open: readonly Incident[];
  readonly cases: ReadonlyMap<string, Case>;
  readonly devices: ReadonlyMap<string, Device>;
  /** Rises when the registry changed: names and places have to be asked for again. */
  readonly registry: number;
}

/** How many finished incidents and cases are kept on the page, newest first. */
export const KEPT = 100;

export const EMPTY: World = {
  seq: 0,
  incidents: new Map(),
  open: [],
  cases: new Map(),
  devices: new Map(),
  registry: 0,
};

/** What came in lists, as of event `seq` or later. */
export interface Lists {
  incidents?: readonly Incident[];
  cases?: readonly Case[];
  devices?: readonly Device[];
}

const NONE: ReadonlySet<string> = new Set();

/**
 * The world with the rows of some lists added; a row that is already known newer stays, and so does, or stays away,
 * what events have `told` of while the list was on its way: whatever else happened to it, events tell that too.
 */
export function withLists(world: World, lists: Lists, told: ReadonlySet<string> = NONE): World {
  const listed = untold(lists.incidents, told);
  const incidents = merge(world.incidents, listed, newerIncident);
  return {
    ...world,
    incidents,
    open: stillOpen(world, incidents, listed),
    cases: merge(world.cases, untold(lists.cases, told), newerCase),
    devices: merge(world.devices, untold(lists.devices, told)),
  };
}

/**
 * The world with its devices as listed. Rates and times of the last data are in lists only, not in events; a device
 * that an event changed since `asked` (the devices when the list was asked for) stays as the event said.
 */
export function withDevices(world: World, asked: ReadonlyMap<string, Device>, listed: readonly Device[]): World {
  const devices = new Map<string, Device>();
  for (const each of listed) {
    const now = world.devices.get(each.id);
    devices.set(each.id, now !== undefined && now !== asked.get(each.id) ? now : each);
  }
  return { ...world, devices };
}

/** The world after these events, in the order they were sent. */
export function apply(world: World, events: readonly HubEvent[]): World {
  let seq = world.seq;
  let registry = world.registry;
  const incidents: Incident[] = [];
  const cases: Case[] = [];
  const devices: Device[] = [];
  for (const event of events) {
    if (event.seq <= seq) continue;
    seq = event.seq;
    switch (event.type) {
      case "incident.raised":
      case "incident.updated":
      case "incident.cleared":
        incidents.push(event.data);
        break;
      case "case.opened":
      case "case.changed":
        cases.push(event.data);
        break;
      case "device.changed":
        devices.push(event.data);
        break;
      case "registry.changed":
        registry += 1;
        break;
      case "broadcast.changed":
        break;
    }
  }
  if (seq === world.seq) return world;
  const merged = merge(world.incidents, incidents, newerIncident);
  const open = stillOpen(world, merged, incidents);
  return {
    seq,
    registry,
    incidents:
      merged.size - open.length > KEPT * 1.5 ? trim(merged, isOpenIncident, (each) => each.updated_at) : merged,
    open,
    cases: cases.length === 0 ? world.cases : trim(merge(world.cases, cases, newerCase), isOpenCase, (each) => each.opened_at),
    devices: merge(world.devices, devices),
  };
}

export function isOpenIncident(incident: Incident): boolean {
  return incident.state === "open";
}

export function isOpenCase(each: Case): boolean {
  return each.state === "open" || each.state === "paused";
}

/** The open incidents in their order, where these were told of. */
function stillOpen(
  before: World,
  after: ReadonlyMap<string, Incident>,
  told: readonly Incident[],
): readonly Incident[] {
  const gone: Incident[] = [];
  const come: Incident[] = [];
  for (const id of new Set(told.map((each) => each.id))) {
    const was = before.incidents.get(id);
    const now = after.get(id);
    if (was === now) continue;
    if (was !== undefined && isOpenIncident(was)) gone.push(was);
    if (now !== undefined && isOpenIncident(now)) come.push(now);
  }
  return replaced(before.open, gone, come, graver);
}

function untold<T extends { id: string }>(rows: readonly T[] = [], told: ReadonlySet<string>): readonly T[] {
  return told.size === 0 ? rows : rows.filter((each) => !told.has(each.id));
}

// A list may be newer than the first events that follow it: an older row never overwrites a newer one.
function newerIncident(known: Incident, told: Incident): boolean {
  return told.updated_at >= known.updated_at;
}

function newerCase(known: Case, told: Case): boolean {
  return told.version >= known.version;
}

function merge<T extends { id: string }>(
  known: ReadonlyMap<string, T>,
  told: readonly T[],
  fresher: (known: T, told: T) => boolean = () => true,
): ReadonlyMap<string, T> {
  if (told.length === 0) return known;
  const merged = new Map(known);
  for (const each of told) {
    const before = merged.get(each.id);
    if (before === undefined || fresher(before, each)) merged.set(each.id, each);
  }
  return merged;
}

/** Forgets the oldest finished rows, some at a time. */
function trim<T extends { id: string }>(
  rows: ReadonlyMap<string, T>,
  open: (row: T) => boolean,
  at: (row: T) => string,
): ReadonlyMap<string, T> {
  const finished = [...rows.values()].filter((row) => !open(row));
  if (finished.length <= KEPT * 1.5) return rows;
  finished.sort((a, b) => compare(at(b), at(a)));
  const trimmed = new Map(rows);
  for (const each of finished.slice(KEPT)) trimmed.delete(each.id);
  return trimmed;
}
