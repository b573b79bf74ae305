/** The whole files of some cases, each asked for once for each version; a few at a time on a thin line. */
import { onScopeDispose, shallowRef, type ShallowRef, watch } from "vue";

import { ApiError, Unreachable } from "@/api";
import { API, HUB, use } from "@/composables/keys";
import type { CaseFile } from "@/store/cases";
import { inTurn } from "@/store/turns";
import type { Case } from "@/types";

export function useCaseFiles(cases: () => readonly Case[]): ShallowRef<ReadonlyMap<string, CaseFile>> {
  const api = use(API);
  const hub = use(HUB);
  const files = shallowRef<ReadonlyMap<string, CaseFile>>(new Map());
  /** Versions that were asked for. */
  const asked = new Map<string, number>();
  let over = false;

  async function ask(each: Case): Promise<void> {
    try {
      const told = await inTurn(() => api.get<CaseFile>(`/cases/${encodeURIComponent(each.id)}`));
      if (!over) files.value = new Map([...files.value, [each.id, told]]);
    } catch (failure) {
      asked.delete(each.id); // asked for again with the next change, or when the line is back
      if (!(failure instanceof ApiError || failure instanceof Unreachable)) throw failure;
    }
  }

  watch(
    [cases, hub.line],
    ([wanted]) => {
      for (const each of wanted) {
        if (asked.get(each.id) === each.version) continue;
        asked.set(each.id, each.version);
        void ask(each);
      }
    },
    { immediate: true },
  );
  onScopeDispose(() => {
    over = true;
  });
  return files;
}
