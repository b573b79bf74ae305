/** The page behind a QR code speaks both languages, and leaves no word out. */
import { expect, test } from "vitest";

import page from "../../report.html?raw";
import { WORDS } from "@/report/words";

test("every word of the page is there in both languages", () => {
  expect(Object.keys(WORDS.en).sort()).toEqual(Object.keys(WORDS.zh).sort());
  const used = [...page.matchAll(/data-t="([^"]+)"/g)].map((each) => each[1] ?? "");
  expect(used.length).toBeGreaterThan(10);
  for (const word of used) expect(WORDS.zh).toHaveProperty([word]);
});

test("Chinese is Chinese, English is not", () => {
  const plain = Object.entries(WORDS.en).filter(([word]) => word !== "other");
  for (const [word, said] of plain) expect(said, word).not.toMatch(/[一-鿿]/);
  for (const [word, said] of Object.entries(WORDS.zh)) if (word !== "other") expect(said, word).toMatch(/[一-鿿]/);
});
