/**
 * Where waiting things are kept: the browser's database, so that they are there after a reload and after the battery
 * was empty. A browser that keeps nothing (a private window) leaves them in the page; that is said.
 */
import type { Job } from "@/pages/handling/queue";

const NAME = "xianshao";
const JOBS = "outbox";
const VERSION = 1;

export interface Box {
  /** Whether what is put survives a reload. */
  keeps: boolean;
  all: () => Promise<Job[]>;
  put: (jobs: readonly Job[]) => Promise<void>;
  drop: (key: string) => Promise<void>;
}

/** The box of this browser; one that only remembers when the browser has none. */
export async function openBox(): Promise<Box> {
  try {
    return kept(await opened());
  } catch {
    // Private windows and some settings refuse; the page says that nothing survives a reload.
    return remembered();
  }
}

export function remembered(): Box {
  const jobs = new Map<string, Job>();
  return {
    keeps: false,
    all: () => Promise.resolve([...jobs.values()]),
    put(given) {
      for (const each of given) jobs.set(each.key, each);
      return Promise.resolve();
    },
    drop(key) {
      jobs.delete(key);
      return Promise.resolve();
    },
  };
}

function kept(base: IDBDatabase): Box {
  return {
    keeps: true,
    all() {
      return answer(base.transaction(JOBS).objectStore(JOBS).getAll() as IDBRequest<Job[]>);
    },
    async put(given) {
      const change = base.transaction(JOBS, "readwrite");
      for (const each of given) change.objectStore(JOBS).put(each);
      await done(change);
    },
    async drop(key) {
      const change = base.transaction(JOBS, "readwrite");
      change.objectStore(JOBS).delete(key);
      await done(change);
    },
  };
}

function opened(): Promise<IDBDatabase> {
  return new Promise((ready, failed) => {
    const asked = indexedDB.open(NAME, VERSION);
    asked.onupgradeneeded = () => {
      asked.result.createObjectStore(JOBS, { keyPath: "key" });
    };
    asked.onsuccess = () => {
      // A newer console in another tab may want to change the shape: let it.
      asked.result.onversionchange = () => {
        asked.result.close();
      };
      ready(asked.result);
    };
    asked.onerror = () => {
      failed(asked.error ?? new Error("the browser's database does not open"));
    };
    asked.onblocked = () => {
      failed(new Error("the browser's database is held by another tab"));
    };
  });
}

function answer<T>(asked: IDBRequest<T>): Promise<T> {
  return new Promise((ready, failed) => {
    asked.onsuccess = () => {
      ready(asked.result);
    };
    asked.onerror = () => {
      failed(asked.error ?? new Error("the browser's database did not answer"));
    };
  });
}

function done(change: IDBTransaction): Promise<void> {
  return new Promise((ready, failed) => {
    change.oncomplete = () => {
      ready();
    };
    change.onerror = change.onabort = () => {
      failed(change.error ?? new Error("the browser's database kept nothing"));
    };
  });
}
