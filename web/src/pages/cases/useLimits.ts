/** Limits of steps in words: `30m`, `4h`, `4wh` (working hours), `2wd` (working days). */
import { useWords } from "@/composables/useWords";

const PART = /(\d+(?:\.\d+)?)(wh|wd|d|h|m|s)/g;

/** The parts of a limit: `1h30m` is an hour and thirty minutes. */
export function partsOf(limit: string): { count: string; unit: string }[] {
  return [...limit.matchAll(PART)].map(([, count = "", unit = ""]) => ({ count, unit }));
}

export function useLimits(): { limit: (limit: string | null) => string } {
  const { t } = useWords();
  return {
    limit(limit) {
      if (limit === null) return t("light.none");
      const parts = partsOf(limit);
      return parts.length === 0 ? limit : parts.map(({ count, unit }) => `${count} ${t(`cases.limit.${unit}`)}`).join(" ");
    },
  };
}
