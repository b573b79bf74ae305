/** Kitchens as their pages need them: what is open and not corrected in time, values beyond limits, and curves. */
import { lightOf } from "@/store/order";
import { compare, isOpenCase, isOpenIncident } from "@/store/world";
import { type Case, type DeviceState, type Incident, SEVERITIES, type Severity, type Text } from "@/types";

/** The kinds of sites that are kitchens. */
export const KITCHENS: ReadonlySet<string> = new Set([
  "canteen-school",
  "canteen-care",
  "canteen-hospital",
  "central-kitchen",
  "catering",
]);

/** One kitchen in the hub's list, since its last working day. */
export interface KitchenRow {
  site: string;
  name: Text;
  area: string;
  since: string;
  raised: number;
  open: number;
  cases: number;
  minutes_beyond: number;
  silent: number;
  blind: number;
  to_clean: number;
}

/** What a rule says of one device, and for how long it was beyond that. */
export interface LimitRow {
  device: string;
  name: Text;
  rule: string;
  quantity: string;
  above: number | null;
  below: number | null;
  minutes: number;
  known_minutes: number;
  worst: number | null;
  latest: number | null;
}

export interface PastIncident {
  id: string;
  condition: string;
  name: Text;
  place: string;
  severity: Severity;
  state: "open" | "cleared";
  stale: boolean;
  acked: boolean;
  raised_at: string;
  cleared_at: string | null;
  minutes: number;
  case: string | null;
}

export interface SilentDevice {
  device: string;
  kind: string;
  name: Text;
  state: DeviceState;
  reason: string | null;
  since: string | null;
}

/** One kitchen since its last working day, or since a moment. */
export interface KitchenReport {
  site: string;
  name: Text;
  area: string;
  since: string;
  as_of: string;
  incidents: { raised: number; cleared: number; open: number; items: PastIncident[] };
  cases: { number: string; category: string; severity: Severity; state: string; step: string; unit: string | null; opened_at: string }[];
  limits: LimitRow[];
  silent: SilentDevice[];
  cameras: { blind: string[]; to_clean: string[] };
}

/** An incident of a kitchen, with what its keeper did. */
export interface KitchenIncident extends Incident {
  /** Since when it counts as not corrected in time, null while there is time. */
  not_mended_since?: string | null;
  mended_at?: string | null;
  mended_by?: string | null;
  mended_note?: string | null;
}

/** What stands beside the report of a kitchen, as of now. */
export interface KitchenNow {
  /** Open incidents of its own. */
  open: number;
  /** The gravest of them. */
  worst: Severity | null;
  /** Open, and not corrected in time by its keeper. */
  late: number;
  /** Its keeper says that they are corrected; nobody has closed them. */
  mended: number;
  /** Live cases beyond their limit. */
  overdue: number;
  /** Live cases. */
  cases: number;
}

const CALM: KitchenNow = { open: 0, worst: null, late: 0, mended: 0, overdue: 0, cases: 0 };

/** What is open now, kitchen by kitchen. */
export function kitchensNow(
  incidents: Iterable<KitchenIncident>,
  cases: Iterable<Case>,
  now: number,
): ReadonlyMap<string, KitchenNow> {
  const found = new Map<string, KitchenNow>();
  const at = (site: string): KitchenNow => {
    let here = found.get(site);
    if (here === undefined) {
      here = { ...CALM };
      found.set(site, here);
    }
    return here;
  };
  for (const each of incidents) {
    if (each.site === null || !isOpenIncident(each)) continue;
    const here = at(each.site);
    here.open += 1;
    if (here.worst === null || SEVERITIES.indexOf(each.severity) < SEVERITIES.indexOf(here.worst)) here.worst = each.severity;
    if (isLate(each)) here.late += 1;
    else if (each.mended_at) here.mended += 1;
  }
  for (const each of cases) {
    if (each.site === null || !isOpenCase(each)) continue;
    const here = at(each.site);
    here.cases += 1;
    if (lightOf(each, now) === "red") here.overdue += 1;
  }
  return found;
}

/** Whether the keeper of its site did not correct it in time. */
export function isLate(incident: KitchenIncident): boolean {
  return isOpenIncident(incident) && Boolean(incident.not_mended_since);
}

export interface Kitchen {
  row: KitchenRow;
  now: KitchenNow;
}

