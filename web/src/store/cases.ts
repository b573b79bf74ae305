/** Cases as their pages need them: which are shown, in which order, how much time is left, what an action asks for. */
import { lightOf } from "@/store/order";
import { compare, isOpenCase } from "@/store/world";
import { type Case, type Clock, type Light, LIGHTS, type Severity, type Text } from "@/types";

/** What a request must or may carry; words of the workflow's `needs`. */
export type Need = "note" | "to" | "score" | "photo" | "photo-before" | "photo-after";

/** Something that the reader may do to a case as it stands. */
export interface Move {
  action: string;
  name: Text;
  /** It completes the step that is due. */
  step: boolean;
  effect: string;
  needs: string[];
  /** What `to` names, null where it names nothing. */
  to: "unit" | "case" | null;
  rated: boolean;
  /** Units that must report in before. */
  waits_for: string[];
}

export const PHASES = ["before", "after", "other"] as const;
export type Phase = (typeof PHASES)[number];

/** A photo in a case's file. */
export interface Photo {
  id: string;
  phase: Phase;
  state: string;
  who: string;
  role: string;
  at: string;
}

export interface Rating {
  score: number;
  by: string;
  how: string;
}

/** One entry of a sealed history. */
export interface Entry {
  seq: number;
  at: string;
  who: string;
  role: string;
  action: string;
  from: string;
  to: string;
  unit: string | null;
  note: string;
  attachments: string[];
  rating?: Rating;
  proof?: { incidents: Proof[] };
}

/** How an incident was when it was raised and when it was over. */
export interface Proof {
  incident: string;
  condition: string;
  place: string;
  before: { at: string; value: number | null; limit: number | null };
  after: { at: string; value: number | null };
}

/** A clock as a case shows it, with what the console's type leaves out. */
export interface StepClock extends Clock {
  started_at?: string;
  supervised_at?: string | null;
}

/** One case with everything its own page shows. */
export interface CaseFile extends Case {
  description: string;
  lat: number | null;
  lon: number | null;
  clocks: StepClock[];
  closed_at: string | null;
  mastered_by: string;
  external_id: string | null;
  platform_number: string | null;
  extension_asked: boolean;
  merged_into: string | null;
  reports: { unit: string; at: string; who: string }[];
  /** Of a public report: whether a photo and a way to reach who reported came with it. */
  report?: { photo: boolean; reporter: boolean } | null;
  history: Entry[];
  attachments: Photo[];
  catalogue: { name: Text; opens: Text; closes: Text } | null;
  may: Move[];
  loop: { id: string; name: Text; steps: { step: string; name: Text }[] } | null;
  names: { site: Text | null; area: Text | null; units: Record<string, Text> };
}

/** A live case that may be about the same. */
export interface Near {
  id: string;
  number: string;
  metres: number | null;
  why: string[];
}

export const STATES = ["live", "closed", "false_alarm", "cancelled", "merged"] as const;
export type StateFilter = (typeof STATES)[number];

/** What a list of cases is narrowed to; it stands in the address. Empty asks nothing. */
export interface Filter {
  view: "list" | "board";
  state: StateFilter;
  light: Light | "";
  step: string;
  unit: string;
  site: string;
  severity: Severity | "";
  words: string;
}

export const NO_FILTER: Filter = {
  view: "list",
  state: "live",
  light: "",
  step: "",
  unit: "",
  site: "",
  severity: "",
  words: "",
};

/** The steps of the shipped loops, in the order of work; others come after them. */
export const STEP_ORDER: readonly string[] = [
  "discover", "receive", "collect", "accept", "report", "dispatch", "assign", "supervise", "handle", "feedback", "reply",
  "verify", "follow-up", "evaluate", "inspect", "assess", "archive",
];

type Query = Readonly<Record<string, unknown>>;

