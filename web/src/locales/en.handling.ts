/** Words of the pages of handling in English; zh.handling.ts has the same keys. */
import type { handling as chinese } from "@/locales/zh.handling";

export const handling: typeof chinese = {
  title: "My cases",
  todo: "To be done by me",
  others: "Other cases at work",
  none: "Nothing is to be done by you",
  taken: "Delivered",
  photoOf: "Photo ({phase}) · {number}",
  photo: {
    before: "Photo before",
    after: "Photo after",
    other: "Other photo",
    needed: "(needed)",
    hint: "Photos are made small on this device; place and other data in them are removed",
    busy: "Making photos small",
    none: "This file is no photo that can be opened",
    alt: "Photo {n}, {phase}",
    size: "{n} KB",
    drop: "Remove",
  },
  report: {
    title: "Reported by the public",
    photo: "Show the photo",
    who: "Show how to reach them",
    alt: "The photo that came with the report",
    audited: "For the unit that handles it only; each look is written down",
  },
  outbox: {
    title: "Waiting to be sent",
    waits: "{n} waiting to be sent",
    photos: "{n} photos among them, {size} MB",
    idle: "Waiting",
    sending: "Sending",
    waiting: "No network, or Xianshao is away: sent by itself later, kept over a reload",
    login: "Sent after you log in",
    now: "Send now",
    unsafe: "This browser cannot keep what waits: do not close or reload the page",
    refused: "Not accepted: {what}",
    retry: "Try again",
    drop: "Give up",
  },
};
