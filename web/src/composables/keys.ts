/** What App gives to every component below it. */
import { inject, type InjectionKey, type Ref } from "vue";

import type { Api } from "@/api";
import type { Hub } from "@/store/hub";

export const API: InjectionKey<Api> = Symbol("api");
export const HUB: InjectionKey<Hub> = Symbol("hub");

/** The present, ticking each second by the hub's clock (ms since 1970). */
export const NOW: InjectionKey<Readonly<Ref<number>>> = Symbol("now");

/** The present day in the county's zone, `2026-11-22`; changes once a day. */
export const TODAY: InjectionKey<Readonly<Ref<string>>> = Symbol("today");

export function use<T>(key: InjectionKey<T>): T {
  const found = inject(key);
  if (found === undefined) throw new Error(`nothing is provided for ${String(key)}`);
  return found;
}
