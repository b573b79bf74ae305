/**
 * The hub's HTTP interface, typed.
 *
 * Reading is allowed by the same-origin cookie that a login leaves behind; changing needs the token of a login in
 * this very tab, which lives as long as the tab does. Every request has an end: after `timeout` it fails like a
 * lost line. Every change carries a key, so that asking again after a lost answer does nothing twice.
 */
import { recallToken, rememberToken } from "@/store/visitor";
import type { Area, Case, Device, Guide, Incident, Page, Rule, Session, Site, Unit } from "@/types";

const ROOT = "/api/v1";

/** A request that the hub answered with an error; `slug` is the last part of its problem type. */
export class ApiError extends Error {
  constructor(
    readonly status: number,
    readonly slug: string,
    message: string,
    /** Seconds to wait before it makes sense to ask again; null when the hub did not say. */
    readonly retryAfter: number | null = null,
  ) {
    super(message);
    this.name = "ApiError";
  }
}

/** The hub gave no answer: no line, or too slow. */
export class Unreachable extends Error {
  constructor(cause: unknown) {
    super("the hub does not answer", { cause });
    this.name = "Unreachable";
  }
}

interface Problem {
  type?: string;
  title?: string;
  detail?: string;
}

interface Me {
  name: string;
  role: string;
  read_only: boolean;
  rights: string[];
}

export type Params = Record<string, string | number | undefined>;
type Fetch = typeof fetch;
type Method = "GET" | "POST" | "PUT" | "DELETE";

/** Pictures and clips take longer than words. */
const UPLOAD_MS = 120_000;

export class Api {
  /** Of the login in this tab; without one the cookie lets us look, not act. */
  private token = recallToken();

  constructor(
    private readonly fetcher: Fetch = (...args) => fetch(...args),
    private readonly timeout = 15_000,
  ) {}

  /** Whether what we send may change anything. */
  get armed(): boolean {
    return this.token !== null;
  }

  /** What a websocket offers to be known by; empty: the cookie. */
  get protocols(): string[] {
    return this.token === null ? [] : [`bearer.${this.token}`];
  }

  /** Forget the token of this tab. */
  disarm(): void {
    this.keep(null);
  }

  /** Enter as a read-only guest; false where the hub has no guest. */
  async guest(): Promise<boolean> {
    try {
      await this.send("POST", "/auth/guest");
      return true;
    } catch (failure) {
      if (failure instanceof ApiError && failure.status === 404) return false;
      throw failure;
    }
  }

  /** Enter with a name and a password; ApiError 401 when they do not fit. */
  async login(username: string, password: string): Promise<void> {
    const told = await this.send<{ access_token?: string }>("POST", "/auth/login", { username, password });
    this.keep(told.access_token ?? null);
  }

  /** Who we are to the hub; ApiError 401 when we are nobody. */
  async me(): Promise<Session> {
    const told = await this.get<Me>("/auth/me", {});
    return { name: told.name, role: told.role, readOnly: told.read_only, rights: new Set(told.rights) };
  }

  async logout(): Promise<void> {
    this.disarm();
    await this.send("POST", "/auth/logout");
  }

  /** The number of the newest event; what is listed afterwards is at least as new. */
  async head(): Promise<number> {
    const page = await this.get<Page<unknown> & { head: number }>("/events", { limit: 1 });
    return page.head;
  }

  incidents(params: Params, signal?: AbortSignal): AsyncGenerator<Incident[]> {
    return this.pages<Incident>("/incidents", params, signal);
  }

  /** The response plan of an incident and the contacts of its site. */
  guide(incident: string): Promise<Guide> {
    return this.get<Guide>(`/incidents/${encodeURIComponent(incident)}`, {});
  }

  cases(params: Params, signal?: AbortSignal): AsyncGenerator<Case[]> {
    return this.pages<Case>("/cases", params, signal);
  }

  devices(params: Params = {}, signal?: AbortSignal): AsyncGenerator<Device[]> {
    return this.pages<Device>("/devices", params, signal);
  }

  sites(): Promise<Site[]> {
    return this.everything<Site>("/sites");
  }

  areas(): Promise<Area[]> {
    return this.everything<Area>("/areas");
  }

  units(): Promise<Unit[]> {
    return this.everything<Unit>("/units");
  }

  rules(): Promise<Rule[]> {
    return this.everything<Rule>("/rules");
  }

  /** The present picture of a camera. */
  async snapshot(camera: string, signal: AbortSignal): Promise<Blob> {
    const response = await this.fetcher(`${ROOT}/cameras/${encodeURIComponent(camera)}/snapshot.jpg`, {
      cache: "no-store",
      signal,
    });
    if (!response.ok) throw await problem(response);
    return response.blob();
  }

