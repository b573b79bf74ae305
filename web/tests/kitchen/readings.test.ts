import { expect, it } from "vitest";

import { Api } from "@/api";
import { past, readingsAddress, readingsIn } from "@/pages/kitchen/readings";

const ROW = { device: "fridge", quantity: "temperature", value: 4.2, at: "2026-11-22T08:00:00.000Z", quality: "good" };

it.each<[string, string, number]>([
  ["one reading", JSON.stringify(ROW), 1],
  ["those of one commit", JSON.stringify([ROW, { ...ROW, value: 4.3 }]), 2],
  ["a heartbeat", JSON.stringify({ type: "heartbeat", at: ROW.at }), 0],
  ["something newer", JSON.stringify([{ ...ROW, at: 12 }, 7, null]), 0],
  ["no JSON", "<html>", 0],
])("%s holds that many readings", (_what, text, count) => {
  expect(readingsIn(text)).toHaveLength(count);
});

it("is pushed from the page's own address", () => {
  const page = { protocol: "https:", host: "hub.example" };
  expect(readingsAddress("a/b", "temperature", page)).toBe(
    "wss://hub.example/api/v1/readings/ws?device=a%2Fb&quantity=temperature&batch=true",
  );
});

it("stored readings come page by page, and never without end", async () => {
  const asked: string[] = [];
  const api = new Api((path) => {
    asked.push(path as string);
    const body = { items: [ROW], next: "more" };
    return Promise.resolve(new Response(JSON.stringify(body), { headers: { "content-type": "application/json" } }));
  });
  const found = await past(api, "fridge", "temperature", Date.parse("2026-11-22T07:00:00.000Z"), "1m");
  expect(found).toHaveLength(10);
  expect(asked[0]).toContain("since=2026-11-22T07%3A00%3A00.000Z&resolution=1m");
  expect(asked[1]).toContain("cursor=more");
});
