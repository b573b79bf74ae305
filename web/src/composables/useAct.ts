/** Doing something: one thing at a time, and in words why it failed. */
import { ref, type Ref } from "vue";
import { useI18n } from "vue-i18n";

import { ApiError, Unreachable } from "@/api";
import { en } from "@/locales/en";
import { zh } from "@/locales/zh";

export interface Act {
  busy: Readonly<Ref<boolean>>;
  /** Why the last attempt failed, in the reader's language; empty when it did not. */
  fault: Ref<string>;
  /** The answer of `work`; undefined when it failed (then `fault` says why) or another one is under way. */
  act: <T>(work: () => Promise<T>) => Promise<T | undefined>;
}

export function useAct(): Act {
  const busy = ref(false);
  const fault = ref("");
  const words = useFaults();

  async function act<T>(work: () => Promise<T>): Promise<T | undefined> {
    if (busy.value) return undefined;
    busy.value = true;
    fault.value = "";
    try {
      return await work();
    } catch (failure) {
      fault.value = words(failure);
      return undefined;
    } finally {
      busy.value = false;
    }
  }

  return { busy, fault, act };
}

/** A failure in words; what is no failure of the hub or the line is a mistake of ours and goes on as one. */
export function useFaults(): (failure: unknown) => string {
  const { t, locale } = useI18n();
  return (failure) => {
    if (failure instanceof Unreachable) return t("fault.away");
    if (!(failure instanceof ApiError)) throw failure;
    const shelf: Readonly<Record<string, string>> = locale.value === "en" ? en.faultOf : zh.faultOf;
    const known = Object.hasOwn(shelf, failure.slug) ? shelf[failure.slug] : undefined;
    if (known !== undefined) return known;
    return t("fault.told", { text: failure.message });
  };
}
