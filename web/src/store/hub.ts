/**
 * The console's one store: who is here, what the world looks like, and whether that is still true.
 *
 * Entering: note the log's head, ask for names and for the gravest incidents, show them and listen to everything
 * behind that head; the rest of the lists comes behind, a small page at a time, so that neither the hub nor this page
 * stands still for thousands of rows. What happens in between is in the lists or comes as an event, or both; applying
 * an event twice changes nothing, and what an event told is not undone by a list that was asked for before it.
 */
import { computed, type ComputedRef, ref, type Ref, shallowRef, type ShallowRef } from "vue";

import { type Api, ApiError, Unreachable } from "@/api";
import { createAsking } from "@/store/asking";
import { countsOf, type Counts } from "@/store/counts";
import { type Directory, NOBODY, topArea, zoneOf } from "@/store/names";
import { EventStream, type LineState, openSocket, type Outlook, type Socket } from "@/store/stream";
import { forget, recall, remember } from "@/store/visitor";
import { apply, EMPTY, withDevices, withLists, type World } from "@/store/world";
import type { Area, HubEvent, Incident, Session } from "@/types";

/** `enter`: finding out who is here; `login`: nobody yet; `load`: the first lists; `ready`: showing. */
export type Phase = "enter" | "login" | "load" | "ready";

/** Why the page shows less than it could; a word of the locales' `trouble`. */
export type Trouble = "away" | "denied" | "failed" | null;

export interface Hub {
  phase: Ref<Phase>;
  trouble: Ref<Trouble>;
  session: ShallowRef<Session | null>;
  line: Ref<LineState>;
  /** Since when the line has been lost (ms), null while it is not. */
  lostSince: Ref<number | null>;
  /** What the hub's clock is ahead of ours (ms). */
  ahead: Ref<number>;
  world: ShallowRef<World>;
  directory: ShallowRef<Directory>;
  counts: ComputedRef<Counts>;
  /** Open incidents, the gravest first. */
  openIncidents: ComputedRef<readonly Incident[]>;
  county: ComputedRef<Area | null>;
  zone: ComputedRef<string>;
  start: () => Promise<void>;
  /** Rejects with ApiError 401 when name and password do not fit; whoever was here stays. */
  login: (name: string, password: string) => Promise<void>;
  logout: () => Promise<void>;
  may: (right: string) => boolean;
  /** Whether we may do this here and now: the right, and a login in this very tab. */
  can: (right: string) => boolean;
  /** Somebody is here by an older login: may look, has to log in to act. */
  bare: ComputedRef<boolean>;
  /** Rises with each login by name and password, when the first lists are there. */
  logins: Ref<number>;
  /** Everything is here; before, the gravest incidents are, and numbers may be too small. */
  whole: Ref<boolean>;
  /** Rises when all lists were loaded anew; what a page loaded for itself may be old then. */
  loaded: Ref<number>;
  /** Hear of every event, after it was applied to the world; answers how to stop. */
  listen: (heard: Listener) => () => void;
  cut: () => void;
  hurry: () => void;
}

export type Listener = (events: readonly HubEvent[]) => void;

/** Between two attempts to enter or to load. */
export const RETRY_MS = 3_000;
const REGISTRY_MS = 500;
export const REFRESH_MS = 5_000;
const REFRESH_MANY_MS = 60_000;
const MANY = 1_000;

