import { afterEach, beforeEach, expect, it, vi } from "vitest";

import { LiveView, STILL_MS, type LivePorts, type LiveSocket } from "@/store/live";

interface Fake extends LiveSocket {
  form: string | undefined;
  closed: boolean;
}

let sockets: Fake[];
let told: string[];
let played: number;
let fail: () => void;
let playable: boolean;
let view: LiveView;

const newest = (): Fake => {
  const socket = sockets.at(-1);
  if (socket === undefined) throw new Error("nothing was opened");
  return socket;
};
const say = (data: unknown): void => newest().onmessage?.({ data });
const head = (as: string, mime = 'video/mp4; codecs="avc1.64001f"'): void => {
  say(JSON.stringify({ codec: "x", mime, as }));
};

beforeEach(() => {
  vi.useFakeTimers();
  sockets = [];
  told = [];
  played = 0;
  playable = true;
  const ports: LivePorts = {
    open(form) {
      const socket: Fake = {
        form,
        closed: false,
        onmessage: null,
        onclose: null,
        close() {
          socket.closed = true;
        },
      };
      sockets.push(socket);
      return socket;
    },
    canPlay: () => playable,
    player(_, failed) {
      fail = failed;
      return {
        append: () => {
          played += 1;
        },
        close: () => told.push("closed"),
      };
    },
    onPicture: (_, mime) => told.push(mime),
    onHead: (found) => told.push(found.as),
    onState: (state, reason) => {
      const text = `${state} ${reason}`.trim();
      if (told.at(-1) !== text) told.push(text);
    },
    random: () => 0.5,
  };
  view = new LiveView(ports);
  view.start();
});

afterEach(() => {
  view.stop();
  vi.useRealTimers();
});

it("plays what comes", () => {
  head("fmp4");
  say(new ArrayBuffer(8));
  say(new ArrayBuffer(8));
  expect(played).toBe(2);
  expect(told).toEqual(["connecting", "fmp4", "playing"]);
});

it("asks for single pictures when the codec cannot be played, and goes on asking so", () => {
  playable = false;
  const first = newest();
  head("fmp4", 'video/mp4; codecs="hev1.1.6.L93"');
  expect(first.closed).toBe(true);
  expect(newest().form).toBe("jpeg");
  head("jpeg", "image/jpeg");
  say(new ArrayBuffer(4));
  expect(told).toEqual(["connecting", "jpeg", "image/jpeg", "playing"]);
  newest().onclose?.({ code: 1006, reason: "" });
  vi.advanceTimersByTime(1_000);
  expect(newest().form).toBe("jpeg");
});

it("says at once that the line is lost, why, and comes back", () => {
  head("fmp4");
  say(new ArrayBuffer(8));
  newest().onclose?.({ code: 4013, reason: "worker-lost: no worker has this camera now" });
  expect(told.slice(-2)).toEqual(["closed", "lost worker-lost"]);
  expect(sockets).toHaveLength(1);
  vi.advanceTimersByTime(1_000);
  expect(sockets).toHaveLength(2);
});

it("says when no picture comes although the line is open", () => {
  head("fmp4");
  say(new ArrayBuffer(8));
  vi.advanceTimersByTime(STILL_MS + 10);
  expect(told.at(-1)).toBe("still");
  say(new ArrayBuffer(8));
  expect(told.at(-1)).toBe("playing");
});

it.each([
  [4003, "refused not-permitted"],
  [4004, "refused not-found"],
])("does not ask again after %i", (code, state) => {
  newest().onclose?.({ code, reason: "" });
  vi.advanceTimersByTime(60_000);
  expect(sockets).toHaveLength(1);
  expect(told.at(-1)).toBe(state);
});

it("begins anew when the player cannot go on", () => {
  head("fmp4");
  fail();
  expect(told.at(-1)).toBe("lost decode-failed");
  vi.advanceTimersByTime(1_000);
  expect(sockets).toHaveLength(2);
});

it("is quiet once it is stopped", () => {
  const socket = newest();
  view.stop();
  vi.advanceTimersByTime(60_000);
  expect(socket.closed).toBe(true);
  expect(told).toEqual(["connecting"]);
});
