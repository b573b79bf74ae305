/** The first field of a form that has just opened takes the keyboard. */
import { onMounted, type Ref } from "vue";

/** After the dialog around it has taken the keyboard itself. */
const AFTER_MS = 60;

export function useFocus(field: Readonly<Ref<HTMLElement | null>>): void {
  onMounted(() => {
    setTimeout(() => {
      field.value?.focus();
    }, AFTER_MS);
  });
}
