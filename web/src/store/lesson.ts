/** Lessons: conditions that are taught at a camera with judged crops of its picture. */
import type { Point } from "@/store/rule";
import type { Text } from "@/types";

export interface Training {
  state: "asked" | "running" | "done" | "failed";
  by: string;
  asked_at: string;
  ended_at: string | null;
  /** How far it is, or why it failed. */
  said: string;
  version: number | null;
}

/** One judged crop; its picture opens with a typed reason. */
export interface Example {
  id: string;
  holds: boolean;
  incident: string | null;
  at: string;
  created_by: string;
}

export interface Version {
  version: number;
  current: boolean;
  taught_by: string;
  taught_at: string;
  figures: { balanced_accuracy: number; found: number; left_alone: number; calibration_error: number };
  examples: { yes: number; no: number };
  /** The surest mistakes, by example. */
  worst: { example: string; holds: boolean; p: number }[];
  doubts: Text[];
}

export interface Lesson {
  id: string;
  device: string;
  condition: string;
  region: string;
  examples: { yes: number; no: number };
  training: Training | null;
}

/** One lesson with all that belongs to it: `GET /lessons/{lesson}`. */
export interface LessonFile extends Lesson {
  /** Examples of each kind that a training needs. */
  least: number;
  items: Example[];
  versions: Version[];
}

/** Whether it waits for its training, or is in it. */
export function trains(lesson: Lesson): boolean {
  return lesson.training?.state === "asked" || lesson.training?.state === "running";
}

/** The rectangle around a drawn zone, as the hub reads it: left, top, width, height in 0..1. */
export function regionOf(points: readonly Point[]): string {
  const across = points.map(([x]) => x);
  const down = points.map(([, y]) => y);
  const left = round(Math.max(0, Math.min(...across)));
  const top = round(Math.max(0, Math.min(...down)));
  const width = round(Math.min(1, Math.max(...across)) - left);
  const height = round(Math.min(1, Math.max(...down)) - top);
  return [left, top, width, height].join(",");
}

function round(share: number): number {
  return Math.round(share * 1000) / 1000;
}

/** An id that is not taken: of the camera and the condition. */
export function freeId(device: string, condition: string, taken: ReadonlySet<string>): string {
  const stem = `${device}-${condition}`.slice(0, 60);
  let id = stem;
  for (let n = 2; taken.has(id); n += 1) id = `${stem}-${n}`;
  return id;
}