/** The filter that an address names; what makes no sense is left out. */
export function filterOf(query: Query): Filter {
  const word = (name: string): string => {
    const found = query[name];
    return typeof found === "string" ? found : "";
  };
  const light = word("light");
  const severity = word("severity");
  const state = word("state");
  return {
    view: word("view") === "board" ? "board" : "list",
    state: STATES.find((each) => each === state) ?? "live",
    light: LIGHTS.find((each) => each === light) ?? "",
    step: word("step"),
    unit: word("unit"),
    site: word("site"),
    severity: (["life", "critical", "major", "minor", "info"] as const).find((each) => each === severity) ?? "",
    words: word("words"),
  };
}

/** The address of a filter: what asks nothing is left out. */
export function queryOf(filter: Filter): Record<string, string> {
  const asked = Object.entries(filter).filter(([name, value]) => value !== NO_FILTER[name as keyof Filter]);
  return Object.fromEntries(asked);
}

/** How many questions a filter asks, the way of showing aside. */
export function asks(filter: Filter): number {
  return Object.keys(queryOf({ ...filter, view: "list" })).length;
}

/** Whether a case is wanted now; `said` is everything a reader sees of it, for words. */
export function wanted(each: Case, filter: Filter, now: number, said: (each: Case) => string): boolean {
  if (filter.state === "live" ? !isOpenCase(each) : each.state !== filter.state) return false;
  if (filter.step !== "" && each.step !== filter.step) return false;
  if (filter.unit !== "" && each.unit !== filter.unit && !each.units.includes(filter.unit)) return false;
  if (filter.site !== "" && each.site !== filter.site) return false;
  if (filter.severity !== "" && each.severity !== filter.severity) return false;
  if (filter.light !== "" && lightOf(each, now) !== filter.light) return false;
  const words = filter.words.trim().toLowerCase();
  return words === "" || words.split(/\s+/).every((word) => said(each).toLowerCase().includes(word));
}

/** The clock that runs or stands, null when none does. */
export function clockOf(each: Case): Clock | null {
  const last = each.clocks.at(-1);
  return last === undefined || (last.done_at !== null && last.done_at !== undefined) ? null : last;
}

/** Milliseconds until the running clock is due, below 0 after it; null without a running clock. */
export function timeLeft(each: Case, now: number): number | null {
  const clock = clockOf(each);
  if (clock === null || clock.paused || each.state !== "open") return null;
  const due = clock.due_at === null ? Number.NaN : Date.parse(clock.due_at);
  return Number.isNaN(due) ? null : due - now;
}

/**
 * What needs somebody first: red before yellow before green before none, and within each what is due first. A paused
 * case is at the end, whatever its clock says.
 */
export function byUrgency(cases: Iterable<Case>, now: number): Case[] {
  const rank = (light: Light | null): number => (light === null ? LIGHTS.length : LIGHTS.indexOf(light));
  const keyed = [...cases].map((each) => ({
    each,
    rank: rank(lightOf(each, now)),
    left: timeLeft(each, now) ?? Number.POSITIVE_INFINITY,
  }));
  // two cases without a clock are equal here: the difference of two infinities is no number
  keyed.sort(
    (a, b) => a.rank - b.rank || (a.left === b.left ? 0 : a.left - b.left) || compare(b.each.number, a.each.number),
  );
  return keyed.map(({ each }) => each);
}

export interface Column {
  /** A step, or `paused` for cases that wait, or a state for cases that are over. */
  step: string;
  cases: Case[];
  lights: Record<Light, number>;
}

/** The board: a column for each step that is due somewhere, in the order of work; each column as it came. */
export function boardOf(cases: readonly Case[], now: number): Column[] {
  const columns = new Map<string, Column>();
  for (const each of cases) {
    const step = each.state === "open" ? (each.step ?? "open") : each.state;
    let column = columns.get(step);
    if (column === undefined) {
      column = { step, cases: [], lights: { red: 0, yellow: 0, green: 0 } };
      columns.set(step, column);
    }
    column.cases.push(each);
    const light = lightOf(each, now);
    if (light !== null) column.lights[light] += 1;
  }
  const place = (step: string): number => {
    const found = STEP_ORDER.indexOf(step);
    return found === -1 ? STEP_ORDER.length : found;
  };
  return [...columns.values()].sort((a, b) => place(a.step) - place(b.step) || compare(a.step, b.step));
}

