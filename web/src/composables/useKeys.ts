/** Keys that act while nobody types and no dialog is open. */
import { onBeforeUnmount, onMounted } from "vue";

/** `event.key` → what it does. */
export type Keys = Readonly<Record<string, () => void>>;

export function useKeys(keys: Keys): void {
  function pressed(event: KeyboardEvent): void {
    if (event.ctrlKey || event.altKey || event.metaKey || event.isComposing || event.defaultPrevented) return;
    if (busy(event.target) || asking()) return;
    const name = event.key.length === 1 ? event.key.toLowerCase() : event.key; // Caps Lock changes nothing
    const act = Object.hasOwn(keys, name) ? keys[name] : undefined;
    if (act === undefined) return;
    event.preventDefault();
    act();
  }

  onMounted(() => {
    addEventListener("keydown", pressed);
  });
  onBeforeUnmount(() => {
    removeEventListener("keydown", pressed);
  });
}

/** Whether the element under the keyboard uses letters itself. */
function busy(target: EventTarget | null): boolean {
  return target instanceof HTMLElement && target.closest("input, textarea, select, video, [contenteditable]") !== null;
}

/** Whether a dialog is open: those that are not stay in the document, hidden. */
function asking(): boolean {
  return [...document.querySelectorAll('[aria-modal="true"]')].some(
    (each) => each.closest('[style*="display: none"]') === null,
  );
}
