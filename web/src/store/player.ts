/** Media Source Extensions: fragments of MP4 into a video element, a moment behind the newest. */
import type { Player } from "@/store/live";

/** Seconds behind the newest picture: enough for a late packet, too little to be noticed. */
const BEHIND = 0.25;
/** Farther behind than this is a jump forward. */
const TOO_FAR = 1.5;
/** Seconds that stay behind the present picture. */
const KEPT = 10;

export function canPlay(mime: string): boolean {
  return typeof MediaSource !== "undefined" && MediaSource.isTypeSupported(mime);
}

export class MediaPlayer implements Player {
  private readonly source = new MediaSource();
  private readonly address = URL.createObjectURL(this.source);
  private buffer: SourceBuffer | null = null;
  private waiting: ArrayBuffer[] = [];
  private closed = false;

  constructor(
    private readonly video: HTMLVideoElement,
    mime: string,
    private readonly failed: () => void,
  ) {
    this.source.addEventListener("sourceopen", () => {
      this.attempt(() => {
        this.buffer = this.source.addSourceBuffer(mime);
        this.buffer.addEventListener("updateend", () => {
          this.follow();
          this.pump();
        });
      });
      this.pump();
    });
    video.onerror = () => {
      if (!this.closed) this.failed();
    };
    video.src = this.address;
  }

  append(bytes: ArrayBuffer): void {
    this.waiting.push(bytes);
    this.pump();
  }

  close(): void {
    this.closed = true;
    this.waiting = [];
    this.video.onerror = null;
    URL.revokeObjectURL(this.address);
    // The last picture stays until the next player begins: the page says over it that it is old.
  }

  private pump(): void {
    const buffer = this.buffer;
    if (this.closed || buffer === null || buffer.updating || this.source.readyState !== "open") return;
    this.attempt(() => {
      const oldest = this.video.currentTime - 2 * KEPT;
      if (buffer.buffered.length > 0 && buffer.buffered.start(0) < oldest) {
        buffer.remove(0, this.video.currentTime - KEPT);
        return;
      }
      if (this.waiting.length === 0) return;
      const parts = this.waiting;
      this.waiting = [];
      buffer.appendBuffer(joined(parts));
    });
  }

  /** Stay at the newest pictures. */
  private follow(): void {
    const { video, buffer } = this;
    if (this.closed || buffer === null || buffer.buffered.length === 0) return;
    const last = buffer.buffered.length - 1;
    const start = buffer.buffered.start(last);
    const end = buffer.buffered.end(last);
    if (video.currentTime < start || end - video.currentTime > TOO_FAR) {
      video.currentTime = Math.max(start, end - BEHIND);
    }
    if (video.paused) {
      video.play().catch(() => {
        // Interrupted by the next load, or not allowed: the next fragment asks again.
      });
    }
  }

  private attempt(work: () => void): void {
    try {
      work();
    } catch {
      if (!this.closed) this.failed();
    }
  }
}

function joined(parts: ArrayBuffer[]): ArrayBuffer {
  const first = parts[0];
  if (parts.length === 1 && first !== undefined) return first;
  const whole = new Uint8Array(parts.reduce((sum, each) => sum + each.byteLength, 0));
  let at = 0;
  for (const each of parts) {
    whole.set(new Uint8Array(each), at);
    at += each.byteLength;
  }
  return whole.buffer;
}
