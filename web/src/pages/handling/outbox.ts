/** The outbox: sends what waits, one thing after another, whenever the line allows. */
import { ref, type Ref, shallowRef, type ShallowRef } from "vue";

import { type Api, ApiError, newKey, Unreachable } from "@/api";
import { type Box, openBox, remembered } from "@/pages/handling/box";
import { formOf } from "@/pages/handling/picked";
import { after, dropped, type Errand, type Job, nextOf, type Outcome, outcomeOf, retried, waitOf } from "@/pages/handling/queue";

/** `idle`: nothing to send; `sending`; `waiting`: for the line or the hub; `login`: nobody may send in this tab. */
export type Going = "idle" | "sending" | "waiting" | "login";

export interface Outbox {
  jobs: ShallowRef<readonly Job[]>;
  going: Ref<Going>;
  /** Whether what waits survives a reload. */
  keeps: Ref<boolean>;
  /** Rises when something was done, for pages that show what the hub has. */
  sent: Ref<number>;
  add: (errands: readonly { errand: Errand; title: string; key?: string }[]) => Promise<void>;
  /** Try now; after a login, when the line is back, when somebody asks. */
  hurry: () => void;
  retry: (key: string) => Promise<void>;
  drop: (key: string) => Promise<void>;
}

export interface Ports {
  api: Api;
  /** Whose things are sent now; empty while nobody is here. */
  user: () => string;
  /** Whether this tab may act at all; otherwise what waits goes on waiting for a login. */
  armed: () => boolean;
  open?: () => Promise<Box>;
  now?: () => number;
}

export function createOutbox({ api, user, armed, open = openBox, now = Date.now }: Ports): Outbox {
  const jobs = shallowRef<readonly Job[]>([]);
  const going = ref<Going>("idle");
  const keeps = ref(true);
  const sent = ref(0);
  let attempt = 0;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let running = false;
  const box = begin();

  async function begin(): Promise<Box> {
    let found = await open();
    try {
      jobs.value = [...(await found.all()), ...jobs.value];
    } catch {
      found = remembered(); // a database that opens and answers nothing is none
    }
    keeps.value = found.keeps;
    return found;
  }

  async function change(next: readonly Job[], key?: string): Promise<void> {
    const before = new Set(jobs.value);
    jobs.value = next;
    const found = await box;
    try {
      // What is new or changed is kept before what is gone is let go: a crash in between sends twice, with one key.
      await found.put(next.filter((each) => !before.has(each)));
      if (key !== undefined && !next.some((each) => each.key === key)) await found.drop(key);
    } catch {
      // No room, or no longer allowed: it waits in the page alone, which is said.
      keeps.value = false;
    }
  }

  async function send(job: Job): Promise<Outcome> {
    try {
      const told = await attempted(job);
      return told === undefined ? { is: "done" } : { is: "done", id: told };
    } catch (failure) {
      if (failure instanceof Unreachable) return { is: "later", seconds: waitOf(attempt) };
      if (failure instanceof ApiError) return outcomeOf(failure.status, failure.message, failure.retryAfter, attempt);
      throw failure;
    }
  }

  async function attempted({ key, errand }: Job): Promise<string | undefined> {
    switch (errand.kind) {
      case "photo":
        return (await api.post<{ id: string }>(`/cases/${encodeURIComponent(errand.case)}/attachments`, formOf(errand), key)).id;
      case "action":
        await api.post(`/cases/${encodeURIComponent(errand.case)}/actions`, errand.body, key);
        return undefined;
      case "mend":
        await api.post(`/incidents/${encodeURIComponent(errand.incident)}/mended`, { note: errand.note }, key);
        return undefined;
    }
  }

  async function run(): Promise<void> {
    if (running) return;
    running = true;
    clearTimeout(timer);
    try {
      await box;
      for (;;) {
        const who = user();
        const job = nextOf(jobs.value, who);
        if (job === null || !armed()) {
          going.value = job === null ? "idle" : "login";
          return;
        }
        going.value = "sending";
        const outcome = await send(job);
        if (outcome.is === "later") {
          attempt += 1;
          going.value = "waiting";
          timer = setTimeout(() => void run(), outcome.seconds * 1000);
          return;
        }
        if (outcome.is === "login") {
          going.value = "login";
          return;
        }
        attempt = 0;
        await change(after(jobs.value, job.key, outcome), job.key);
        if (outcome.is === "done") sent.value += 1;
      }
    } finally {
      running = false;
    }
  }

  return {
    jobs,
    going,
    keeps,
    sent,
    async add(errands) {
      await box;
      const who = user();
      let n = Math.max(0, ...jobs.value.map((each) => each.n));
      const made = new Date(now()).toISOString();
      const added = errands.map(({ errand, title, key = newKey() }): Job => ({ key, n: ++n, user: who, title, made, errand }));
      await change([...jobs.value, ...added]);
      attempt = 0;
      void run();
    },
    hurry() {
      attempt = 0;
      void run();
    },
    async retry(key) {
      await change(retried(jobs.value, key));
      void run();
    },
    async drop(key) {
      await change(dropped(jobs.value, key), key);
      void run();
    },
  };
}
