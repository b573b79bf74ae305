/** The room's sound: rings for what is new, insists on life safety, is muted and woken. */
import { computed, type ComputedRef, onBeforeUnmount, onMounted, ref, type Ref, watch } from "vue";

import { Bell } from "@/sound";
import { insisting, newTone, type Tone } from "@/store/alarm";
import { recallSound, rememberSound } from "@/store/visitor";
import type { Incident } from "@/types";

/** Between two rings of life safety. */
const INSIST_MS = 6_000;

export interface Alarm {
  /** Not muted. */
  on: Readonly<Ref<boolean>>;
  /** The browser lets us be heard. */
  awake: Readonly<Ref<boolean>>;
  /** Incidents of life safety that wait to be acknowledged. */
  waiting: ComputedRef<Incident[]>;
  /** The last tone that was to be heard, and how many there were. */
  rung: Readonly<Ref<{ tone: Tone | null; times: number }>>;
  flip: () => void;
  /** These incidents were raised just now, or while the line was lost. */
  heard: (raised: readonly Incident[]) => void;
}

export function useAlarm(open: () => readonly Incident[], mayAck: () => boolean): Alarm {
  const bell = new Bell();
  const on = ref(recallSound());
  const awake = ref(false);
  const rung = ref<{ tone: Tone | null; times: number }>({ tone: null, times: 0 });
  const waiting = computed(() => insisting(open()));
  const known = new Set<string>();
  let timer: ReturnType<typeof setInterval> | undefined;

  function ring(tone: Tone): void {
    rung.value = { tone, times: rung.value.times + 1 };
    bell.ring(tone);
  }

  function heard(raised: readonly Incident[]): void {
    const tone = newTone(raised, known);
    for (const each of raised) known.add(each.id);
    // Life safety is heard muted or not.
    if (tone !== null && (on.value || tone === "life")) ring(tone);
  }

  watch(
    () => waiting.value.length > 0 && mayAck(),
    (insist) => {
      clearInterval(timer);
      if (insist) {
        timer = setInterval(() => {
          ring("life");
        }, INSIST_MS);
      }
    },
    { immediate: true },
  );

  function touched(): void {
    void bell.wake().then((told) => {
      awake.value = told;
    });
  }

  onMounted(() => {
    // After a login the page has been touched already.
    if ("userActivation" in navigator && navigator.userActivation.hasBeenActive) touched();
    addEventListener("pointerdown", touched);
    addEventListener("keydown", touched);
  });
  onBeforeUnmount(() => {
    removeEventListener("pointerdown", touched);
    removeEventListener("keydown", touched);
    clearInterval(timer);
    bell.close();
  });

  return {
    on,
    awake,
    waiting,
    rung,
    heard,
    flip() {
      on.value = !on.value;
      rememberSound(on.value);
    },
  };
}
