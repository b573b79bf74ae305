import type { View } from "@/components/views";

/** What may be done about an incident. */
export const DEEDS = ["ack", "yes", "no", "speak", "case"] as const;
export type Deed = (typeof DEEDS)[number];

/** What IncidentActs lets its page do. */
export interface ActsHandle {
  perform: (deed: Deed) => void;
  /** The number of the incident's case; null while it has none. */
  related: string | null;
}

/** What IncidentFile lets its page do. */
export interface FileHandle {
  show: (view: View) => void;
  flipBoxes: () => void;
  perform: (deed: Deed) => void;
  related: () => string | null;
}
