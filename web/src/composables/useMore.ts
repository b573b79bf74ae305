/** The first rows of a long list, and more on demand: the page stays quick whatever the county sends. */
import { computed, type ComputedRef, ref } from "vue";

export interface More<T> {
  shown: ComputedRef<T[]>;
  left: ComputedRef<number>;
  step: number;
  more: () => void;
}

export function useMore<T>(all: () => T[], step: number): More<T> {
  const limit = ref(step);
  return {
    step,
    shown: computed(() => all().slice(0, limit.value)),
    left: computed(() => Math.max(0, all().length - limit.value)),
    more() {
      limit.value += step;
    },
  };
}
