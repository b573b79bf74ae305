/**
 * Which cameras the wall shows (云巡查). Pure: places that a person filled stay; a camera with a new incident pops up
 * in the first place that nobody filled; the rest go round, a group at a time.
 */

export const SIZES = [1, 4, 9] as const;
export type Size = (typeof SIZES)[number];

/** How long a group is shown. */
export const STEP_MS = 20_000;
/** How long a camera stays after its incident came. */
export const POPPED_MS = 60_000;

export interface Popped {
  camera: string;
  incident: string;
  until: number;
}

export interface Wall {
  size: Size;
  /** The choice of a person for each place; empty: none. At least as long as `size`. */
  chosen: readonly string[];
  /** How many groups the patrol has gone on. */
  step: number;
  popped: readonly Popped[];
}

/** The camera of each place; places stay empty where there are fewer cameras. */
export function placesOf(wall: Wall, cameras: readonly string[]): (string | null)[] {
  const known = new Set(cameras);
  const places: (string | null)[] = Array.from({ length: wall.size }, (_, place) => {
    const chosen = wall.chosen[place] ?? "";
    return known.has(chosen) ? chosen : null;
  });
  const shown = new Set(places);
  const popping = wall.popped.map((each) => each.camera).filter((each) => known.has(each) && !shown.has(each));
  for (const camera of new Set(popping)) {
    // What happens now is more than what somebody chose: it takes the last place when none is free.
    const free = places.indexOf(null);
    const place = free >= 0 ? free : wall.size - 1;
    places[place] = camera;
    if (free < 0) break;
  }
  const rest = cameras.filter((each) => !places.includes(each));
  const free = places.filter((each) => each === null).length;
  const begin = rest.length === 0 ? 0 : (wall.step * free) % rest.length;
  const round = [...rest.slice(begin), ...rest.slice(0, begin)];
  return places.map((each) => each ?? round.shift() ?? null);
}

/** The popped cameras with those of a new incident; each once, the newest incident first. */
export function pop(popped: readonly Popped[], cameras: readonly string[], incident: string, now: number): Popped[] {
  const fresh = cameras.map((camera) => ({ camera, incident, until: now + POPPED_MS }));
  return [...fresh, ...popped.filter((each) => !cameras.includes(each.camera))];
}

/** Those whose time is not over. */
export function still(popped: readonly Popped[], now: number): readonly Popped[] {
  return popped.every((each) => each.until > now) ? popped : popped.filter((each) => each.until > now);
}
