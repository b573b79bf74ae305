/** Words of the pages of handling in English; zh.handling.ts has the same keys. */
import type { handling as chinese } from "@/locales/zh.handling";

export const handling: typeof chinese = {};
