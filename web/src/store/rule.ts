/** A rule of the registry as it is edited: its zone, its keys, and which devices it watches. Pure. */
import type { Area, Device, Rule, Site } from "@/types";

/** A rule with every key of its kind, as the registry has it. */
export type RuleEntry = Rule & Readonly<Record<string, unknown>>;

/** In 0..1 of the picture's width and height. */
export type Point = readonly [x: number, y: number];

/** Kinds that look at things in a part of the picture. */
const ZONED: ReadonlySet<string> = new Set(["absence", "congestion", "count", "dwell", "overlap", "presence", "queue"]);
/** And the other kinds that look at pictures; none can be tried, because pictures are not kept. */
const OF_CAMERAS: ReadonlySet<string> = new Set([...ZONED, "camera-health", "line-crossing", "taught"]);
const WHOLE: readonly Point[] = [
  [0, 0],
  [1, 0],
  [1, 1],
  [0, 1],
];
/** Of the picture's area; what is smaller is a slip of the pen (as detectors/zones.py has it). */
const SMALLEST = 1e-5;

export function ofCameras(rule: Rule): boolean {
  return OF_CAMERAS.has(rule.kind);
}

export function zoned(rule: Rule): boolean {
  return ZONED.has(rule.kind);
}

/** Whether what decides it is stored, so that a change can be tried on that: things raise it, not what is missing. */
export function replayable(rule: Rule): boolean {
  return rule.kind === "line-crossing" || (zoned(rule) && rule.kind !== "absence");
}

/** Whether a rule watches this device: it names it, or narrows to where it stands. */
export function watches(
  rule: RuleEntry,
  device: Device,
  sites: ReadonlyMap<string, Site>,
  areas: ReadonlyMap<string, Area>,
): boolean {
  if ((device.kind === "camera") !== ofCameras(rule)) return false;
  const devices = words(rule["devices"]);
  if (devices.length > 0) return devices.includes(device.id);
  const site = sites.get(device.site ?? "");
  const within = [words(rule["sites"]), words(rule["site_kinds"]), words(rule["areas"])] as const;
  if (within.every((each) => each.length === 0) || site === undefined) return false;
  const [named, kinds, above] = within;
  return (
    (named.length === 0 || named.includes(site.id)) &&
    (kinds.length === 0 || kinds.includes(site.kind)) &&
    (above.length === 0 || path(site.area, areas).some((area) => above.includes(area)))
  );
}

export interface Field {
  key: string;
  /** As it is written into the field; lists with commas. */
  text: string;
}

/** What is edited elsewhere: what it is, whom it watches, its zone; and lists of lines, which a file is for. */
const ELSEWHERE: ReadonlySet<string> = new Set([
  "id",
  "kind",
  "devices",
  "sites",
  "site_kinds",
  "areas",
  "zone",
  "severity",
  "schedule",
  "name",
]);

/** The keys of a rule that a person may change, in the order of the registry. */
export function fieldsOf(rule: RuleEntry): Field[] {
  return Object.entries(rule).flatMap(([key, value]) => {
    if (ELSEWHERE.has(key)) return [];
    const text = written(value);
    return text === null ? [] : [{ key, text }];
  });
}

/** The rule with one key as it was written: empty is none, numbers and true or false are those. */
export function withField(rule: RuleEntry, key: string, text: string): RuleEntry {
  const before = rule[key];
  const given = text.trim();
  if (Array.isArray(before)) return { ...rule, [key]: given.split(/[,，\s]+/).filter((each) => each !== "") };
  return { ...rule, [key]: read(given) };
}

/** What is sent to be kept: without what says nothing. */
export function bodyOf(rule: RuleEntry): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(rule).filter(([, value]) => value !== null && !(Array.isArray(value) && value.length === 0)),
  );
}

/** The zone of a rule over a camera; the whole picture where it names none. */
export function zoneOf(rule: RuleEntry): readonly Point[] {
  const zone = rule["zone"];
  if (!Array.isArray(zone)) return WHOLE;
  const points = zone.filter(isPoint);
  return points.length >= 3 ? points : WHOLE;
}

