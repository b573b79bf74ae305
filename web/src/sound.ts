/**
 * The room's bell: three tunes, made by the browser itself, so that no file has to come.
 *
 * Browsers are mute until somebody has touched the page: `wake` belongs into the first key or touch.
 */
import type { Tone } from "@/store/alarm";

interface Note {
  /** Seconds after the tune began, and how long. */
  at: number;
  lasts: number;
  hertz: number;
}

const TUNES: Record<Tone, readonly Note[]> = {
  life: [0, 0.22, 0.44, 0.9, 1.12, 1.34].map((at, i) => ({ at, lasts: 0.18, hertz: i % 3 === 2 ? 1320 : 880 })),
  critical: [0, 0.28].map((at) => ({ at, lasts: 0.2, hertz: 784 })),
  major: [{ at: 0, lasts: 0.3, hertz: 523 }],
};

const LOUDNESS: Record<Tone, number> = { life: 0.5, critical: 0.35, major: 0.2 };
/** Seconds over which a note swells and dies, so that it does not click. */
const EDGE = 0.02;

export class Bell {
  private context: AudioContext | null = null;

  constructor(private readonly make: () => AudioContext = () => new AudioContext()) {}

  /** Whether a tune would be heard. */
  get awake(): boolean {
    return this.context?.state === "running";
  }

  /** Try to become audible; answers whether it worked. A machine without sound is no fault. */
  async wake(): Promise<boolean> {
    try {
      this.context ??= this.make();
      if (this.context.state !== "running") await this.context.resume();
    } catch {
      // No device, or not touched yet: the page says that it is mute, and tries again at the next touch.
    }
    return this.awake;
  }

  ring(tone: Tone): void {
    const { context } = this;
    if (context === null || !this.awake) return;
    const loudness = context.createGain();
    loudness.gain.value = LOUDNESS[tone];
    loudness.connect(context.destination);
    for (const { at, lasts, hertz } of TUNES[tone]) {
      const begin = context.currentTime + at;
      const swell = context.createGain();
      swell.gain.setValueAtTime(0, begin);
      swell.gain.linearRampToValueAtTime(1, begin + EDGE);
      swell.gain.setValueAtTime(1, begin + lasts - EDGE);
      swell.gain.linearRampToValueAtTime(0, begin + lasts);
      const source = context.createOscillator();
      source.frequency.value = hertz;
      source.connect(swell).connect(loudness);
      source.start(begin);
      source.stop(begin + lasts);
    }
  }

  close(): void {
    void this.context?.close();
    this.context = null;
  }
}
