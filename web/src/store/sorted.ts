/** Long lists that are kept in order: what changes is put in its place, the rest is not compared anew. Pure. */

export function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/** Negative: `a` stands before `b`. 0 is for the same row only. */
export type Order<T> = (a: T, b: T) => number;

/** `rows`, which are in order, without those of `gone` and with those of `come`. */
export function replaced<T extends object>(
  rows: readonly T[],
  gone: readonly T[],
  come: readonly T[],
  order: Order<T>,
): readonly T[] {
  return withRows(withoutRows(rows, gone, order), come, order);
}

function withoutRows<T extends object>(rows: readonly T[], gone: readonly T[], order: Order<T>): readonly T[] {
  const parts: T[][] = [];
  let from = 0;
  for (const each of [...gone].sort(order)) {
    const at = placeOf(rows, each, order);
    if (rows[at] !== each) continue;
    parts.push(rows.slice(from, at));
    from = at + 1;
  }
  return parts.length === 0 ? rows : joined(parts, rows.slice(from));
}

function withRows<T extends object>(rows: readonly T[], come: readonly T[], order: Order<T>): readonly T[] {
  if (come.length === 0) return rows;
  const parts: T[][] = [];
  let from = 0;
  for (const each of [...come].sort(order)) {
    const at = placeOf(rows, each, order);
    parts.push(rows.slice(from, at), [each]);
    from = at;
  }
  return joined(parts, rows.slice(from));
}

/** Where a row stands, or would stand. */
function placeOf<T extends object>(rows: readonly T[], row: T, order: Order<T>): number {
  let low = 0;
  let high = rows.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    const there = rows[middle];
    if (there !== undefined && order(there, row) < 0) low = middle + 1;
    else high = middle;
  }
  return low;
}

function joined<T>(parts: readonly T[][], last: readonly T[]): T[] {
  return ([] as T[]).concat(...parts, last);
}
