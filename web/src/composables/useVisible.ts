/** Whether an element can be seen: it is on the screen and the page is not hidden. */
import { computed, type ComputedRef, onBeforeUnmount, onMounted, ref, type Ref } from "vue";

export function useVisible(element: Readonly<Ref<HTMLElement | null>>): ComputedRef<boolean> {
  const onScreen = ref(false);
  const pageShown = ref(!document.hidden);
  let observer: IntersectionObserver | undefined;

  function look(): void {
    pageShown.value = !document.hidden;
  }

  onMounted(() => {
    document.addEventListener("visibilitychange", look);
    observer = new IntersectionObserver((entries) => {
      onScreen.value = entries.at(-1)?.isIntersecting ?? false;
    });
    if (element.value !== null) observer.observe(element.value);
  });
  onBeforeUnmount(() => {
    document.removeEventListener("visibilitychange", look);
    observer?.disconnect();
  });
  return computed(() => onScreen.value && pageShown.value);
}
