/** The panels of the page; on a phone one of them is shown at a time. */
export const TABS = ["incidents", "cases", "cameras", "devices"] as const;
export type Tab = (typeof TABS)[number];
