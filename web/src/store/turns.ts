/** A few at a time: pictures must not crowd out the lists on a thin line. */

const AT_ONCE = 4;

let running = 0;
const queue: (() => void)[] = [];

/** Run `work` as soon as fewer than four others run. */
export async function inTurn<T>(work: () => Promise<T>): Promise<T> {
  if (running >= AT_ONCE) {
    await new Promise<void>((go) => queue.push(go));
  } else {
    running += 1;
  }
  try {
    return await work();
  } finally {
    const next = queue.shift();
    if (next === undefined) running -= 1;
    else next();
  }
}
