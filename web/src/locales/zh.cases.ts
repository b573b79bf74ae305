/** Words of the pages of cases in Chinese; en.cases.ts has the same keys. */
export const cases = {};
