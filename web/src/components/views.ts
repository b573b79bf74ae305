/** What can be shown of an incident. */
export const VIEWS = ["picture", "clip", "before", "live"] as const;
export type View = (typeof VIEWS)[number];
