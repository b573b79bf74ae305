/** The heavy parts of a page one after the other, each in a task of its own: between two of them the browser answers. */
import { onBeforeUnmount, onMounted, ref, type Ref } from "vue";

/** How many of `parts` may be drawn: none in the first task, all of them soon. */
export function useInTurn(parts: number): Readonly<Ref<number>> {
  const drawn = ref(0);
  let timer: ReturnType<typeof setTimeout> | undefined;

  function next(): void {
    drawn.value += 1;
    if (drawn.value < parts) timer = setTimeout(next);
  }

  onMounted(() => {
    timer = setTimeout(next);
  });
  onBeforeUnmount(() => {
    clearTimeout(timer);
  });
  return drawn;
}
