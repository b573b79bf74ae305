/** One case, asked for anew whenever the log says that it changed; the last answer stays until the next is there. */
import { onScopeDispose, ref, type Ref, shallowRef, type ShallowRef, watch } from "vue";

import { ApiError } from "@/api";
import { API, HUB, use } from "@/composables/keys";
import { useFaults } from "@/composables/useAct";
import type { CaseFile } from "@/store/cases";

export interface OneCase {
  file: ShallowRef<CaseFile | null>;
  fault: Readonly<Ref<string>>;
  /** There is no such case, or not for this reader. */
  gone: Readonly<Ref<boolean>>;
  reload: () => Promise<void>;
}

/** A burst of events asks once. */
const SOON_MS = 250;

export function useCaseFile(key: () => string): OneCase {
  const api = use(API);
  const hub = use(HUB);
  const words = useFaults();
  const file = shallowRef<CaseFile | null>(null);
  const fault = ref("");
  const gone = ref(false);
  let turn = 0;
  let soon: ReturnType<typeof setTimeout> | undefined;

  async function reload(): Promise<void> {
    const mine = ++turn;
    try {
      const told = await api.get<CaseFile>(`/cases/${encodeURIComponent(key())}`);
      if (mine !== turn) return;
      file.value = told;
      fault.value = "";
      gone.value = false;
    } catch (failure) {
      if (mine !== turn) return;
      gone.value = failure instanceof ApiError && failure.status === 404;
      fault.value = words(failure);
    }
  }

  watch(
    [key, hub.loaded],
    ([now], [before]) => {
      if (now !== before) file.value = null;
      void reload();
    },
    { immediate: true },
  );
  const off = hub.listen((events) => {
    const shown = file.value?.id;
    const told = events.some(
      (each) => (each.type === "case.opened" || each.type === "case.changed") && each.data.id === shown,
    );
    if (!told) return;
    clearTimeout(soon);
    soon = setTimeout(() => void reload(), SOON_MS);
  });
  onScopeDispose(() => {
    off();
    turn += 1;
    clearTimeout(soon);
  });
  return { file, fault, gone, reload };
}
