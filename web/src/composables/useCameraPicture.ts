/**
 * A camera's picture, fetched again every few seconds while it can be seen. The last good picture stays with the
 * time it was fetched; nothing is asked while the camera is known to be away.
 */
import { onBeforeUnmount, ref, type Ref, shallowRef, watch } from "vue";

import type { Api } from "@/api";
import { inTurn } from "@/store/turns";

export interface CameraPicture {
  /** Address of the picture in this page, null before the first. */
  source: Readonly<Ref<string | null>>;
  /** When it was fetched (ms, this machine's clock). */
  fetchedAt: Readonly<Ref<number>>;
  /** The last attempt brought no picture. */
  failed: Readonly<Ref<boolean>>;
}

const EVERY_MS = 4_000;
const TIMEOUT_MS = 8_000;

export function useCameraPicture(api: Api, camera: () => string, wanted: () => boolean): CameraPicture {
  const source = shallowRef<string | null>(null);
  const fetchedAt = ref(0);
  const failed = ref(false);
  let timer: ReturnType<typeof setTimeout> | undefined;
  let under: AbortController | null = null;

  function show(picture: Blob | null): void {
    const before = source.value;
    source.value = picture === null ? null : URL.createObjectURL(picture);
    // The old picture is let go after the new one has been drawn.
    if (before === null) return;
    setTimeout(() => {
      URL.revokeObjectURL(before);
    }, 1000);
  }

  async function fetchOnce(): Promise<void> {
    const mine = new AbortController();
    under = mine;
    try {
      const picture = await inTurn(() => {
        mine.signal.throwIfAborted();
        return api.snapshot(camera(), AbortSignal.any([mine.signal, AbortSignal.timeout(TIMEOUT_MS)]));
      });
      if (mine.signal.aborted) return;
      show(picture);
      fetchedAt.value = Date.now();
      failed.value = false;
    } catch {
      // Whatever it was (worker away, line lost, too slow), it is asked for again; the age of the picture tells.
      if (mine.signal.aborted) return;
      failed.value = true;
    }
    timer = setTimeout(() => void fetchOnce(), EVERY_MS);
  }

  function pause(): void {
    clearTimeout(timer);
    under?.abort();
    under = null;
  }

  watch(
    [camera, wanted],
    ([name, want], [before]) => {
      pause();
      if (name !== before) {
        show(null);
        failed.value = false;
      }
      if (want) void fetchOnce();
    },
    { immediate: true },
  );
  onBeforeUnmount(() => {
    pause();
    show(null);
  });
  return { source, fetchedAt, failed };
}
