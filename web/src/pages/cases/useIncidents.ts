/** The incidents of a case: those that the page knows anyway, live; the others asked for once. */
import { computed, type ComputedRef, onScopeDispose, shallowRef, watch } from "vue";

import { ApiError, Unreachable } from "@/api";
import { API, HUB, use } from "@/composables/keys";
import { compare } from "@/store/world";
import type { KitchenIncident } from "@/store/kitchen";
import type { Case } from "@/types";

/** Of one case; a case of a bad day has hundreds. */
const MOST = 20;

/** Ids as the hub gives them (ULID). */
const ID = /^[0-9A-HJKMNP-TV-Z]{26}$/;

/** What a case is about: the incidents that belong to it, and the one for which a person in the room opened it. */
export function incidentsOf(file: Pick<Case, "incidents" | "source" | "external_id"> | null): readonly string[] {
  if (file === null) return [];
  const about = file.source === "operator" ? (file.external_id ?? "") : "";
  return ID.test(about) && !file.incidents.includes(about) ? [about, ...file.incidents] : file.incidents;
}

export function useIncidents(ids: () => readonly string[]): ComputedRef<KitchenIncident[]> {
  const api = use(API);
  const hub = use(HUB);
  const asked = shallowRef<ReadonlyMap<string, KitchenIncident>>(new Map());
  let over = false;

  async function ask(id: string): Promise<void> {
    try {
      const told = await api.get<KitchenIncident>(`/incidents/${encodeURIComponent(id)}`);
      if (!over) asked.value = new Map([...asked.value, [id, told]]);
    } catch (failure) {
      // What is not ours to see, or gone, is left out; the case says how many there are.
      if (!(failure instanceof ApiError || failure instanceof Unreachable)) throw failure;
    }
  }

  watch(
    ids,
    (wanted) => {
      for (const id of wanted.slice(-MOST)) {
        if (!hub.world.value.incidents.has(id) && !asked.value.has(id)) void ask(id);
      }
    },
    { immediate: true },
  );
  onScopeDispose(() => {
    over = true;
  });
  return computed(() =>
    ids()
      .slice(-MOST)
      .map((id) => hub.world.value.incidents.get(id) ?? asked.value.get(id))
      .filter((found): found is KitchenIncident => found !== undefined)
      .sort((a, b) => compare(b.raised_at, a.raised_at)),
  );
}