/** Why a zone is none: too few corners, sides that cross, or no area. */
export type ZoneFault = "few" | "crossed" | "small";

export function zoneFault(points: readonly Point[]): ZoneFault | null {
  if (points.length < 3) return "few";
  const sides = points.map((each, i) => [each, points[(i + 1) % points.length] ?? each] as const);
  for (const [i, [a, b]] of sides.entries()) {
    for (const [c, d] of sides.slice(i + 1)) {
      if (turn(a, b, c) * turn(a, b, d) < 0 && turn(c, d, a) * turn(c, d, b) < 0) return "crossed";
    }
  }
  const area = Math.abs(sides.reduce((sum, [a, b]) => sum + a[0] * b[1] - b[0] * a[1], 0)) / 2;
  return area < SMALLEST ? "small" : null;
}

/** A corner put elsewhere, within the picture. */
export function withCorner(points: readonly Point[], corner: number, to: Point): Point[] {
  return points.map((each, i) => (i === corner ? inside(to) : each));
}

/** One more corner, in the side that lies nearest. */
export function withMore(points: readonly Point[], at: Point): Point[] {
  let best = points.length;
  let least = Number.POSITIVE_INFINITY;
  for (const [i, a] of points.entries()) {
    const far = distance(at, a, points[(i + 1) % points.length] ?? a);
    if (far >= least) continue;
    least = far;
    best = i + 1;
  }
  return [...points.slice(0, best), inside(at), ...points.slice(best)];
}

/** One corner less; a zone keeps three. */
export function withLess(points: readonly Point[], corner: number): readonly Point[] {
  return points.length <= 3 ? points : points.filter((_, i) => i !== corner);
}

/** The middle of the longest side: where a corner is added without a pointer. */
export function middle(points: readonly Point[]): Point {
  let longest: Point = [0.5, 0.5];
  let most = -1;
  for (const [i, a] of points.entries()) {
    const b = points[(i + 1) % points.length] ?? a;
    const length = Math.hypot(b[0] - a[0], b[1] - a[1]);
    if (length <= most) continue;
    most = length;
    longest = [(a[0] + b[0]) / 2, (a[1] + b[1]) / 2];
  }
  return longest;
}

function words(value: unknown): string[] {
  return Array.isArray(value) ? value.filter((each): each is string => typeof each === "string") : [];
}

function path(area: string, areas: ReadonlyMap<string, Area>): string[] {
  const found: string[] = [];
  for (let at: string | null = area; at !== null && found.length < 12; at = areas.get(at)?.parent ?? null) found.push(at);
  return found;
}

function written(value: unknown): string | null {
  if (value === null || value === undefined) return "";
  if (typeof value === "string") return value;
  if (typeof value === "number" || typeof value === "boolean") return String(value);
  return Array.isArray(value) && value.every((each) => typeof each === "string") ? value.join(", ") : null;
}

function read(text: string): string | number | boolean | null {
  if (text === "") return null;
  if (text === "true" || text === "false") return text === "true";
  return /^-?\d+(\.\d+)?$/.test(text) ? Number(text) : text;
}

function isPoint(value: unknown): value is Point {
  return Array.isArray(value) && value.length === 2 && value.every((each) => typeof each === "number");
}

function inside([x, y]: Point): Point {
  const within = (value: number): number => Math.round(Math.min(1, Math.max(0, value)) * 1000) / 1000;
  return [within(x), within(y)];
}

function turn(a: Point, b: Point, c: Point): number {
  return (b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0]);
}

/** From a point to a side. */
function distance(at: Point, a: Point, b: Point): number {
  const [dx, dy] = [b[0] - a[0], b[1] - a[1]];
  const length = dx * dx + dy * dy;
  const along = length === 0 ? 0 : Math.min(1, Math.max(0, ((at[0] - a[0]) * dx + (at[1] - a[1]) * dy) / length));
  return Math.hypot(at[0] - a[0] - along * dx, at[1] - a[1] - along * dy);
}
