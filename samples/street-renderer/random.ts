/**
 * A seeded generator of numbers in [0, 1): the same seed gives the same sequence on every machine.
 * mulberry32 by Tommy Ettinger (public domain); its 32 bits of state are plenty for placing houses and trees.
 */
export type Random = () => number;

export function createRandom(seed: number): Random {
  let state = (seed | 0) ^ 0x5bd1e995;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
}

/** A number in [low, high). */
export function between(random: Random, low: number, high: number): number {
  return low + (high - low) * random();
}

/** One entry of a list that is not empty. */
export function pick<T>(random: Random, list: readonly T[]): T {
  return list[Math.min(list.length - 1, Math.floor(random() * list.length))] as T;
}
