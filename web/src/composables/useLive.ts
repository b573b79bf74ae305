/** The live view of one camera while its component is there. */
import { onBeforeUnmount, ref, watch, type Ref } from "vue";

import { liveAddress } from "@/api";
import { API, use } from "@/composables/keys";
import { LiveView, type LiveHead, type LiveSocket, type LiveState } from "@/store/live";
import { canPlay, MediaPlayer } from "@/store/player";

export interface Live {
  state: Ref<LiveState>;
  reason: Ref<string>;
  head: Ref<LiveHead | null>;
  /** Address of the newest single picture, null while video plays. */
  picture: Ref<string | null>;
}

function open(camera: string, form: "jpeg" | undefined, protocols: string[]): LiveSocket {
  const socket = new WebSocket(liveAddress(camera, form), protocols);
  socket.binaryType = "arraybuffer";
  return socket as LiveSocket;
}

export function useLive(camera: () => string, video: Ref<HTMLVideoElement | null>): Live {
  const api = use(API);
  const state = ref<LiveState>("connecting");
  const reason = ref("");
  const head = ref<LiveHead | null>(null);
  const picture = ref<string | null>(null);
  let view: LiveView | null = null;

  function show(address: string | null): void {
    if (picture.value !== null) URL.revokeObjectURL(picture.value);
    picture.value = address;
  }

  function stop(): void {
    view?.stop();
    view = null;
    show(null);
  }

  watch(
    [camera, () => video.value], // a getter: a shallow ref itself would begin anew with each event of the camera
    ([name, element]) => {
      stop();
      if (element === null) return;
      view = new LiveView({
        open: (form) => open(name, form, api.protocols),
        canPlay,
        player: (mime, failed) => new MediaPlayer(element, mime, failed),
        onPicture(bytes, mime) {
          show(URL.createObjectURL(new Blob([bytes], { type: mime })));
        },
        onHead(told) {
          head.value = told;
          if (told.as === "fmp4") show(null);
        },
        onState(now, why) {
          state.value = now;
          reason.value = why;
        },
        random: Math.random,
      });
      view.start();
    },
    { flush: "post", immediate: true },
  );
  onBeforeUnmount(stop);
  return { state, reason, head, picture };
}
