/** Which page is shown; it stands in the address, so that back and a bookmark work. */
import { onBeforeUnmount, ref, type Ref } from "vue";

export type Page = "desk" | "live";

const PATHS: Readonly<Record<Page, string>> = { desk: "/", live: "/live" };

function here(): Page {
  return location.pathname === PATHS.live ? "live" : "desk";
}

export function usePage(): { page: Ref<Page>; go: (to: Page) => void } {
  const page = ref<Page>(here());

  function back(): void {
    page.value = here();
  }

  function go(to: Page): void {
    if (to === page.value) return;
    history.pushState(null, "", PATHS[to]);
    page.value = to;
  }

  addEventListener("popstate", back);
  onBeforeUnmount(() => {
    removeEventListener("popstate", back);
  });
  return { page, go };
}
