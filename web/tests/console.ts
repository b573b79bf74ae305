/** The whole console over a hub of a few lines, as somebody who has just logged in sees it. */
import { createApp } from "vue";
import { createMemoryHistory } from "vue-router";
import { vi } from "vitest";

import { Api } from "@/api";
import App from "@/App.vue";
import { API, HUB } from "@/composables/keys";
import { i18n, setLang } from "@/i18n";
import { consoleRouter } from "@/router";
import { createHub, type Hub } from "@/store/hub";
import type { Socket } from "@/store/stream";

/** What a path (without its query, below the interface) answers; a number is an error of that status. */
export type Answers = Readonly<Record<string, unknown>>;

export interface Asked {
  method: string;
  path: string;
  body: unknown;
}

export interface Console {
  hub: Hub;
  root: HTMLElement;
  /** Everything that was asked for, in order. */
  asked: Asked[];
  /** What was changed. */
  changes: () => { path: string; body: unknown }[];
  /** What stands in an element; throws where there is none. */
  read: (testid: string) => string;
  find: (testid: string) => HTMLElement | null;
  /** The hub says something on the event line. */
  tell: (event: unknown) => void;
  end: () => void;
}

/** Nothing is on a screen here. */
class Blind {
  observe(): void {
    /* sees nothing */
  }

  disconnect(): void {
    /* saw nothing */
  }
}

export async function openConsole(path: string, rights: readonly string[], answers: Answers, role = "operator"): Promise<Console> {
  vi.stubGlobal("IntersectionObserver", Blind);
  sessionStorage.clear();
  localStorage.clear();
  const asked: Asked[] = [];
  const all: Answers = {
    "/auth/login": { access_token: "a.b.c" },
    "/auth/me": { name: "wang", role, read_only: false, rights: ["event.read", ...rights] },
    "/events": { items: [], next: 1, head: 1 },
    ...answers,
  };
  const fetcher: typeof fetch = (url, init) => {
    const whole = (typeof url === "string" ? url : "").replace("/api/v1", "");
    const body: unknown = typeof init?.body === "string" ? JSON.parse(init.body) : undefined;
    const method = init?.method ?? "GET";
    asked.push({ method, path: whole, body });
    const told = all[whole] ?? all[whole.split("?")[0] ?? ""] ?? { items: [], next: null };
    const status = typeof told === "number" ? told : 200;
    return Promise.resolve(new Response(JSON.stringify(told), { status }));
  };
  const api = new Api(fetcher);
  let socket: Socket | null = null;
  const hub = createHub(api, () => {
    socket = { onopen: null, onmessage: null, onclose: null, close: () => undefined };
    return socket;
  });
  const root = document.createElement("div");
  document.body.append(root);
  const router = consoleRouter(createMemoryHistory());
  await router.push(path);
  const app = createApp(App).use(i18n).use(router).provide(API, api).provide(HUB, hub);
  app.mount(root);
  await hub.login("wang", "right");
  const line = (): Socket => {
    if (socket === null) throw new Error("no line was opened");
    return socket;
  };
  await vi.waitFor(() => {
    line().onopen?.();
    if (!hub.whole.value) throw new Error("not everything is there");
  });
  const find = (testid: string): HTMLElement | null => document.querySelector(`[data-testid="${testid}"]`);
  return {
    hub,
    root,
    asked,
    changes: () =>
      asked.flatMap((each) =>
        each.method !== "GET" && !each.path.startsWith("/auth") ? [{ path: each.path, body: each.body }] : [],
      ),
    find,
    read(testid) {
      const found = find(testid);
      if (found === null) throw new Error(`there is no ${testid}`);
      return found.textContent.replaceAll(/\s+/g, " ");
    },
    tell(event) {
      line().onmessage?.({ data: JSON.stringify(event) });
    },
    end() {
      app.unmount();
      document.body.replaceChildren();
      setLang("zh");
      vi.unstubAllGlobals();
    },
  };
}
