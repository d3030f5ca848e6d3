// Random numbers from a seed: the same seed, the same numbers, so that a lesson can be repeated and tested.

/**
 * @param {number} seed
 * @returns {() => number} the next number, from 0 up to 1 (mulberry32)
 */
export function randomFrom(seed) {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/**
 * @param {readonly number[]} shares that add up to 1
 * @param {() => number} random
 * @returns {number} an index, drawn with these shares
 */
export function draw(shares, random) {
  let left = random();
  for (const [index, share] of shares.entries()) {
    left -= share;
    if (left < 0) return index;
  }
  return shares.length - 1;
}
