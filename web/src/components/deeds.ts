/** What may be done about an incident. */
export const DEEDS = ["ack", "yes", "no", "speak", "case"] as const;
export type Deed = (typeof DEEDS)[number];
