/**
 * What waits to be sent: in the order it was made, each thing once, and what is refused holds up nothing but its own
 * case. Pure: the store and the line are elsewhere (outbox.ts).
 */
import type { Phase } from "@/store/cases";

/** What is to be sent: a photo of a case, an action on it, or the keeper's word that an incident is corrected. */
export type Errand =
  | { kind: "photo"; case: string; phase: Phase; blob: Blob }
  | { kind: "action"; case: string; body: Readonly<Record<string, unknown>>; photos: readonly string[] }
  | { kind: "mend"; incident: string; case: string | null; note: string };

/** One thing that waits. */
export interface Job {
  /** Also its Idempotency-Key: however often it is sent, it is done once. */
  key: string;
  /** Its place in the queue. */
  n: number;
  /** Whose it is: on a shared telephone nobody sends under another name. */
  user: string;
  /** What it is about, in words for people. */
  title: string;
  made: string;
  errand: Errand;
  /** The hub does not take it, and why; a person decides what becomes of it. */
  refused?: string;
}

/** What became of one attempt. */
export type Outcome =
  | { is: "done"; id?: string }
  | { is: "later"; seconds: number }
  | { is: "login" }
  | { is: "refused"; why: string };

/** What jobs of one thing have in common: its case, or its incident where there is no case. */
export function matterOf(job: Job): string {
  return job.errand.kind === "mend" ? (job.errand.case ?? job.errand.incident) : job.errand.case;
}

/** The jobs of one user in the order they were made. */
export function ofUser(jobs: readonly Job[], user: string): Job[] {
  return jobs.filter((each) => each.user === user).sort((a, b) => a.n - b.n);
}

/** What is to be sent next: the first job that is not refused and has none before it that is, of the same matter. */
export function nextOf(jobs: readonly Job[], user: string): Job | null {
  const held = new Set<string>();
  for (const each of ofUser(jobs, user)) {
    if (each.refused !== undefined) held.add(matterOf(each));
    else if (!held.has(matterOf(each))) return each;
  }
  return null;
}

/**
 * The queue after one attempt. A photo that was kept gives its id to the actions that name it; one that is gone is
 * named no more.
 */
export function after(jobs: readonly Job[], key: string, outcome: Outcome): Job[] {
  switch (outcome.is) {
    case "done":
      return dropped(jobs, key, outcome.id);
    case "refused":
      return jobs.map((each) => (each.key === key ? { ...each, refused: outcome.why } : each));
    case "later":
    case "login":
      return [...jobs];
  }
}

/** The queue without one job; `id` is what the hub calls a photo that it has now. */
export function dropped(jobs: readonly Job[], key: string, id?: string): Job[] {
  return jobs
    .filter((each) => each.key !== key)
    .map((each) => {
      const { errand } = each;
      if (errand.kind !== "action" || !errand.photos.includes(key)) return each;
      const photos = errand.photos.filter((photo) => photo !== key);
      const named = Array.isArray(errand.body["attachments"]) ? (errand.body["attachments"] as unknown[]) : [];
      const body = id === undefined ? errand.body : { ...errand.body, attachments: [...named, id] };
      return { ...each, errand: { ...errand, photos, body } };
    });
}

/** A refused job that is tried again. */
export function retried(jobs: readonly Job[], key: string): Job[] {
  return jobs.map((each) => {
    if (each.key !== key) return each;
    const again: Job = { ...each };
    delete again.refused;
    return again;
  });
}

export interface Waiting {
  photos: number;
  others: number;
  refused: number;
  bytes: number;
}

/** How much of a user waits; of one case only, when one is given. */
export function waitingOf(jobs: readonly Job[], user: string, matter?: string): Waiting {
  const found: Waiting = { photos: 0, others: 0, refused: 0, bytes: 0 };
  for (const each of jobs) {
    if (each.user !== user || (matter !== undefined && matterOf(each) !== matter)) continue;
    if (each.refused !== undefined) found.refused += 1;
    else if (each.errand.kind === "photo") found.photos += 1;
    else found.others += 1;
    if (each.errand.kind === "photo") found.bytes += each.errand.blob.size;
  }
  return found;
}

/** Statuses that say nothing about the request itself: it is sent again, unchanged. */
const AGAIN: ReadonlySet<number> = new Set([408, 425, 429, 500, 502, 503, 504]);

const FIRST_S = 2;
const LONGEST_S = 60;

/** What an answer of the hub means for a job; `attempt` counts those in a row that came to nothing, from 0. */
export function outcomeOf(status: number, why: string, retryAfter: number | null, attempt: number): Outcome {
  if (status === 401) return { is: "login" };
  if (AGAIN.has(status)) return { is: "later", seconds: Math.max(retryAfter ?? 0, waitOf(attempt)) };
  return { is: "refused", why };
}

/** How long to wait after so many attempts in a row that came to nothing (seconds): doubling up to a minute. */
export function waitOf(attempt: number): number {
  return Math.min(LONGEST_S, FIRST_S * 2 ** Math.min(attempt, 8));
}
