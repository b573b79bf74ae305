/** Words of the pages of kitchen in Chinese; en.kitchen.ts has the same keys. */
export const kitchen = {};
