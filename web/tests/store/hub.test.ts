// @vitest-environment happy-dom
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";

import { Api } from "@/api";
import { createHub, type Hub, REFRESH_MS, RETRY_MS } from "@/store/hub";
import type { Socket } from "@/store/stream";

import { caseOf, device, incident, raised, registryChanged, updated } from "../examples";

const EVERYTHING = ["area", "site", "unit", "rule", "device", "incident", "case", "event"].map((noun) => `${noun}.read`);

/** A hub in a few lines: what it answers can be changed while it runs. */
class Small {
  guest = true;
  reachable = true;
  visitor: string | null = null;
  rights = EVERYTHING;
  head = 100;
  siteName = "食堂";
  lastSeen = "2026-11-22T08:00:00.000Z";
  incidents = [incident({ id: "listed" })];
  /** Lists of devices come when this does. */
  gate: Promise<unknown> = Promise.resolve();
  asked: string[] = [];
  sockets: (Socket & { after: number })[] = [];

  readonly fetch: typeof fetch = (url, init) => {
    const path = (typeof url === "string" ? url : "").replace("/api/v1", "");
    this.asked.push(`${init?.method ?? "GET"} ${path}`);
    if (!this.reachable) return Promise.reject(new TypeError("Failed to fetch"));
    const body = this.answer(path);
    const status = typeof body === "number" ? body : 200;
    const answer = new Response(typeof body === "number" ? "{}" : JSON.stringify(body), { status });
    return path.startsWith("/devices") ? this.gate.then(() => answer) : Promise.resolve(answer);
  };

  readonly open = (after: number): Socket => {
    const socket = { after, onopen: null, onmessage: null, onclose: null, close: () => undefined };
    this.sockets.push(socket);
    return socket;
  };

  get socket(): Socket & { after: number } {
    const last = this.sockets.at(-1);
    if (last === undefined) throw new Error("no socket was opened");
    return last;
  }

  private answer(path: string): unknown {
    if (path === "/auth/guest") {
      if (this.guest) this.visitor = "guest";
      return this.guest ? {} : 404;
    }
    if (path === "/auth/login") {
      this.visitor = "wang";
      return {};
    }
    if (path === "/auth/logout") {
      this.visitor = null;
      return {};
    }
    if (this.visitor === null) return 401;
    if (path === "/auth/me") {
      return { name: this.visitor, role: "operator", read_only: this.visitor === "guest", rights: this.rights };
    }
    if (path.startsWith("/events")) return { items: [], next: this.head, head: this.head };
    return { items: this.items(path), next: null };
  }

  private items(path: string): unknown[] {
    if (path.startsWith("/incidents")) return path.includes("state=open") ? this.incidents : [];
    if (path.startsWith("/cases")) return path.includes("state=open") ? [caseOf()] : [];
    if (path.startsWith("/devices")) return [device({ last_seen: this.lastSeen })];
    if (path.startsWith("/areas")) return [{ id: "county", parent: null, level: "county", name: "示范县" }];
    if (path.startsWith("/sites")) return [{ id: "school-1", area: "county", kind: "scenic", name: this.siteName }];
    return [];
  }
}

