/** An answer of the hub that is asked for again: when what it is about changes, after a reload, and every so often. */
import { onScopeDispose, ref, type Ref, shallowRef, type ShallowRef, watch } from "vue";

import { HUB, use } from "@/composables/keys";
import { useFaults } from "@/composables/useAct";

export interface Asked<T> {
  /** The last answer; it stays until a newer one is there. */
  told: ShallowRef<T | null>;
  fault: Readonly<Ref<string>>;
  busy: Readonly<Ref<boolean>>;
  again: () => Promise<void>;
}

/** `about` is what the question depends on: a change of it asks anew, and the old answer is dropped. */
export function useAsked<T>(about: () => string, ask: () => Promise<T>, everyMs: number): Asked<T> {
  const hub = use(HUB);
  const words = useFaults();
  const told = shallowRef<T | null>(null);
  const fault = ref("");
  const busy = ref(false);
  let turn = 0;

  async function again(): Promise<void> {
    const mine = ++turn;
    busy.value = true;
    try {
      const answer = await ask();
      if (mine !== turn) return;
      told.value = answer;
      fault.value = "";
    } catch (failure) {
      if (mine === turn) fault.value = words(failure);
    } finally {
      if (mine === turn) busy.value = false;
    }
  }

  watch(
    [about, hub.loaded],
    ([now], [before]) => {
      if (now !== before) told.value = null;
      void again();
    },
    { immediate: true },
  );
  const timer = setInterval(() => {
    if (!document.hidden && !busy.value) void again();
  }, everyMs);
  onScopeDispose(() => {
    turn += 1;
    clearInterval(timer);
  });
  return { told, fault, busy, again };
}
