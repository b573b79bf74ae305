/** The ticking present. */
import { computed, type ComputedRef, onScopeDispose, ref, type Ref } from "vue";

import type { Hub } from "@/store/hub";
import { wallTime } from "@/store/time";

export function useClock(hub: Hub): { now: Readonly<Ref<number>>; today: ComputedRef<string> } {
  const now = ref(Date.now());
  const timer = setInterval(() => {
    now.value = Date.now() + hub.ahead.value;
  }, 1000);
  onScopeDispose(() => {
    clearInterval(timer);
  });
  return { now, today: computed(() => wallTime(now.value, hub.zone.value, "en").date) };
}