/** How many cases stand at each light. */
export function lightsOf(cases: Iterable<Case>, now: number): Record<Light, number> {
  const found: Record<Light, number> = { red: 0, yellow: 0, green: 0 };
  for (const each of cases) {
    const light = lightOf(each, now);
    if (light !== null) found[light] += 1;
  }
  return found;
}

export interface Stage {
  step: string;
  name: Text;
  at: "done" | "due" | "ahead" | "skipped";
  clock: StepClock | null;
}

/**
 * The way of a case, step by step: what is done, what is due, what lies ahead. After a return the steps behind it are
 * ahead again. A case that ended early leaves the rest `skipped`.
 */
export function stagesOf(file: Pick<CaseFile, "loop" | "step" | "state" | "clocks">): Stage[] {
  const steps = file.loop?.steps ?? [];
  const due = steps.findIndex(({ step }) => step === file.step);
  const live = file.state === "open" || file.state === "paused";
  return steps.map(({ step, name }, at) => {
    const clock = file.clocks.findLast((each) => each.step === step) ?? null;
    if (live) return { step, name, clock, at: at < due ? "done" : at === due ? "due" : "ahead" };
    if (file.state === "closed") return { step, name, clock, at: "done" };
    return { step, name, clock, at: at < due ? "done" : "skipped" };
  });
}

/** What somebody has filled in for an action. */
export interface Draft {
  note: string;
  to: string;
  score: number | null;
  by: string;
  how: string;
  /** Phases of the photos that go with it. */
  photos: readonly Phase[];
}

export const NO_DRAFT: Draft = { note: "", to: "", score: null, by: "reporter", how: "call", photos: [] };

/** What an action still lacks. */
export function lacks(move: Move, draft: Draft): Need[] {
  const given: Record<Need, boolean> = {
    note: draft.note.trim() !== "",
    to: draft.to.trim() !== "",
    score: draft.score !== null,
    photo: draft.photos.length > 0,
    "photo-before": draft.photos.includes("before"),
    "photo-after": draft.photos.includes("after"),
  };
  return move.needs.filter((need): need is Need => Object.hasOwn(given, need) && !given[need as Need]);
}

/** The request of an action. */
export function requestOf(move: Move, draft: Draft, attachments: readonly string[], version?: number): object {
  return {
    action: move.action,
    ...(draft.note.trim() === "" ? {} : { note: draft.note.trim() }),
    ...(draft.to.trim() === "" || move.to === null ? {} : { to: draft.to.trim() }),
    ...(attachments.length === 0 ? {} : { attachments }),
    ...(draft.score === null || !move.rated ? {} : { score: draft.score, by: draft.by, how: draft.how }),
    ...(version === undefined ? {} : { expect_version: version }),
  };
}

/** The step that is due first, then what helps it on, at last what ends or moves the case elsewhere. */
const FAR: readonly string[] = ["escalate", "merge", "false-alarm", "cancel"];

export function arranged(moves: readonly Move[]): { first: Move[]; beside: Move[]; far: Move[] } {
  return {
    first: moves.filter((each) => each.step),
    beside: moves.filter((each) => !each.step && !FAR.includes(each.action)),
    far: moves.filter((each) => !each.step && FAR.includes(each.action)),
  };
}

/** Photos of one case by phase, each in the order they were taken. */
export function photosOf(photos: readonly Photo[]): Record<Phase, Photo[]> {
  return {
    before: photos.filter((each) => each.phase === "before"),
    after: photos.filter((each) => each.phase === "after"),
    other: photos.filter((each) => each.phase === "other"),
  };
}

/** Values before and after of each incident that was over when the case closed; empty while it is open. */
export function proofsOf(history: readonly Entry[]): Proof[] {
  return history.findLast((each) => each.proof !== undefined)?.proof?.incidents ?? [];
}
