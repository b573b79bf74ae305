/** Moments and lengths of time, written for people. Pure: the present comes in as an argument. */
import type { Lang } from "@/types";

export interface Length {
  d: number;
  h: number;
  m: number;
  s: number;
}

export type LengthUnit = keyof Length;

const SECONDS: readonly [LengthUnit, number][] = [
  ["d", 86_400],
  ["h", 3_600],
  ["m", 60],
  ["s", 1],
];

/** The two largest parts of a length: 3 d 4 h, 4 h 12 m, 12 m 5 s, 5 s. A length is never negative. */
export function lengthParts(milliseconds: number): [LengthUnit, number][] {
  let left = Math.max(0, Math.floor(milliseconds / 1000));
  const parts: [LengthUnit, number][] = [];
  for (const [unit, size] of SECONDS) {
    const count = Math.floor(left / size);
    left -= count * size;
    if (count > 0 || parts.length > 0) parts.push([unit, count]);
    if (parts.length === 2) break;
  }
  if (parts.length === 0) return [["s", 0]];
  return parts[1]?.[1] === 0 ? parts.slice(0, 1) : parts;
}

/** Milliseconds from one instant to a present; 0 where the instant says nothing. */
export function elapsed(since: string | null, now: number): number {
  const at = since === null ? Number.NaN : Date.parse(since);
  return Number.isNaN(at) ? 0 : Math.max(0, now - at);
}

/** `2026-11-22 16:05:09` in a zone; the parts, since each place shows other ones. */
export interface WallTime {
  date: string;
  day: string;
  time: string;
  weekday: string;
}

export function wallTime(at: number, zone: string, lang: Lang): WallTime {
  const found: Partial<Record<Intl.DateTimeFormatPartTypes, string>> = {};
  for (const { type, value } of formatter(zone, lang).formatToParts(at)) found[type] = value;
  const { year = "", month = "", day = "", hour = "", minute = "", second = "", weekday = "" } = found;
  return { date: `${year}-${month}-${day}`, day: `${month}-${day}`, time: `${hour}:${minute}:${second}`, weekday };
}

/** The time of an instant, with its day only when that is not `today`; empty where there is none. */
export function shortTime(instant: string | null, today: string, zone: string): string {
  const at = instant === null ? Number.NaN : Date.parse(instant);
  if (Number.isNaN(at)) return "";
  const then = wallTime(at, zone, "en");
  return then.date === today ? then.time : `${then.day} ${then.time}`;
}

const MOMENT = /\d{4}-\d{2}-\d{2}[ T]\d{2}:\d{2}:\d{2}(?:\.\d+)?(?:Z|[+-]\d{2}:\d{2})/g;

/** A sentence of the hub, its moments (`2026-11-22 16:00:05+08:00`) written as all others on the page. */
export function localMoments(sentence: string, today: string, zone: string): string {
  return sentence.replace(MOMENT, (moment) => shortTime(moment.replace(" ", "T"), today, zone) || moment);
}

const formatters = new Map<string, Intl.DateTimeFormat>();

function formatter(zone: string, lang: Lang): Intl.DateTimeFormat {
  const key = `${lang} ${zone}`;
  let found = formatters.get(key);
  if (found === undefined) {
    found = new Intl.DateTimeFormat(lang === "zh" ? "zh-CN" : "en-GB", {
      timeZone: zone,
      hourCycle: "h23",
      year: "numeric",
      month: "2-digit",
      day: "2-digit",
      hour: "2-digit",
      minute: "2-digit",
      second: "2-digit",
      weekday: lang === "zh" ? "long" : "short",
    });
    formatters.set(key, found);
  }
  return found;
}
