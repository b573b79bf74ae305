// @vitest-environment happy-dom
import { createApp, nextTick } from "vue";
import { createMemoryHistory } from "vue-router";
import { afterEach, beforeEach, expect, it, vi } from "vitest";

import { Api } from "@/api";
import App from "@/App.vue";
import { API, HUB } from "@/composables/keys";
import { i18n, setLang } from "@/i18n";
import { consoleRouter } from "@/router";
import { createHub, type Hub } from "@/store/hub";
import type { Socket } from "@/store/stream";

import { device, incident, raised } from "../examples";

const RIGHTS = ["incident.read", "device.read", "event.read", "case.read", "camera.picture", "incident.ack", "incident.judge"];
const OPEN = [
  incident({ id: "minor", severity: "minor", raised_at: "2026-11-22T07:00:00.000Z" }),
  incident({ id: "major", severity: "major", raised_at: "2026-11-22T08:00:00.000Z" }),
];

let hub: Hub;
let socket: Socket;
let root: HTMLElement;
let asked: { method: string; path: string; body: unknown }[];
let end: () => void;

/** Nothing is on a screen here. */
class Blind {
  observe(): void {
    /* sees nothing */
  }

  disconnect(): void {
    /* saw nothing */
  }
}

function answer(path: string): unknown {
  if (path === "/auth/login") return { access_token: "a.b.c" };
  if (path === "/auth/me") return { name: "wang", role: "operator", read_only: false, rights: RIGHTS };
  if (path.startsWith("/events")) return { items: [], next: 1, head: 1 };
  if (path.startsWith("/incidents?")) return { items: path.includes("state=open") ? OPEN : [], next: null };
  if (path.startsWith("/devices")) return { items: [device()], next: null };
  if (path.startsWith("/incidents/")) return { plan: null, contacts: [] };
  return { items: [], next: null };
}

/** An operator who has just logged in, over a hub of a few lines. */
beforeEach(async () => {
  vi.stubGlobal("IntersectionObserver", Blind);
  sessionStorage.clear();
  localStorage.clear();
  asked = [];
  const fetcher: typeof fetch = (url, init) => {
    const path = (typeof url === "string" ? url : "").replace("/api/v1", "");
    const body: unknown = typeof init?.body === "string" ? JSON.parse(init.body) : undefined;
    asked.push({ method: init?.method ?? "GET", path, body });
    return Promise.resolve(new Response(JSON.stringify(answer(path)), { status: 200 }));
  };
  const api = new Api(fetcher);
  hub = createHub(api, () => {
    socket = { onopen: null, onmessage: null, onclose: null, close: () => undefined };
    return socket;
  });
  root = document.createElement("div");
  document.body.append(root);
  const router = consoleRouter(createMemoryHistory());
  await router.push("/room");
  const app = createApp(App).use(i18n).use(router).provide(API, api).provide(HUB, hub);
  app.mount(root);
  end = () => {
    app.unmount();
    root.remove();
  };
  await hub.login("wang", "right");
  await vi.waitFor(() => {
    expect(root.querySelector('[data-testid="incident-file"]')).not.toBeNull();
  });
  socket.onopen?.();
});
afterEach(() => {
  end();
  setLang("zh");
  vi.unstubAllGlobals();
});

async function press(key: string): Promise<void> {
  document.body.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true, cancelable: true }));
  await nextTick();
}

function shown(): string | null | undefined {
  return root.querySelector('[data-testid="incident-file"]')?.getAttribute("data-incident");
}

function changes(): { path: string; body: unknown }[] {
  return asked.flatMap(({ method, path, body }) => (method === "POST" && !path.startsWith("/auth") ? [{ path, body }] : []));
}

function tell(seq: number, over: Parameters<typeof raised>[1]): void {
  socket.onmessage?.({ data: JSON.stringify(raised(seq, over)) });
}

it("the gravest lies on the table; keys go down and up the list", async () => {
  expect(shown()).toBe("major");
  await press("j");
  expect(shown()).toBe("minor");
  await press("ArrowUp");
  expect(shown()).toBe("major");
});

it("a key acknowledges, another one judges; what needs a reason asks for it", async () => {
  await press("a");
  await vi.waitFor(() => {
    expect(changes()).toEqual([{ path: "/incidents/major/ack", body: { note: "" } }]);
  });
  await vi.waitFor(async () => {
    await press("t");
    expect(changes()[1]).toEqual({ path: "/incidents/major/judge", body: { verdict: true, reason: "" } });
  });
  await vi.waitFor(async () => {
    await press("x");
    expect(document.querySelector('[data-testid="wrong-form"]')).not.toBeNull();
  });
  expect(changes().some(({ body }) => JSON.stringify(body).includes("false"))).toBe(false);
});

it("grave news is heard once, and does not take what is on the table away", async () => {
  tell(2, { id: "new", severity: "critical" });
  await vi.waitFor(() => {
    expect(root.querySelector('[data-testid="sound"]')?.getAttribute("data-rung")).toBe("critical");
  });
  tell(3, { id: "small", severity: "minor" });
  await vi.waitFor(() => {
    expect(root.querySelector('[data-testid="incident-small"]')).not.toBeNull();
  });
  expect(root.querySelector('[data-testid="sound"]')?.getAttribute("data-times")).toBe("1");
  expect(shown()).toBe("major");
});

it("life safety that waits is said, muted or not", async () => {
  await press("m");
  tell(2, { id: "life", severity: "life" });
  await vi.waitFor(() => {
    expect(root.querySelector('[data-testid="waiting"]')?.textContent).toContain("1 起生命安全警情待确认");
  });
  expect(root.querySelector('[data-testid="sound"]')?.getAttribute("data-rung")).toBe("life");
});

it("letters that are typed into a field do nothing else", async () => {
  const field = root.querySelector<HTMLInputElement>('[data-testid="wall-bring"]');
  field?.dispatchEvent(new KeyboardEvent("keydown", { key: "a", bubbles: true, cancelable: true }));
  await nextTick();
  expect(changes()).toEqual([]);
});
