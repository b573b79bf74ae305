/**
 * One live view: opens the websocket, hands on video or single pictures, says at once when nothing comes any more,
 * and comes back by itself. What the browser cannot play is asked for again as single pictures.
 */
import { backOff } from "@/store/stream";

/** `still`: the line is open, but no picture has come for a while; `refused`: asking again would not help. */
export type LiveState = "connecting" | "playing" | "still" | "lost" | "refused";

/** The first message of the stream. */
export interface LiveHead {
  codec: string;
  mime: string;
  as: "fmp4" | "jpeg" | "shown";
}

/** The part of a WebSocket that is used here. */
export interface LiveSocket {
  onmessage: ((message: { data: unknown }) => void) | null;
  onclose: ((event: { code: number; reason: string }) => void) | null;
  close(code?: number): void;
}

/** Plays what is appended. */
export interface Player {
  append(bytes: ArrayBuffer): void;
  close(): void;
}

export interface LivePorts {
  open(form: "jpeg" | undefined): LiveSocket;
  canPlay(mime: string): boolean;
  /** A player of this kind; `failed` is called when it cannot go on. */
  player(mime: string, failed: () => void): Player;
  onPicture(bytes: ArrayBuffer, mime: string): void;
  onHead(head: LiveHead): void;
  /** `reason` is a word of the hub (`no-picture`, `worker-lost` …), empty when there is none. */
  onState(state: LiveState, reason: string): void;
  random(): number;
}

/** Without a message for this long the picture is called still. */
export const STILL_MS = 2_500;

const REFUSALS: Readonly<Record<number, string>> = { 4003: "not-permitted", 4004: "not-found" };

export class LiveView {
  private socket: LiveSocket | null = null;
  private player: Player | null = null;
  private head: LiveHead | null = null;
  private form: "jpeg" | undefined;
  private attempt = 0;
  private again: ReturnType<typeof setTimeout> | undefined;
  private quiet: ReturnType<typeof setTimeout> | undefined;

  constructor(private readonly ports: LivePorts) {}

  start(): void {
    this.stop();
    this.ports.onState("connecting", "");
    this.connect();
  }

  stop(): void {
    clearTimeout(this.again);
    this.drop();
  }

  private connect(): void {
    this.drop();
    const socket = this.ports.open(this.form);
    this.socket = socket;
    socket.onmessage = ({ data }) => {
      if (typeof data === "string") this.begin(JSON.parse(data) as LiveHead);
      else if (data instanceof ArrayBuffer) this.take(data);
    };
    socket.onclose = ({ code, reason }) => {
      this.drop();
      const refused = REFUSALS[code];
      if (refused !== undefined) this.ports.onState("refused", refused);
      else this.lost(reason.split(":")[0] ?? "");
    };
    this.listen();
  }

  private begin(head: LiveHead): void {
    if (head.as === "fmp4" && !this.ports.canPlay(head.mime)) {
      this.form = "jpeg";
      this.connect();
      return;
    }
    this.head = head;
    this.ports.onHead(head);
    if (head.as === "fmp4") {
      this.player = this.ports.player(head.mime, () => {
        this.drop();
        this.lost("decode-failed");
      });
    }
  }

  private take(bytes: ArrayBuffer): void {
    if (this.head === null) return;
    if (this.player !== null) this.player.append(bytes);
    else this.ports.onPicture(bytes, this.head.mime);
    this.attempt = 0;
    this.ports.onState("playing", "");
    this.listen();
  }

  /** Begin to wait for the next message. */
  private listen(): void {
    clearTimeout(this.quiet);
    this.quiet = setTimeout(() => {
      this.ports.onState(this.head === null ? "connecting" : "still", "");
    }, STILL_MS);
  }

  private lost(reason: string): void {
    this.ports.onState("lost", reason);
    this.again = setTimeout(() => {
      this.connect();
    }, backOff(this.attempt++, this.ports.random()));
  }

  private drop(): void {
    clearTimeout(this.quiet);
    if (this.socket !== null) {
      this.socket.onmessage = this.socket.onclose = null;
      this.socket.close();
      this.socket = null;
    }
    this.player?.close();
    this.player = null;
    this.head = null;
  }
}
