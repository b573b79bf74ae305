/**
 * The hub's HTTP interface, typed.
 *
 * Reading is allowed by the same-origin cookie that a login leaves behind; nothing here keeps a token. Every
 * request has an end: after `timeout` it fails like a lost line.
 */
import type { Area, Case, Device, Guide, Incident, Page, Rule, Session, Site, Unit } from "@/types";

const ROOT = "/api/v1";

/** A request that the hub answered with an error; `slug` is the last part of its problem type. */
export class ApiError extends Error {
  constructor(
    readonly status: number,
    readonly slug: string,
    message: string,
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

export class Api {
  constructor(
    private readonly fetcher: Fetch = (...args) => fetch(...args),
    private readonly timeout = 15_000,
  ) {}

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
    await this.send("POST", "/auth/login", { username, password });
  }

  /** Who we are to the hub; ApiError 401 when we are nobody. */
  async me(): Promise<Session> {
    const told = await this.get<Me>("/auth/me", {});
    return { name: told.name, role: told.role, readOnly: told.read_only, rights: new Set(told.rights) };
  }

  async logout(): Promise<void> {
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

  private async everything<T>(path: string): Promise<T[]> {
    const all: T[] = [];
    for await (const page of this.pages<T>(path, {})) all.push(...page);
    return all;
  }

  private get<T>(path: string, params: Params): Promise<T> {
    return this.send<T>("GET", `${path}${query(params)}`);
  }

  private async send<T>(method: "GET" | "POST", path: string, body?: unknown): Promise<T> {
    const options: RequestInit = {
      method,
      credentials: "same-origin",
      headers: { accept: "application/json" },
      signal: AbortSignal.timeout(this.timeout),
    };
    if (body !== undefined) {
      options.headers = { accept: "application/json", "content-type": "application/json" };
      options.body = JSON.stringify(body);
    }
    try {
      const response = await this.fetcher(`${ROOT}${path}`, options);
      if (!response.ok) throw await problem(response);
      return (await response.json()) as T;
    } catch (failure) {
      if (failure instanceof ApiError) throw failure;
      throw new Unreachable(failure);
    }
  }
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
  return new ApiError(response.status, slug, told.detail ?? told.title ?? `HTTP ${response.status}`);
}
