/** Offers of unknown devices, as the hub tells them. */

/** What one quantity of an unknown device was last. */
export type OfferValue = Readonly<Record<string, unknown>>;

export interface Offer {
  id: string;
  convention: string;
  topic: string;
  name: string;
  state: "open" | "dismissed";
  heard: number;
  first_at: string;
  last_at: string;
  /** By quantity. */
  values: Readonly<Record<string, OfferValue>>;
  /** Fields without a quantity that is known. */
  others: string[];
  /** The entry of the registry that would bind it. */
  guess: Readonly<Record<string, unknown>>;
}

export interface Adopted {
  device: string;
  /** Readings that the messages kept of it became. */
  replayed: number;
}

/** `temperature 4.2 °C, humidity 61 %`: the last values in one line, in the device's own units. */
export function valuesLine(values: Offer["values"], name: (quantity: string) => string): string {
  return Object.entries(values)
    .map(([quantity, told]) => [name(quantity), plain(told["value"]), plain(told["unit"])].filter(Boolean).join(" "))
    .join(", ");
}

/** A text of a guess; empty where it has none. */
export function guessed(offer: Offer, key: string): string {
  return plain(offer.guess[key]);
}

/** What of the form differs from the guess: that alone is sent. */
export function changesOf(offer: Offer, form: Readonly<Record<string, string>>): Record<string, string | null> {
  const changed = Object.entries(form).filter(([key, text]) => text.trim() !== guessed(offer, key));
  return Object.fromEntries(changed.map(([key, text]) => [key, text.trim() === "" ? null : text.trim()]));
}

function plain(value: unknown): string {
  if (typeof value === "string") return value;
  return typeof value === "number" || typeof value === "boolean" ? String(value) : "";
}