describe("the store", () => {
  let small: Small;
  let hub: Hub;
  beforeEach(() => {
    vi.useFakeTimers();
    localStorage.clear();
    small = new Small();
    hub = createHub(new Api(small.fetch), small.open);
  });
  afterEach(() => {
    vi.clearAllTimers();
    vi.useRealTimers();
  });
  const settle = (ms = 0): Promise<unknown> => vi.advanceTimersByTimeAsync(ms);
  /** Enter, and have everything. */
  const enter = async (): Promise<void> => {
    await hub.start();
    while (!hub.whole.value) await settle(1);
  };

  it("enters the demo as a guest, lists, and listens behind the head it noted first", async () => {
    await hub.start();
    await settle();
    expect(hub.phase.value).toBe("ready");
    expect(hub.session.value).toMatchObject({ name: "guest", readOnly: true });
    expect([...hub.world.value.incidents.keys()]).toEqual(["listed"]);
    expect(hub.county.value?.name).toBe("示范县");
    expect(small.socket.after).toBe(100);
    const order = small.asked.map((each) => each.split("?")[0]);
    expect(order.indexOf("GET /events")).toBeLessThan(order.indexOf("GET /incidents"));
    expect(order[0]).toBe("POST /auth/guest"); // nobody entered here before, so nobody is asked about
  });

  it("shows the gravest and listens before the rest is there, and says so", async () => {
    let open = (): void => undefined;
    small.gate = new Promise<void>((done) => {
      open = done;
    });
    await hub.start();
    await settle(10);
    expect([hub.phase.value, hub.whole.value, small.socket.after]).toEqual(["ready", false, 100]);
    expect(hub.openIncidents.value.map((each) => each.id)).toEqual(["listed"]);
    expect(small.asked.filter((each) => each.includes("/cases"))).toEqual([]);
    open();
    while (!hub.whole.value) await settle(1);
    expect([hub.world.value.devices.size, hub.world.value.cases.size, hub.loaded.value]).toEqual([1, 1, 1]);
  });

  it("what an event tells while lists are on their way stays", async () => {
    let open = (): void => undefined;
    small.gate = new Promise<void>((done) => {
      open = done;
    });
    await hub.start();
    await settle(10);
    small.socket.onmessage?.({ data: JSON.stringify(updated(101, { id: "listed", acked: true })) });
    small.socket.onmessage?.({ data: JSON.stringify(raised(102, { id: "new" })) });
    await settle(100);
    open();
    while (!hub.whole.value) await settle(1);
    expect(hub.world.value.incidents.get("listed")?.acked).toBe(true);
    expect([...hub.world.value.incidents.keys()]).toEqual(["listed", "new"]);
  });

  it("asks a person to log in where there is no guest", async () => {
    small.guest = false;
    await hub.start();
    expect(hub.phase.value).toBe("login");
    await hub.login("wang", "right");
    expect(hub.phase.value).toBe("ready");
    expect(hub.session.value).toMatchObject({ name: "wang", readOnly: false });
  });

  it("knows who logged in before, and does not make a guest of them", async () => {
    small.visitor = "wang";
    localStorage.setItem("xianshao.visitor", "1");
    await hub.start();
    expect(hub.session.value?.name).toBe("wang");
    expect(small.asked).not.toContain("POST /auth/guest");
  });

  it("logging out shows nothing of what was seen", async () => {
    small.guest = false;
    small.visitor = "wang";
    localStorage.setItem("xianshao.visitor", "1");
    await hub.start();
    await hub.logout();
    expect(hub.phase.value).toBe("login");
    expect([hub.world.value.incidents.size, hub.session.value]).toEqual([0, null]);
  });

  it("asks only for what the role may see", async () => {
    small.rights = ["incident.read", "case.read", "event.read"];
    await hub.start();
    expect(hub.phase.value).toBe("ready");
    expect(small.asked.filter((each) => /devices|sites|rules|areas|units/.test(each))).toEqual([]);
  });

  it("says that an account has no right to listen", async () => {
    small.rights = [];
    await hub.start();
    expect(hub.trouble.value).toBe("denied");
  });

  it("says that the hub is away, and enters as soon as it is back", async () => {
    small.reachable = false;
    await hub.start();
    expect([hub.trouble.value, hub.line.value]).toEqual(["away", "lost"]);
    small.reachable = true;
    await settle(RETRY_MS);
    expect([hub.phase.value, hub.trouble.value]).toEqual(["ready", null]);
  });

  it("applies what the socket brings", async () => {
    await enter();
    await settle();
    small.socket.onopen?.();
    small.socket.onmessage?.({ data: JSON.stringify(raised(101, { id: "pushed" })) });
    await settle(100);
    expect([...hub.world.value.incidents.keys()]).toEqual(["listed", "pushed"]);
    expect(hub.line.value).toBe("live");
  });

  it("loads anew when the log no longer reaches back, and shows the old until then", async () => {
    await enter();
    await settle(RETRY_MS + 1);
    small.socket.onopen?.();
    small.head = 900;
    small.incidents = [incident({ id: "other" })];
    small.socket.onclose?.({ code: 4010 });
    expect([...hub.world.value.incidents.keys()]).toEqual(["listed"]);
    expect(hub.phase.value).toBe("ready");
    const before = hub.loaded.value;
    while (hub.loaded.value === before) await settle(10);
    expect([...hub.world.value.incidents.keys()]).toEqual(["other"]);
    expect(small.socket.after).toBe(900);
  });

  it("asks for names anew when the registry changed", async () => {
    await enter();
    await settle();
    small.socket.onopen?.();
    small.siteName = "新食堂";
    small.socket.onmessage?.({ data: JSON.stringify(registryChanged(101)) });
    await settle(1000);
    expect(hub.directory.value.sites.get("school-1")?.name).toBe("新食堂");
  });

  it("asks again for what events do not carry, while the line is live", async () => {
    await enter();
    await settle();
    small.lastSeen = "2026-11-22T09:30:00.000Z";
    await settle(REFRESH_MS);
    expect(hub.world.value.devices.get("school-1-gas")?.last_seen).not.toBe(small.lastSeen);
    small.socket.onopen?.();
    await settle(REFRESH_MS);
    expect(hub.world.value.devices.get("school-1-gas")?.last_seen).toBe(small.lastSeen);
  });

  it("goes by the hub's clock", async () => {
    await enter();
    await settle();
    small.socket.onopen?.();
    const told = new Date(Date.now() + 120_000).toISOString();
    small.socket.onmessage?.({ data: JSON.stringify({ type: "heartbeat", head: 100, at: told }) });
    expect(hub.ahead.value).toBe(120_000);
  });
});