  /** A list, page by page, until it ends or `signal` does. */
  async *pages<T>(path: string, params: Params, signal?: AbortSignal): AsyncGenerator<T[]> {
    let cursor: string | number | undefined;
    do {
      signal?.throwIfAborted();
      const page: Page<T> = await this.get<Page<T>>(path, { limit: 1000, ...params, cursor });
      yield page.items;
      cursor = page.next ?? undefined;
    } while (cursor !== undefined);
  }

  /** A whole list; for those that are short. */
  async everything<T>(path: string, params: Params = {}): Promise<T[]> {
    const all: T[] = [];
    for await (const page of this.pages<T>(path, params)) all.push(...page);
    return all;
  }

  get<T>(path: string, params: Params = {}): Promise<T> {
    return this.send<T>("GET", `${path}${query(params)}`);
  }

  /** Do something. With the same `key` it is done once, however often it is sent. */
  post<T>(path: string, body: unknown, key = newKey()): Promise<T> {
    return this.send<T>("POST", path, body, key);
  }

  put<T>(path: string, body: unknown): Promise<T> {
    return this.send<T>("PUT", path, body);
  }

  /** End or delete something. */
  remove(path: string): Promise<unknown> {
    return this.send("DELETE", path);
  }

  /** Whether a file of ours (a clip) is there; ApiError 409 `evidence-pending` while it is made. */
  async probe(path: string): Promise<void> {
    const response = await this.answer(path, {
      headers: { ...this.headers(), range: "bytes=0-0" },
      signal: AbortSignal.timeout(this.timeout),
    });
    if (!response.ok) throw await problem(response);
    await response.body?.cancel(); // that it is there was the question
  }

  private keep(token: string | null): void {
    this.token = token;
    rememberToken(token);
  }

  private headers(): Record<string, string> {
    return this.token === null ? {} : { authorization: `Bearer ${this.token}` };
  }

  private async answer(path: string, options: RequestInit): Promise<Response> {
    try {
      return await this.fetcher(`${ROOT}${path}`, { credentials: "same-origin", ...options });
    } catch (failure) {
      throw new Unreachable(failure);
    }
  }

  private async send<T>(method: Method, path: string, body?: unknown, key?: string): Promise<T> {
    const headers: Record<string, string> = { accept: "application/json", ...this.headers() };
    const form = body instanceof FormData;
    if (key !== undefined) headers["idempotency-key"] = key;
    if (body !== undefined && !form) headers["content-type"] = "application/json";
    const options: RequestInit = {
      method,
      credentials: "same-origin",
      headers,
      signal: AbortSignal.timeout(form ? UPLOAD_MS : this.timeout),
    };
    if (body !== undefined) options.body = form ? body : JSON.stringify(body);
    try {
      const response = await this.fetcher(`${ROOT}${path}`, options);
      if (!response.ok) throw await problem(response);
      const told: unknown = response.status === 204 ? null : await response.json();
      return told as T;
    } catch (failure) {
      if (failure instanceof ApiError) throw failure;
      throw new Unreachable(failure);
    }
  }
}

/** A key that no other request has. (`crypto.randomUUID` is for secure pages only; a county's network may be plain.) */
export function newKey(): string {
  return [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** Where a file below the interface is, for `src` of pictures and films. */
export function fileAddress(path: string, params: Params = {}): string {
  return `${ROOT}${path}${query(params)}`;
}

/** Where the picture of an incident is; persons in it are blurred. */
export function evidencePicture(incident: string, boxes: boolean): string {
  return `${ROOT}/incidents/${encodeURIComponent(incident)}/snapshot.jpg?boxes=${boxes ? 1 : 0}`;
}

/** Where the event log is pushed from, on the page's own address. */
export function eventsAddress(after: number, page: { protocol: string; host: string } = location): string {
  const scheme = page.protocol === "https:" ? "wss" : "ws";
  return `${scheme}://${page.host}${ROOT}/events/ws?after=${after}`;
}

/** Where a camera is shown live; `jpeg`: as single pictures. */
export function liveAddress(
  camera: string,
  form?: "jpeg",
  page: { protocol: string; host: string } = location,
): string {
  const scheme = page.protocol === "https:" ? "wss" : "ws";
  return `${scheme}://${page.host}${ROOT}/cameras/${encodeURIComponent(camera)}/live${query({ as: form })}`;
}

export function query(params: Params): string {
  const given = Object.entries(params).filter((pair): pair is [string, string | number] => pair[1] !== undefined);
  if (given.length === 0) return "";
  return `?${new URLSearchParams(given.map(([name, value]) => [name, String(value)])).toString()}`;
}

async function problem(response: Response): Promise<ApiError> {
  let told: Problem = {};
  try {
    told = (await response.json()) as Problem;
  } catch {
    // An answer of something between us and the hub: the status is all there is.
  }
  const slug = told.type?.split(":").at(-1) ?? "";
  const wait = Number(response.headers.get("retry-after") ?? Number.NaN);
  const text = told.detail ?? told.title ?? `HTTP ${response.status}`;
  return new ApiError(response.status, slug, text, Number.isNaN(wait) ? null : wait);
}
