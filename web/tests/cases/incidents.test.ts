import { expect, it } from "vitest";

import { incidentsOf } from "@/pages/cases/useIncidents";

import { caseOf } from "../examples";

const OWN = "01J0000000000000000000000A";
const ABOUT = "01J0000000000000000000000B";

const table: { why: string; over: Parameters<typeof caseOf>[0]; then: string[] }[] = [
  { why: "a case that incidents opened is about them", over: { incidents: [OWN] }, then: [OWN] },
  { why: "one that the room opened is about the incident it was opened for", over: { source: "operator", external_id: ABOUT }, then: [ABOUT] },
  { why: "an incident that came later stands beside it", over: { source: "operator", external_id: ABOUT, incidents: [OWN] }, then: [ABOUT, OWN] },
  { why: "nothing twice", over: { source: "operator", external_id: OWN, incidents: [OWN] }, then: [OWN] },
  { why: "a number that somebody typed is no incident", over: { source: "operator", external_id: "2026-17" }, then: [] },
  { why: "nor is the number of another source", over: { source: "hotline", external_id: ABOUT }, then: [] },
];

it.each(table)("$why", ({ over, then }) => {
  expect(incidentsOf(caseOf(over))).toEqual(then);
});