/** Kitchens in the order of need: what was not corrected in time, overdue cases, grave and open, beyond limits, silent. */
export function byNeed(rows: readonly KitchenRow[], now: ReadonlyMap<string, KitchenNow>): Kitchen[] {
  const rank = (worst: Severity | null): number => (worst === null ? SEVERITIES.length : SEVERITIES.indexOf(worst));
  return rows
    .map((row) => ({ row, now: now.get(row.site) ?? CALM }))
    .sort(
      (a, b) =>
        b.now.late - a.now.late ||
        b.now.overdue - a.now.overdue ||
        rank(a.now.worst) - rank(b.now.worst) ||
        b.now.open - a.now.open ||
        b.now.cases - a.now.cases ||
        b.row.minutes_beyond - a.row.minutes_beyond ||
        b.row.silent - a.row.silent ||
        compare(a.row.site, b.row.site),
    );
}

/** Whether nothing at all asks for somebody at a kitchen. */
export function isCalm({ row, now }: Kitchen): boolean {
  return now.open + now.cases + row.minutes_beyond + row.silent + row.blind + row.to_clean === 0;
}

/** The incidents of one kitchen that were raised since a moment or are open: late first, then the gravest, the newest. */
export function incidentsSince(incidents: Iterable<KitchenIncident>, site: string, since: number): KitchenIncident[] {
  return [...incidents]
    .filter((each) => each.site === site && (isOpenIncident(each) || Date.parse(each.raised_at) >= since))
    .sort(
      (a, b) =>
        Number(isOpenIncident(b)) - Number(isOpenIncident(a)) ||
        Number(isLate(b)) - Number(isLate(a)) ||
        SEVERITIES.indexOf(a.severity) - SEVERITIES.indexOf(b.severity) ||
        compare(b.raised_at, a.raised_at),
    );
}

/** What one device measures, with everything that rules say of it. */
export interface Curve {
  device: string;
  name: Text;
  quantity: string;
  limits: LimitRow[];
}

/** A curve for each device and quantity that a limit is about; those beyond theirs the longest first. */
export function curvesOf(limits: readonly LimitRow[]): Curve[] {
  const found = new Map<string, Curve>();
  for (const each of limits) {
    const key = `${each.device} ${each.quantity}`;
    const curve = found.get(key);
    if (curve === undefined) found.set(key, { device: each.device, name: each.name, quantity: each.quantity, limits: [each] });
    else curve.limits.push(each);
  }
  const minutes = (curve: Curve): number => Math.max(...curve.limits.map((each) => each.minutes));
  return [...found.values()].sort((a, b) => minutes(b) - minutes(a) || compare(a.device, b.device));
}

/** One value: seconds since 1970, as curves are drawn. */
export type Point = readonly [at: number, value: number];

export interface ReadingRow {
  device: string;
  quantity: string;
  value: number | boolean;
  at: string;
  quality?: string;
  /** Of a minute or an hour: the lowest and the highest. */
  low?: number;
  high?: number;
}

/** Readings as points in the order of their time, each moment once; what is no good number is left out. */
export function pointsOf(readings: Iterable<ReadingRow>, known: readonly Point[] = []): Point[] {
  const found = new Map<number, number>(known);
  for (const each of readings) {
    const at = Date.parse(each.at) / 1000;
    if (typeof each.value !== "number" || !Number.isFinite(each.value) || Number.isNaN(at)) continue;
    if (each.quality !== undefined && each.quality !== "good") continue;
    found.set(at, each.value);
  }
  return [...found].sort((a, b) => a[0] - b[0]);
}

/** A reading says what is until the next one, but never for longer than this (seconds): then nobody knows. */
export const HOLDS_S = 3600;

export interface Span {
  /** Minutes beyond the limit. */
  beyond: number;
  /** Minutes of which anything is known. */
  known: number;
  low: number | null;
  high: number | null;
  latest: number | null;
}

/** How long values were beyond `above` or `below` between two moments (seconds); exactly at a limit is not beyond. */
export function spanOf(
  points: readonly Point[],
  limit: { above: number | null; below: number | null },
  start: number,
  end: number,
): Span {
  let beyond = 0;
  let known = 0;
  let low: number | null = null;
  let high: number | null = null;
  let latest: number | null = null;
  points.forEach(([at, value], index) => {
    if (at >= end || at <= start - HOLDS_S) return;
    const until = Math.min(points[index + 1]?.[0] ?? end, at + HOLDS_S, end);
    const spoken = until - Math.max(at, start);
    latest = value;
    if (spoken <= 0) return;
    known += spoken;
    low = low === null ? value : Math.min(low, value);
    high = high === null ? value : Math.max(high, value);
    if (isBeyond(value, limit)) beyond += spoken;
  });
  return { beyond: minutes(beyond), known: minutes(known), low, high, latest };
}