export function createHub(api: Api, open: (after: number) => Socket = (after) => openSocket(after, api.protocols)): Hub {
  const phase = ref<Phase>("enter");
  const trouble = ref<Trouble>(null);
  const session = shallowRef<Session | null>(null);
  const line = ref<LineState>("connecting");
  const lostSince = ref<number | null>(null);
  const ahead = ref(0);
  const beat = ref(Date.now());
  const world = shallowRef<World>(EMPTY);
  const directory = shallowRef<Directory>(NOBODY);
  const logins = ref(0);
  const loaded = ref(0);
  const whole = ref(false);
  const listeners = new Set<Listener>();
  const asking = createAsking(api, may);
  /** What is under way; replaced by whatever begins anew, so that late answers of the old are dropped. */
  let turn = new AbortController();
  let renaming: ReturnType<typeof setTimeout> | undefined;
  let refreshing: ReturnType<typeof setTimeout> | undefined;
  let began = 0;
  /** Ids that events told of while lists are on their way; null when none are. */
  let told: Set<string> | null = null;

  const stream = new EventStream({
    open,
    look,
    random: Math.random,
    onEvents(events) {
      if (told !== null) for (const id of idsOf(events)) told.add(id);
      const before = world.value.registry;
      world.value = apply(world.value, events);
      if (world.value.registry !== before) renameSoon();
      for (const heard of listeners) heard(events);
    },
    onState(state) {
      line.value = state;
      if (state === "live") lostSince.value = null;
      else if (state === "lost") lostSince.value ??= Date.now();
    },
    onTime(at) {
      const told = Date.parse(at);
      if (Number.isNaN(told)) return;
      ahead.value = told - Date.now();
      beat.value = told;
    },
    onEnd(reason) {
      if (reason === "denied") trouble.value = "denied";
      else again(reason === "reload" ? load : enter);
    },
  });

  function may(right: string): boolean {
    return session.value?.rights.has(right) ?? false;
  }

  /** What a look at the hub says: is it there, does it know us, does its log reach to `after`? */
  async function look(after: number): Promise<Outlook> {
    try {
      return (await api.head()) < after ? "reload" : "go";
    } catch (failure) {
      if (failure instanceof ApiError && failure.status === 401) return "login";
      if (failure instanceof ApiError && failure.status === 403) return "denied";
      return "away";
    }
  }

  /** Who is here: whoever this browser's cookie stands for, else the demo's guest, else a person to log in. */
  async function enter(): Promise<void> {
    const mine = begin();
    try {
      const who = (await known()) ?? (await visit());
      if (mine.aborted) return;
      session.value = who;
    } catch (failure) {
      if (!mine.aborted) later(failure, enter);
      return;
    }
    trouble.value = null;
    if (session.value === null) {
      clear();
      phase.value = "login";
    } else {
      remember();
      await load();
    }
  }

  async function known(): Promise<Session | null> {
    if (!recall()) return null;
    try {
      return await api.me();
    } catch (failure) {
      if (!(failure instanceof ApiError) || failure.status !== 401) throw failure;
      forget();
      api.disarm();
      return null;
    }
  }

  async function visit(): Promise<Session | null> {
    return (await api.guest()) ? api.me() : null;
  }

  async function load(): Promise<void> {
    const mine = begin();
    // The first time, pages show as they come; later the old world stays until the new one is whole.
    const atOnce = phase.value !== "ready";
    if (atOnce) phase.value = "load";
    try {
      if (!may("event.read")) throw new ApiError(403, "not-permitted", "no right to listen");
      const head = await api.head();
      const [named, top] = await Promise.all([asking.names(), atOnce ? asking.gravest(mine) : []]);
      let fresh = withLists({ ...EMPTY, seq: head }, { incidents: top });
      if (!atOnce) for await (const lists of asking.rounds(mine)) fresh = withLists(fresh, lists);
      if (mine.aborted) return;
      directory.value = named;
      world.value = fresh;
      trouble.value = null;
      phase.value = "ready";
      told = new Set();
      stream.start(head);
      if (atOnce) void rest(mine);
      else complete(mine);
    } catch (failure) {
      failed(mine, failure);
    }
  }

  /** Everything else, while the gravest is on the screen and events come already. */
  async function rest(mine: AbortSignal): Promise<void> {
    try {
      for await (const lists of asking.rounds(mine)) {
        if (mine.aborted) return;
        world.value = withLists(world.value, lists, told ?? undefined);
      }
    } catch (failure) {
      failed(mine, failure);
      return;
    }
    if (!mine.aborted) complete(mine);
  }

  function complete(mine: AbortSignal): void {
    told = null;
    whole.value = true;
    loaded.value += 1;
    keepFresh(mine);
  }

  function failed(mine: AbortSignal, failure: unknown): void {
    if (mine.aborted) return;
    if (failure instanceof ApiError && failure.status === 401) again(enter);
    else later(failure, load);
  }

  /** Names and devices asked for again, once, after a burst of changes of the registry. */
  function renameSoon(): void {
    clearTimeout(renaming);
    renaming = setTimeout(() => {
      void rename(turn.signal);
    }, REGISTRY_MS);
  }

  async function rename(mine: AbortSignal): Promise<void> {
    try {
      const named = await asking.names();
      if (mine.aborted) return;
      directory.value = named;
      await refresh(mine);
    } catch (failure) {
      if (!expected(failure)) throw failure;
      if (!mine.aborted) renameSoon();
    }
  }

  /** The devices as they are now. */
  async function refresh(mine: AbortSignal): Promise<void> {
    if (!may("device.read")) return;
    const asked = world.value.devices;
    const listed = await asking.devices();
    if (!mine.aborted) world.value = withDevices(world.value, asked, listed);
  }

  /** What events do not carry (rates, last data) is asked for again and again, while somebody looks. */
  function keepFresh(mine: AbortSignal): void {
    const wait = world.value.devices.size > MANY ? REFRESH_MANY_MS : REFRESH_MS;
    refreshing = setTimeout(() => {
      void (async () => {
        try {
          if (!document.hidden && line.value === "live") await refresh(mine);
        } catch (failure) {
          if (!expected(failure)) throw failure; // a lost line is noticed and told by the stream
        }
        if (!mine.aborted) keepFresh(mine);
      })();
    }, wait);
  }

  function begin(): AbortSignal {
    stream.stop();
    clearTimeout(renaming);
    clearTimeout(refreshing);
    turn.abort();
    turn = new AbortController();
    told = null;
    began = Date.now();
    return turn.signal;
  }

  /** Begin anew, at once the first time, slower when it happens again and again. */
  function again(what: () => Promise<void>): void {
    const mine = turn.signal;
    setTimeout(
      () => {
        if (!mine.aborted) void what();
      },
      Date.now() - began > RETRY_MS ? 0 : RETRY_MS,
    );
  }

  /** Say what is wrong and try again. */
  function later(failure: unknown, what: () => Promise<void>): void {
    trouble.value = failure instanceof ApiError ? (failure.status === 403 ? "denied" : "failed") : "away";
    line.value = "lost";
    lostSince.value ??= Date.now();
    const mine = turn.signal;
    setTimeout(() => {
      if (!mine.aborted) void what();
    }, RETRY_MS);
    if (!expected(failure)) throw failure;
  }

  function clear(): void {
    world.value = EMPTY;
    whole.value = false;
    directory.value = NOBODY;
    session.value = null;
    trouble.value = null;
    lostSince.value = null;
  }

  return {
    phase,
    trouble,
    session,
    line,
    lostSince,
    ahead,
    world,
    directory,
    counts: computed(() => countsOf(world.value, beat.value)),
    openIncidents: computed(() => world.value.open),
    county: computed(() => topArea(directory.value.areas)),
    zone: computed(() => zoneOf(directory.value.areas)),
    start: enter,
    may,
    can: (right) => may(right) && api.armed,
    bare: computed(() => session.value !== null && !session.value.readOnly && !api.armed),
    logins,
    loaded,
    whole,
    listen(heard) {
      listeners.add(heard);
      return () => listeners.delete(heard);
    },
    async login(name, password) {
      await api.login(name, password);
      begin();
      clear();
      remember();
      phase.value = "load";
      await enter();
      logins.value += 1;
    },
    async logout() {
      begin();
      clear();
      forget();
      phase.value = "enter";
      try {
        await api.logout();
      } catch (failure) {
        if (!expected(failure)) throw failure;
      }
      await enter();
    },
    cut() {
      stream.cut();
    },
    hurry() {
      stream.hurry();
    },
  };
}

/** What the hub or the line may do to a request; anything else is a mistake of ours and must be seen. */
function expected(failure: unknown): boolean {
  return failure instanceof ApiError || failure instanceof Unreachable;
}

function* idsOf(events: readonly HubEvent[]): Generator<string> {
  for (const { data } of events) {
    if (typeof data === "object" && data !== null && "id" in data && typeof data.id === "string") yield data.id;
  }
}
