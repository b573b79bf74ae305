/** Words of the pages of handling in Chinese; en.handling.ts has the same keys. */
export const handling = {};
