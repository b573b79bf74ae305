import { expect, it } from "vitest";

import { changesOf, type Offer, valuesLine } from "@/store/offer";

const OFFER: Offer = {
  id: "o",
  convention: "tasmota",
  topic: "tele/fridge/SENSOR",
  name: "fridge",
  state: "open",
  heard: 3,
  first_at: "2026-11-22T08:00:00.000Z",
  last_at: "2026-11-22T08:10:00.000Z",
  values: { temperature: { value: 4.2, unit: "°C", at: "x" }, door: { value: false, unit: null } },
  others: [],
  guess: { id: "fridge", kind: "sensor", name: "fridge", payload: "tasmota" },
};

it("the last values stand in one line", () => {
  expect(valuesLine(OFFER.values, (quantity) => quantity)).toBe("temperature 4.2 °C, door false");
  expect(valuesLine({}, (quantity) => quantity)).toBe("");
});

it("only what was changed is sent; what was emptied is taken out", () => {
  expect(changesOf(OFFER, { id: "fridge", site: "school-1", name: " " })).toEqual({ site: "school-1", name: null });
  expect(changesOf(OFFER, { id: "fridge ", site: "", name: "fridge" })).toEqual({});
});
