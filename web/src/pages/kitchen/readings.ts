/** The line to the readings of one device: what was measured, and live what is being measured. */
import { type Api, query } from "@/api";
import type { ReadingRow } from "@/store/kitchen";
import { backOff } from "@/store/stream";
import type { Page } from "@/types";

/** Readings of one curve at most; a day of a sensor that speaks every few seconds is asked for by the minute. */
const MOST_PAGES = 10;

/** Stored readings since a moment (ms). */
export async function past(
  api: Api,
  device: string,
  quantity: string,
  since: number,
  resolution: "raw" | "1m" | "1h",
): Promise<ReadingRow[]> {
  const found: ReadingRow[] = [];
  let cursor: string | number | undefined;
  for (let page = 0; page < MOST_PAGES; page += 1) {
    const told = await api.get<Page<ReadingRow>>("/readings", {
      device,
      quantity,
      since: new Date(since).toISOString(),
      resolution,
      limit: 1000,
      cursor,
    });
    found.push(...told.items);
    if (told.next === null) break;
    cursor = told.next;
  }
  return found;
}

/** Where readings are pushed from, on the page's own address. */
export function readingsAddress(
  device: string,
  quantity: string,
  page: { protocol: string; host: string } = location,
): string {
  const scheme = page.protocol === "https:" ? "wss" : "ws";
  return `${scheme}://${page.host}/api/v1/readings/ws${query({ device, quantity, batch: "true" })}`;
}

/** What one message holds; a heartbeat and what a newer hub may send hold nothing. */
export function readingsIn(text: string): ReadingRow[] {
  let told: unknown;
  try {
    told = JSON.parse(text);
  } catch {
    return [];
  }
  return (Array.isArray(told) ? (told as unknown[]) : [told]).filter(isReading);
}

function isReading(each: unknown): each is ReadingRow {
  return (
    typeof each === "object" && each !== null && "device" in each && "value" in each && "at" in each && typeof each.at === "string"
  );
}

/** Listens until it is told to stop; `back` is called each time the line is there again, to ask for what was missed. */
export function listen(
  address: string,
  protocols: string[],
  heard: (rows: ReadingRow[]) => void,
  back: () => void,
): () => void {
  let socket: WebSocket | null = null;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let attempt = 0;
  let over = false;
  let first = true;

  function connect(): void {
    const mine = new WebSocket(address, protocols);
    socket = mine;
    mine.onopen = () => {
      attempt = 0;
      if (!first) back();
      first = false;
    };
    mine.onmessage = (message: MessageEvent<unknown>) => {
      if (typeof message.data !== "string") return;
      const rows = readingsIn(message.data);
      if (rows.length > 0) heard(rows);
    };
    mine.onclose = ({ code }) => {
      if (over || code === 4001 || code === 4003) return; // the event log says so too, and the page acts on it
      timer = setTimeout(connect, backOff(attempt, Math.random()));
      attempt += 1;
    };
  }

  connect();
  return () => {
    over = true;
    clearTimeout(timer);
    const last = socket;
    // A line that is still being opened is let go when it is there: before, browsers call it a failure.
    if (last?.readyState === WebSocket.CONNECTING) {
      last.onopen = () => {
        last.close(1000);
      };
    } else last?.close(1000);
  };
}
