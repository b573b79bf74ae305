/** A list of the hub, a page at a time: `again` begins (anew), `more` asks for the next page. */
import { onScopeDispose, ref, type Ref, shallowRef, type ShallowRef } from "vue";

import { useFaults } from "@/composables/useAct";
import type { Page } from "@/types";

export interface Paged<T> {
  rows: ShallowRef<readonly T[]>;
  busy: Readonly<Ref<boolean>>;
  /** There is more behind what is shown. */
  left: Readonly<Ref<boolean>>;
  /** Why the last page did not come, in the reader's language; empty when it came. */
  fault: Readonly<Ref<string>>;
  more: () => Promise<void>;
  again: () => Promise<void>;
}

type Cursor = string | number | undefined;

/** `ask` is `(cursor) => api.get<Page<Case>>("/cases", { limit: 50, cursor, … })`. */
export function usePaged<T>(ask: (cursor: Cursor) => Promise<Page<T>>): Paged<T> {
  const rows = shallowRef<readonly T[]>([]);
  const busy = ref(false);
  const left = ref(false);
  const fault = ref("");
  const words = useFaults();
  let next: Cursor;
  /** Rises when what is under way no longer counts. */
  let turn = 0;

  async function step(afresh: boolean): Promise<void> {
    const mine = ++turn;
    busy.value = true;
    fault.value = "";
    try {
      const page = await ask(afresh ? undefined : next);
      if (mine !== turn) return;
      rows.value = afresh ? page.items : [...rows.value, ...page.items]; // the old rows stay until new ones are there
      next = page.next ?? undefined;
      left.value = next !== undefined;
    } catch (failure) {
      if (mine === turn) fault.value = words(failure);
    } finally {
      if (mine === turn) busy.value = false;
    }
  }

  onScopeDispose(() => {
    turn += 1;
  });
  return {
    rows,
    busy,
    left,
    fault,
    async more() {
      if (!busy.value && left.value) await step(false);
    },
    again: () => step(true),
  };
}
