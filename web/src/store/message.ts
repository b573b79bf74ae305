/** One message of the websocket, read. */
import type { Heartbeat, HubEvent } from "@/types";

/** An event, a heartbeat, or null for anything else (a newer hub may send more). */
export function parseMessage(text: string): HubEvent | Heartbeat | null {
  let told: unknown;
  try {
    told = JSON.parse(text);
  } catch {
    return null;
  }
  if (typeof told !== "object" || told === null || !("type" in told) || typeof told.type !== "string") return null;
  if (told.type === "heartbeat") {
    return "head" in told && typeof told.head === "number" ? (told as Heartbeat) : null;
  }
  if (!("seq" in told) || typeof told.seq !== "number" || !("data" in told)) return null;
  const whole = !/^(incident|case|device)\./.test(told.type) || hasId(told.data);
  return whole ? (told as HubEvent) : null;
}

export function isHeartbeat(message: HubEvent | Heartbeat): message is Heartbeat {
  return message.type === "heartbeat";
}

function hasId(data: unknown): boolean {
  return typeof data === "object" && data !== null && "id" in data && typeof data.id === "string";
}
