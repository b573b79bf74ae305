import { describe, expect, it } from "vitest";

import { isHeartbeat, parseMessage } from "@/store/message";

describe("a message", () => {
  it.each([
    ["an event", '{"seq":3,"type":"incident.raised","at":"2026-11-22T08:00:00Z","data":{"id":"a"}}', true],
    ["a heartbeat has no seq", '{"type":"heartbeat","head":9,"at":"2026-11-22T08:00:00Z"}', true],
    ["a noun of a later hub passes", '{"seq":4,"type":"patrol.changed","at":"","data":{}}', true],
    ["no JSON", "<html>", false],
    ["no object", "[1,2]", false],
    ["nothing", "null", false],
    ["no number", '{"type":"incident.raised","data":{"id":"a"}}', false],
    ["a heartbeat without its head", '{"type":"heartbeat"}', false],
    ["an incident without an id", '{"seq":5,"type":"incident.raised","at":"","data":{}}', false],
    ["an event without data", '{"seq":5,"type":"incident.raised","at":""}', false],
  ])("%s", (_why, text, good) => {
    expect(parseMessage(text) !== null).toBe(good);
  });

  it("tells a heartbeat from an event", () => {
    const beat = parseMessage('{"type":"heartbeat","head":9,"at":""}');
    expect(beat !== null && isHeartbeat(beat)).toBe(true);
  });
});
