/** A value that is followed a few times a second at most: a county of cases is sorted again, not with every event. */
import { onScopeDispose, shallowRef, type ShallowRef, watch } from "vue";

export function useCalm<T>(source: () => T, every = 400): ShallowRef<T> {
  const calm = shallowRef(source()) as ShallowRef<T>;
  let timer: ReturnType<typeof setTimeout> | undefined;
  watch(source, () => {
    timer ??= setTimeout(() => {
      timer = undefined;
      calm.value = source();
    }, every);
  });
  onScopeDispose(() => {
    clearTimeout(timer);
  });
  return calm;
}
