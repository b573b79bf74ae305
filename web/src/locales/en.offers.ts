/** Words of the page of unknown devices in English; zh.offers.ts has the same keys. */
import type { offers as chinese } from "@/locales/zh.offers";

export const offers: typeof chinese = {
  hint: "What these devices send is understood, but nobody has registered them. Adopted, what was heard becomes their first readings.",
  open: "Waiting",
  dismissed: "Left alone",
  none: "No devices wait to be adopted",
  noValues: "No values that are known",
  heard: "Heard {n} times, {first} to {last}",
  id: "Device id",
  accept: "Adopt",
  dismiss: "Leave alone",
  again: "Look again",
  more: "Show more",
  done: "{device} is adopted, with {n} readings from before",
};
