/** The first rows of a long list, and more on demand: the page stays quick whatever the county sends. */
import { computed, type ComputedRef, onMounted, ref } from "vue";

export interface More<T> {
  shown: ComputedRef<readonly T[]>;
  left: ComputedRef<number>;
  step: number;
  more: () => void;
}

/** `first` rows, where given, are drawn by themselves, and those up to `step` after them, as many at a time. */
export function useMore<T>(all: () => readonly T[], step: number, first = step): More<T> {
  const limit = ref(first);

  function grow(): void {
    if (limit.value >= step) return;
    limit.value = Math.min(step, limit.value + first);
    setTimeout(grow);
  }

  onMounted(() => {
    if (first < step) setTimeout(grow);
  });
  return {
    step,
    shown: computed(() => all().slice(0, limit.value)),
    left: computed(() => Math.max(0, all().length - limit.value)),
    more() {
      limit.value += step;
    },
  };
}
