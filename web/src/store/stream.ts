/**
 * The line to the event log: opens the websocket, hands on events in batches, notices when the line is dead,
 * and comes back by itself, going on behind the last event it received.
 */
import { eventsAddress } from "@/api";
import { isHeartbeat, parseMessage } from "@/store/message";
import type { HubEvent } from "@/types";

export type LineState = "connecting" | "live" | "lost";

/** What a look at the hub says before a socket is opened. */
export type Outlook = "go" | "away" | "reload" | "login" | "denied";

/** The part of a WebSocket that is used here. */
export interface Socket {
  onopen: (() => void) | null;
  onmessage: ((message: { data: unknown }) => void) | null;
  onclose: ((event: { code: number }) => void) | null;
  close(code?: number): void;
}

export interface StreamPorts {
  /** Opens a socket that sends everything behind `after`. */
  open(after: number): Socket;
  /** Looks whether the hub answers, whether it still knows us, and whether its log still holds `after`. */
  look(after: number): Promise<Outlook>;
  onEvents(events: HubEvent[]): void;
  onState(state: LineState): void;
  /** What the hub's clock says, a moment ago. */
  onTime(at: string): void;
  /** The line can not go on where it was: `reload` lists, `login` again, or the right to listen is missing. */
  onEnd(reason: "reload" | "login" | "denied"): void;
  random(): number;
}

/** Events wait this long for more of them, so that a burst is drawn once. */
export const BATCH_MS = 60;
/** Heartbeats come every 10 s; after two and a half of them without a word the line is dead. */
export const SILENCE_MS = 25_000;

const FIRST_WAIT_MS = 500;
const LONGEST_WAIT_MS = 8_000;

/** How long to wait before attempt number `attempt` (from 0): doubling, with ±20 % so that screens spread. */
export function backOff(attempt: number, random: number): number {
  const wait = Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** Math.min(attempt, 10));
  return Math.round(wait * (0.8 + 0.4 * random));
}

/** What the code of a closed socket asks for. */
export function verdict(code: number): "resume" | "reload" | "login" {
  if (code === 4010) return "reload"; // the log no longer reaches back to where we were
  if (code === 4001 || code === 4003) return "login"; // the token ended, or the rights are other ones now
  return "resume";
}

export class EventStream {
  private seq = 0;
  private attempt = 0;
  private socket: Socket | null = null;
  private waiting: HubEvent[] = [];
  private timers: { flush?: Timer; silence?: Timer; again?: Timer } = {};
  /** Rises whenever what is under way no longer counts. */
  private turn = 0;
  private running = false;

  constructor(private readonly ports: StreamPorts) {}

  /** Listen to everything behind `after`. */
  start(after: number): void {
    this.stop();
    this.running = true;
    this.seq = after;
    this.attempt = 0;
    this.ports.onState("connecting");
    void this.connect();
  }

  /** Let go; what was received is still handed on. */
  stop(): void {
    this.running = false;
    this.drop();
    this.flush();
  }

  /** The browser says that the network went: believe it at once. */
  cut(): void {
    if (this.running) this.lost();
  }

  /** The browser says that the network is back, or a person asks: do not wait any longer. */
  hurry(): void {
    if (!this.running || this.timers.again === undefined) return;
    clearTimeout(this.timers.again);
    delete this.timers.again;
    this.attempt = 0;
    void this.connect();
  }

  private async connect(): Promise<void> {
    const turn = ++this.turn;
    const outlook = await this.ports.look(this.seq);
    if (turn !== this.turn) return;
    if (outlook === "away") {
      this.lost();
      return;
    }
    if (outlook !== "go") {
      this.end(outlook);
      return;
    }
    const socket = this.ports.open(this.seq);
    this.socket = socket;
    this.listen();
    socket.onopen = () => {
      if (turn !== this.turn) return;
      this.ports.onState("live");
      this.listen();
    };
    socket.onmessage = ({ data }) => {
      if (turn !== this.turn) return;
      this.listen();
      this.attempt = 0;
      if (typeof data === "string") this.take(data);
    };
    socket.onclose = ({ code }) => {
      if (turn !== this.turn) return;
      const next = verdict(code);
      if (next === "resume") this.lost();
      else this.end(next);
    };
  }

  private take(text: string): void {
    const message = parseMessage(text);
    if (message === null) return;
    if (isHeartbeat(message)) {
      this.ports.onTime(message.at);
      // The hub began a new log: numbers that we wait for will not come.
      if (message.head < this.seq) this.end("reload");
      return;
    }
    if (message.seq <= this.seq) return;
    this.seq = message.seq;
    this.waiting.push(message);
    this.timers.flush ??= setTimeout(() => {
      this.flush();
    }, BATCH_MS);
  }

  private flush(): void {
    clearTimeout(this.timers.flush);
    delete this.timers.flush;
    if (this.waiting.length === 0) return;
    const events = this.waiting;
    this.waiting = [];
    this.ports.onEvents(events);
  }

  private listen(): void {
    clearTimeout(this.timers.silence);
    this.timers.silence = setTimeout(() => {
      this.lost();
    }, SILENCE_MS);
  }

  private lost(): void {
    this.drop();
    this.flush();
    this.ports.onState("lost");
    this.timers.again = setTimeout(
      () => {
        delete this.timers.again;
        void this.connect();
      },
      backOff(this.attempt++, this.ports.random()),
    );
  }

  private end(reason: "reload" | "login" | "denied"): void {
    this.running = false;
    this.drop();
    this.flush();
    this.ports.onState("lost");
    this.ports.onEnd(reason);
  }

  private drop(): void {
    this.turn += 1;
    clearTimeout(this.timers.silence);
    clearTimeout(this.timers.again);
    delete this.timers.again;
    const socket = this.socket;
    this.socket = null;
    if (socket === null) return;
    socket.onopen = socket.onmessage = socket.onclose = null;
    socket.close(1000);
  }
}

type Timer = ReturnType<typeof setTimeout>;

/** The browser's own, thin. */
export function openSocket(after: number, protocols: string[]): Socket {
  const socket = new WebSocket(eventsAddress(after), protocols);
  const thin: Socket = {
    onopen: null,
    onmessage: null,
    onclose: null,
    close(code) {
      socket.close(code);
    },
  };
  socket.onopen = () => thin.onopen?.();
  socket.onmessage = (message: MessageEvent<unknown>) => thin.onmessage?.(message);
  socket.onclose = (event) => thin.onclose?.(event);
  return thin;
}
