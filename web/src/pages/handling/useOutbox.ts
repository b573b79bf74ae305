/** The one outbox of this page: whoever needs it first opens it; it goes on sending while one goes from page to page. */
import { computed, type ComputedRef, watch } from "vue";

import { API, HUB, use } from "@/composables/keys";
import { createOutbox, type Outbox } from "@/pages/handling/outbox";
import { ofUser, type Job } from "@/pages/handling/queue";

let one: Outbox | null = null;

export interface MyOutbox extends Outbox {
  /** What waits of whoever is here. */
  mine: ComputedRef<Job[]>;
  /** Their name. */
  me: ComputedRef<string>;
}

export function useOutbox(): MyOutbox {
  const api = use(API);
  const hub = use(HUB);
  const me = computed(() => hub.session.value?.name ?? "");
  if (one === null) {
    one = createOutbox({ api, user: () => hub.session.value?.name ?? "", armed: () => api.armed });
    addEventListener("online", one.hurry);
  }
  const outbox = one;
  // Whoever logs in, and a line that is back, may send at once.
  watch(
    [hub.line, me],
    () => {
      if (hub.line.value === "live") outbox.hurry();
    },
    { immediate: true },
  );
  return { ...outbox, me, mine: computed(() => ofUser(outbox.jobs.value, me.value)) };
}
