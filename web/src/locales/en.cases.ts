/** Words of the pages of cases in English; zh.cases.ts has the same keys. */
import type { cases as chinese } from "@/locales/zh.cases";

export const cases: typeof chinese = {};
