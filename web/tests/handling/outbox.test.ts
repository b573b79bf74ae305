import { afterEach, beforeEach, expect, it, vi } from "vitest";

import { Api } from "@/api";
import { type Box, remembered } from "@/pages/handling/box";
import { createOutbox, type Outbox } from "@/pages/handling/outbox";
import type { Errand } from "@/pages/handling/queue";
import { fitted } from "@/pages/handling/shrink";
import { partsOf } from "@/pages/cases/useLimits";

interface Seen {
  path: string;
  key: string;
  body: unknown;
}

let seen: Seen[];
let answer: (path: string) => Response | Error;
let box: Box;

const api = new Api((path, options) => {
  const key = new Headers(options?.headers).get("idempotency-key") ?? "";
  const where = path as string;
  seen.push({ path: where.replace("/api/v1", ""), key, body: options?.body });
  const told = answer(where);
  return told instanceof Error ? Promise.reject(told) : Promise.resolve(told);
});

function outbox(user = "han", armed = true): Outbox {
  return createOutbox({ api, user: () => user, armed: () => armed, open: () => Promise.resolve(box) });
}

function json(status: number, body: object): Response {
  return new Response(JSON.stringify(body), { status, headers: { "content-type": "application/json" } });
}

const PHOTO: Errand = { kind: "photo", case: "a", phase: "after", blob: new Blob(["1234"]) };

async function settle(): Promise<void> {
  for (let turn = 0; turn < 10; turn += 1) await vi.advanceTimersByTimeAsync(0);
}

beforeEach(() => {
  vi.useFakeTimers();
  seen = [];
  box = remembered();
  answer = () => json(200, { id: "P1" });
});
afterEach(() => {
  vi.useRealTimers();
});

it("sends a photo, then the action that names it, each with a key of its own", async () => {
  const one = outbox();
  await one.add([
    { errand: PHOTO, title: "photo", key: "k-photo" },
    { errand: { kind: "action", case: "a", body: { action: "handle" }, photos: ["k-photo"] }, title: "handle", key: "k-act" },
  ]);
  await settle();
  expect(seen.map(({ path, key }) => [path, key])).toEqual([
    ["/cases/a/attachments", "k-photo"],
    ["/cases/a/actions", "k-act"],
  ]);
  expect(seen[1]?.body).toBe(JSON.stringify({ action: "handle", attachments: ["P1"] }));
  expect(one.jobs.value).toEqual([]);
  expect([one.going.value, one.sent.value]).toEqual(["idle", 2]);
  expect(await box.all()).toEqual([]);
});

it("keeps what cannot be sent, over a new page, and sends it with the same key when the line is back", async () => {
  answer = () => new TypeError("no network");
  const first = outbox();
  await first.add([{ errand: PHOTO, title: "photo", key: "k-photo" }]);
  await settle();
  expect(first.going.value).toBe("waiting");
  expect(await box.all()).toHaveLength(1);
  answer = () => json(201, { id: "P1" });
  const second = outbox();
  await settle();
  second.hurry();
  await settle();
  expect(seen.map(({ key }) => key)).toEqual(["k-photo", "k-photo"]);
  expect(await box.all()).toEqual([]);
});

it("tries again by itself after a while", async () => {
  answer = () => new TypeError("no network");
  const one = outbox();
  await one.add([{ errand: PHOTO, title: "photo" }]);
  await settle();
  answer = () => json(201, { id: "P1" });
  await vi.advanceTimersByTimeAsync(2_000);
  await settle();
  expect(one.jobs.value).toEqual([]);
});

it("what the hub refuses stays until somebody decides, with the reason", async () => {
  answer = () => json(422, { type: "urn:hub:problem:unknown-action", detail: "another step is due" });
  const one = outbox();
  await one.add([{ errand: { kind: "mend", incident: "i", case: null, note: "shut" }, title: "mended", key: "k" }]);
  await settle();
  expect(one.jobs.value[0]?.refused).toBe("another step is due");
  answer = () => json(200, {});
  await one.retry("k");
  await settle();
  expect(one.jobs.value).toEqual([]);
});

it("what is given up is gone", async () => {
  answer = () => json(404, {});
  const one = outbox();
  await one.add([{ errand: PHOTO, title: "photo", key: "k" }]);
  await settle();
  await one.drop("k");
  await settle();
  expect(one.jobs.value).toEqual([]);
  expect(await box.all()).toEqual([]);
});

it("waits for a login where nobody may act, and sends nothing of anybody else", async () => {
  const bare = outbox("han", false);
  await bare.add([{ errand: PHOTO, title: "photo" }]);
  await settle();
  expect([bare.going.value, seen.length]).toEqual(["login", 0]);
  const fay = outbox("fay");
  await settle();
  fay.hurry();
  await settle();
  expect([fay.going.value, seen.length, fay.jobs.value.length]).toEqual(["idle", 0, 1]);
});

it("says when the browser keeps nothing", async () => {
  const one = outbox();
  await settle();
  expect(one.keeps.value).toBe(false);
});

it.each([
  [4000, 3000, 1600, 1200, "made small"],
  [3000, 4000, 1200, 1600, "upright"],
  [800, 600, 800, 600, "never enlarged"],
  [10_000, 1, 1600, 1, "never nothing"],
])("a photo of %i × %i becomes %i × %i (%s)", (width, height, across, down) => {
  expect(fitted(width, height)).toEqual({ width: across, height: down });
});

it.each([
  ["30m", ["30 m"]],
  ["1h30m", ["1 h", "30 m"]],
  ["4wh", ["4 wh"]],
  ["2wd", ["2 wd"]],
  ["0.5d", ["0.5 d"]],
  ["soon", []],
])("the parts of the limit %s", (limit, parts) => {
  expect(partsOf(limit).map(({ count, unit }) => `${count} ${unit}`)).toEqual(parts);
});
