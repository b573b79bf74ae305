import { readFileSync } from "node:fs";
import { join } from "node:path";

import { createI18n } from "vue-i18n";
import { describe, expect, it } from "vitest";
import { parse } from "yaml";

import { en } from "@/locales/en";
import { zh } from "@/locales/zh";
import { DEVICE_KINDS, DEVICE_STATES, LIGHTS, SEVERITIES } from "@/types";

interface Tree {
  [key: string]: string | Tree;
}

function leaves(tree: Tree, path = ""): Map<string, string> {
  const found = new Map<string, string>();
  for (const [key, value] of Object.entries(tree)) {
    const here = path === "" ? key : `${path}.${key}`;
    if (typeof value === "string") found.set(here, value);
    else for (const [below, words] of leaves(value, here)) found.set(below, words);
  }
  return found;
}

function config(file: string): unknown {
  return parse(readFileSync(join(import.meta.dirname, "../../../config", file), "utf8"));
}

const chinese = leaves(zh);
const english = leaves(en);

describe("both languages", () => {
  it("have the same keys", () => {
    expect([...english.keys()].sort()).toEqual([...chinese.keys()].sort());
  });

  it("leave no word empty", () => {
    expect([...chinese, ...english].filter(([, words]) => words.trim() === "")).toEqual([]);
  });

  it("fill the same places", () => {
    const places = (words: string): string[] => [...words.matchAll(/\{(\w+)\}/g)].map(([, name]) => name ?? "").sort();
    for (const [key, words] of chinese) expect(places(english.get(key) ?? ""), key).toEqual(places(words));
  });

  it("can be read without building code from text", () => {
    const i18n = createI18n({ legacy: false, locale: "zh", messages: { zh, en } });
    for (const key of chinese.keys()) expect(i18n.global.t(key), key).not.toBe(key);
  });

  it("English is English: it holds no Chinese sign but the switch back", () => {
    const mixed = [...english].filter(([key, words]) => /\p{Script=Han}/u.test(words) && !key.startsWith("switch.lang"));
    expect(mixed).toEqual([]);
  });
});

describe("every word the hub may send is known", () => {
  it.each([
    ["severity", SEVERITIES],
    ["deviceState", DEVICE_STATES],
    ["deviceKind", DEVICE_KINDS],
    ["light", LIGHTS],
  ] as const)("%s", (shelf, ids) => {
    expect(Object.keys(zh[shelf])).toEqual(expect.arrayContaining([...ids]));
  });

  it("conditions: the shipped catalogue, word for word", () => {
    const { conditions } = config("conditions.yaml") as {
      conditions: Record<string, { id: string; zh: string; en: string }[]>;
    };
    const rows = Object.values(conditions).flat();
    expect(zh.condition).toMatchObject(Object.fromEntries(rows.map((row) => [row.id, row.zh])));
    expect(en.condition).toMatchObject(Object.fromEntries(rows.map((row) => [row.id, row.en])));
  });

  it("conditions: those of the demo county", () => {
    const { rules } = config("demo.yaml") as { rules: { id: string; condition?: string }[] };
    expect(rules.map((rule) => rule.condition ?? rule.id).filter((id) => !(id in zh.condition))).toEqual([]);
  });

  it("quantities: their units", () => {
    const { quantities } = config("quantities.yaml") as { quantities: { id: string; unit?: string }[] };
    const units = Object.fromEntries(quantities.flatMap((row) => (row.unit === undefined ? [] : [[row.id, row.unit]])));
    expect(zh.unitOf).toEqual(units);
    expect(en.unitOf).toEqual(units);
  });

  it("steps of the shipped workflows", () => {
    const { workflows } = config("workflows.yaml") as { workflows: { id: string; steps: { step: string }[] }[] };
    const steps = new Set(workflows.flatMap((each) => each.steps.map(({ step }) => step)));
    expect([...steps].filter((step) => !(step in zh.step))).toEqual([]);
  });
});
