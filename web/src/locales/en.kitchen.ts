/** Words of the pages of kitchen in English; zh.kitchen.ts has the same keys. */
import type { kitchen as chinese } from "@/locales/zh.kitchen";

export const kitchen: typeof chinese = {};
