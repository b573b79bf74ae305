import { describe, expect, it } from "vitest";

import { Api, ApiError, eventsAddress, evidencePicture, query, Unreachable } from "@/api";

/** A hub that gives these answers, one after the other, and keeps what was asked. */
function hub(...answers: (Response | Error)[]): { api: Api; asked: { url: string; init: RequestInit | undefined }[] } {
  const asked: { url: string; init: RequestInit | undefined }[] = [];
  const fetcher: typeof fetch = (url, init) => {
    asked.push({ url: typeof url === "string" ? url : "", init });
    const next = answers.shift();
    if (next === undefined) throw new Error("asked too often");
    return next instanceof Error ? Promise.reject(next) : Promise.resolve(next);
  };
  return { api: new Api(fetcher), asked };
}

function json(body: unknown, status = 200): Response {
  return new Response(JSON.stringify(body), { status, headers: { "content-type": "application/json" } });
}

function problem(slug: string, status: number): Response {
  return json({ type: `urn:hub:problem:${slug}`, title: slug, detail: "…" }, status);
}

describe("requests", () => {
  it("follow a list to its end, page by page", async () => {
    const { api, asked } = hub(json({ items: [{ id: "a" }], next: "x y" }), json({ items: [{ id: "b" }], next: null }));
    const pages: string[][] = [];
    for await (const page of api.incidents({ state: "open" })) pages.push(page.map((each) => each.id));
    expect(pages).toEqual([["a"], ["b"]]);
    expect(asked.map(({ url }) => url)).toEqual([
      "/api/v1/incidents?limit=1000&state=open",
      "/api/v1/incidents?limit=1000&state=open&cursor=x+y",
    ]);
  });

  it("name the problem by its slug", async () => {
    const { api } = hub(problem("too-old", 410));
    await expect(api.head()).rejects.toMatchObject({ status: 410, slug: "too-old" });
  });

  it("an error that is no problem document is told by its status", async () => {
    const { api } = hub(new Response("<html>Bad gateway</html>", { status: 502 }));
    await expect(api.head()).rejects.toMatchObject({ status: 502, slug: "" });
  });

  it("no answer and an answer that is no JSON are both a hub out of reach", async () => {
    const { api } = hub(new TypeError("Failed to fetch"), new Response("<html>Welcome to this hotel</html>"));
    await expect(api.head()).rejects.toBeInstanceOf(Unreachable);
    await expect(api.head()).rejects.toBeInstanceOf(Unreachable);
  });

  it("a hub without a guest is no fault", async () => {
    const { api } = hub(problem("not-found", 404));
    await expect(api.guest()).resolves.toBe(false);
  });

  it("a wrong password is", async () => {
    const { api, asked } = hub(problem("not-authenticated", 401));
    await expect(api.login("wang", "x")).rejects.toBeInstanceOf(ApiError);
    expect(asked[0]?.init?.body).toBe('{"username":"wang","password":"x"}');
  });

  it("tell who we are", async () => {
    const { api } = hub(json({ name: "guest", role: "operator", read_only: true, rights: ["case.read"] }));
    const who = await api.me();
    expect([who.name, who.readOnly]).toEqual(["guest", true]);
    expect([who.rights.has("case.read"), who.rights.has("user.read")]).toEqual([true, false]);
  });
});

describe("acting", () => {
  const entered = (): Response => json({ access_token: "abc.def" });

  it("takes the token of a login in this tab, for websockets too, until it is given back", async () => {
    const { api, asked } = hub(entered(), json({ id: "i" }), json({}));
    expect([api.armed, api.protocols]).toEqual([false, []]);
    await api.login("wang", "right");
    expect([api.armed, api.protocols]).toEqual([true, ["bearer.abc.def"]]);
    await api.post("/incidents/i/ack", { note: "" });
    expect(asked[1]?.init?.headers).toMatchObject({ authorization: "Bearer abc.def", "content-type": "application/json" });
    await api.logout();
    expect(api.armed).toBe(false);
  });

  it("a change has a key of its own, and keeps it when it is sent again", async () => {
    const { api, asked } = hub(json({}), json({}), json({}));
    await api.post("/cases", {});
    await api.post("/cases", {}, "mine");
    await api.post("/cases", {}, "mine");
    const keys = asked.map(({ init }) => (init?.headers as Record<string, string>)["idempotency-key"]);
    expect(keys[0]).toMatch(/^[0-9a-f]{32}$/);
    expect(keys.slice(1)).toEqual(["mine", "mine"]);
  });

  it("a form with a photo goes as it is", async () => {
    const { api, asked } = hub(json({}));
    const form = new FormData();
    form.set("phase", "after");
    await api.post("/cases/c/attachments", form);
    expect(asked[0]?.init?.body).toBe(form);
    expect(asked[0]?.init?.headers).not.toHaveProperty("content-type");
  });

  it("what is still being made says when to ask again", async () => {
    const pending = problem("evidence-pending", 409);
    pending.headers.set("retry-after", "7");
    const { api, asked } = hub(pending, new Response("x", { status: 206 }));
    await expect(api.probe("/incidents/i/clip.mp4")).rejects.toMatchObject({ slug: "evidence-pending", retryAfter: 7 });
    await api.probe("/incidents/i/clip.mp4");
    expect(asked[1]?.init?.headers).toMatchObject({ range: "bytes=0-0" });
  });
});

describe("addresses", () => {
  it("are this page's own", () => {
    const plain = { protocol: "http:", host: "127.0.0.1:8000" };
    expect(eventsAddress(7, plain)).toBe("ws://127.0.0.1:8000/api/v1/events/ws?after=7");
    const secure = { protocol: "https:", host: "hub.example" };
    expect(eventsAddress(0, secure)).toBe("wss://hub.example/api/v1/events/ws?after=0");
  });

  it("escape what they are given", () => {
    expect(evidencePicture("a/b", true)).toBe("/api/v1/incidents/a%2Fb/snapshot.jpg?boxes=1");
    expect(query({ a: "x&y", b: undefined, c: 3 })).toBe("?a=x%26y&c=3");
    expect(query({})).toBe("");
  });
});