export function isBeyond(value: number, limit: { above: number | null; below: number | null }): boolean {
  return (limit.above !== null && value > limit.above) || (limit.below !== null && value < limit.below);
}

function minutes(seconds: number): number {
  return Math.round(seconds / 6) / 10;
}

/** Where a rule saw a value going; `deviation` is how far from it the value may be. */
export interface Forecast {
  from: Point;
  to: Point;
  deviation: number;
}

/** As `POST /rules/try` tells it. */
export interface Tried {
  devices: { device: string; forecasts?: { from: [string, number]; to: [string, number]; deviation: number }[] }[];
}

export function forecastsOf(tried: Tried, device: string): Forecast[] {
  const found = tried.devices.find((each) => each.device === device)?.forecasts ?? [];
  return found.map(({ from, to, deviation }) => ({
    from: [Date.parse(from[0]) / 1000, from[1]],
    to: [Date.parse(to[0]) / 1000, to[1]],
    deviation,
  }));
}

/** Only the newest forecast is still about what will be; older ones are over once their time is. */
export function presentForecast(forecasts: readonly Forecast[], now: number): Forecast | null {
  return forecasts.filter((each) => each.to[0] > now).at(-1) ?? null;
}

/** null breaks a line; undefined is no value at this moment, and the line goes on. */
export type Column = (number | null | undefined)[];

/** Columns for a chart: moments, values, the forecast with its bounds, then each limit as a line. */
export interface ChartData {
  at: number[];
  values: Column;
  forecast: Column;
  low: Column;
  high: Column;
  limits: Column[];
}

/**
 * Columns of one curve between two moments. Where nobody knew anything for longer than a reading holds, the line is
 * broken (a null after the hold): no data is never drawn as a value.
 */
export function chartOf(
  points: readonly Point[],
  limits: readonly number[],
  forecast: Forecast | null,
  start: number,
  end: number,
): ChartData {
  const values = new Map<number, number | null | undefined>();
  const within = points.filter(([at]) => at >= start && at <= end);
  within.forEach(([at, value], index) => {
    values.set(at, value);
    const next = within[index + 1]?.[0] ?? end;
    if (next - at > HOLDS_S) values.set(at + HOLDS_S, null);
  });
  const ends = new Map<number, { value: number; spread: number }>();
  if (forecast !== null) {
    ends.set(forecast.from[0], { value: forecast.from[1], spread: 0 });
    ends.set(forecast.to[0], { value: forecast.to[1], spread: forecast.deviation });
  }
  for (const at of [start, end, ...ends.keys()]) if (!values.has(at)) values.set(at, undefined);
  const at = [...values.keys()].sort((a, b) => a - b);
  const seen = (sign: number): Column =>
    at.map((moment) => {
      const found = ends.get(moment);
      return found === undefined ? undefined : found.value + sign * found.spread;
    });
  return {
    at,
    values: at.map((moment) => values.get(moment)),
    forecast: seen(0),
    low: seen(-1),
    high: seen(1),
    limits: limits.map((limit) => at.map(() => limit)),
  };
}

/** Lowest and highest that a chart must show, with some room; all limits and a forecast among them. */
export function rangeOf(data: ChartData): [number, number] {
  const all = [...data.values, ...data.low, ...data.high, ...data.limits.map((each) => each[0])].filter((each) => typeof each === "number");
  if (all.length === 0) return [0, 1];
  const low = Math.min(...all);
  const high = Math.max(...all);
  const room = Math.max((high - low) * 0.12, 0.5);
  return [low - room, high + room];
}

/** When the day of a moment began in a zone (ms), found by what a clock on the wall shows then. */
export function dayStart(now: number, wall: { time: string }): number {
  const [hours = 0, minutes = 0, seconds = 0] = wall.time.split(":").map(Number);
  return now - (now % 1000) - ((hours * 60 + minutes) * 60 + seconds) * 1000;
}

/** How far back a curve reaches. */
export const REACHES = ["1h", "24h", "7d"] as const;
export type Reach = (typeof REACHES)[number];

export const REACH_S: Readonly<Record<Reach, number>> = { "1h": 3_600, "24h": 86_400, "7d": 604_800 };

/** How finely readings are asked for: a week by the hour, a day by the minute, an hour one by one. */
export const RESOLUTION: Readonly<Record<Reach, "raw" | "1m" | "1h">> = { "1h": "raw", "24h": "1m", "7d": "1h" };

/** How long one item of a resolution is (seconds): what is not over yet is asked for one by one. */
export const GRAIN_S: Readonly<Record<Reach, number>> = { "1h": 0, "24h": 60, "7d": 3_600 };
