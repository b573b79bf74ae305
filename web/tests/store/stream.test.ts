import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";

import { backOff, BATCH_MS, EventStream, type LineState, type Outlook, SILENCE_MS, type Socket, verdict } from "@/store/stream";
import type { HubEvent } from "@/types";

import { raised } from "../examples";

class FakeSocket implements Socket {
  onopen: (() => void) | null = null;
  onmessage: ((message: { data: unknown }) => void) | null = null;
  onclose: ((event: { code: number }) => void) | null = null;
  closed = false;

  constructor(readonly after: number) {}

  close(): void {
    this.closed = true;
  }

  say(message: HubEvent | { type: "heartbeat"; head: number; at: string }): void {
    this.onmessage?.({ data: JSON.stringify(message) });
  }
}

/** A stream with everything around it in reach. */
class Bench {
  sockets: FakeSocket[] = [];
  states: LineState[] = [];
  batches: number[][] = [];
  ends: string[] = [];
  outlook: Outlook = "go";
  readonly stream = new EventStream({
    open: (after) => {
      const socket = new FakeSocket(after);
      this.sockets.push(socket);
      return socket;
    },
    look: () => Promise.resolve(this.outlook),
    onEvents: (events) => this.batches.push(events.map((each) => each.seq)),
    onState: (state) => this.states.push(state),
    onTime: () => undefined,
    onEnd: (reason) => this.ends.push(reason),
    random: () => 0.5,
  });

  get socket(): FakeSocket {
    const last = this.sockets.at(-1);
    if (last === undefined) throw new Error("no socket was opened");
    return last;
  }

  get received(): number[] {
    return this.batches.flat();
  }

  async live(after = 10): Promise<void> {
    this.stream.start(after);
    await vi.advanceTimersByTimeAsync(0);
    this.socket.onopen?.();
  }
}

const beat = (head: number): { type: "heartbeat"; head: number; at: string } => ({
  type: "heartbeat",
  head,
  at: "2026-11-22T08:00:00.000Z",
});

describe("the line", () => {
  let bench: Bench;
  beforeEach(() => {
    vi.useFakeTimers();
    bench = new Bench();
  });
  afterEach(() => {
    bench.stream.stop();
    vi.useRealTimers();
  });

  it("listens behind the head that was noted before the lists", async () => {
    await bench.live(42);
    expect(bench.socket.after).toBe(42);
    expect(bench.states).toEqual(["connecting", "live"]);
  });

  it("hands on a burst as one batch, in order", async () => {
    await bench.live();
    for (const seq of [11, 12, 20]) bench.socket.say(raised(seq));
    expect(bench.batches).toEqual([]);
    await vi.advanceTimersByTimeAsync(BATCH_MS);
    expect(bench.batches).toEqual([[11, 12, 20]]);
  });

  it("drops what it has already received", async () => {
    await bench.live();
    for (const seq of [11, 11, 10, 12]) bench.socket.say(raised(seq));
    await vi.advanceTimersByTimeAsync(BATCH_MS);
    expect(bench.received).toEqual([11, 12]);
  });

  it("says at once that it is lost, and goes on behind the last event received", async () => {
    await bench.live();
    bench.socket.say(raised(15));
    bench.socket.onclose?.({ code: 1006 });
    expect(bench.states.at(-1)).toBe("lost");
    expect(bench.received).toEqual([15]);
    await vi.advanceTimersByTimeAsync(600);
    expect(bench.sockets).toHaveLength(2);
    expect(bench.socket.after).toBe(15);
    bench.socket.onopen?.();
    expect(bench.states.at(-1)).toBe("live");
  });

  it("waits longer each time the hub does not answer, and opens no socket meanwhile", async () => {
    await bench.live();
    bench.outlook = "away";
    bench.socket.onclose?.({ code: 1006 });
    await vi.advanceTimersByTimeAsync(60_000);
    expect(bench.sockets).toHaveLength(1);
    bench.outlook = "go";
    await vi.advanceTimersByTimeAsync(10_000);
    expect(bench.sockets).toHaveLength(2);
  });

  it("takes silence for a dead line", async () => {
    await bench.live();
    const first = bench.socket;
    bench.socket.say(beat(10));
    await vi.advanceTimersByTimeAsync(SILENCE_MS - 1);
    expect(bench.states.at(-1)).toBe("live");
    await vi.advanceTimersByTimeAsync(2);
    expect(bench.states.at(-1)).toBe("lost");
    expect(first.closed).toBe(true);
  });

  it("stays live on heartbeats alone", async () => {
    await bench.live();
    for (let n = 0; n < 20; n += 1) {
      bench.socket.say(beat(10));
      await vi.advanceTimersByTimeAsync(10_000);
    }
    expect(bench.states.at(-1)).toBe("live");
  });

  it("hears nothing more of a socket it gave up", async () => {
    await bench.live();
    const first = bench.socket;
    const late = first.onmessage;
    bench.stream.cut();
    late?.({ data: JSON.stringify(raised(99)) });
    await vi.advanceTimersByTimeAsync(BATCH_MS);
    expect(bench.received).toEqual([]);
  });

  it("does not wait when the network is back", async () => {
    await bench.live();
    bench.outlook = "away";
    bench.stream.cut();
    await vi.advanceTimersByTimeAsync(20_000);
    bench.outlook = "go";
    bench.stream.hurry();
    await vi.advanceTimersByTimeAsync(0);
    expect(bench.sockets).toHaveLength(2);
  });

  it.each([
    [4010, "reload"],
    [4001, "login"],
    [4003, "login"],
  ])("ends with code %d in %s, and stays ended", async (code, reason) => {
    await bench.live();
    bench.socket.say(raised(11));
    bench.socket.onclose?.({ code });
    expect(bench.ends).toEqual([reason]);
    expect(bench.received).toEqual([11]);
    await vi.advanceTimersByTimeAsync(60_000);
    expect(bench.sockets).toHaveLength(1);
  });

  it("begins anew when the hub's log is a new one: its head is behind us", async () => {
    await bench.live(500);
    bench.socket.say(beat(3));
    expect(bench.ends).toEqual(["reload"]);
  });

  it.each(["reload", "login", "denied"] as const)("asks before it opens a socket: %s", async (outlook) => {
    bench.outlook = outlook;
    bench.stream.start(10);
    await vi.advanceTimersByTimeAsync(0);
    expect(bench.ends).toEqual([outlook]);
    expect(bench.sockets).toEqual([]);
  });

  it("comes back at once after being closed as too slow", async () => {
    await bench.live();
    bench.socket.say(raised(12));
    bench.socket.onclose?.({ code: 4008 });
    await vi.advanceTimersByTimeAsync(600);
    expect(bench.socket.after).toBe(12);
  });
});

describe("waiting", () => {
  it.each([
    [0, 500],
    [1, 1000],
    [3, 4000],
    [4, 8000],
    [50, 8000],
  ])("attempt %d waits %d ms", (attempt, wait) => {
    expect(backOff(attempt, 0.5)).toBe(wait);
  });

  it("spreads screens by a fifth", () => {
    expect([backOff(0, 0), backOff(0, 1)]).toEqual([400, 600]);
  });

  it.each([1000, 1001, 1006, 1011, 4008])("code %d goes on", (code) => {
    expect(verdict(code)).toBe("resume");
  });
});
