// A reward model so small that it fits on a page: it counts five things in a text, and learns from choices how much each
// of them is worth (Bradley-Terry: the better text's score minus the other's is the log-odds of the choice).

/** @typedef {"words" | "kind" | "sure" | "exclamations" | "questions"} Feature */

/** @type {readonly Feature[]} */
export const FEATURES = ["words", "kind", "sure", "exclamations", "questions"];

const KIND = /(?<!\p{L})(?:sorry|thanks?|please|understand\p{L}*|frustrating|good luck|tut mir leid|leid|danke|bitte|verstehe|ärgerlich|viel glück)(?!\p{L})/giu;
const SURE = /(?<!\p{L})(?:absolutely|always|never|definitely|certainly|guaranteed|trust me|absolut|immer|nie|niemals|bestimmt|garantiert|ganz sicher)(?!\p{L})/giu;
const PENALTY = 0.05; // keeps the weights finite: three choices alone would make them endless
const STEPS = 400;
const RATE = 0.5;

/**
 * @param {string} text
 * @returns {Record<Feature, number>} words in tens, the rest as counts of at most three
 */
export function featuresOf(text) {
  const count = (/** @type {RegExp} */ pattern) => Math.min(3, text.match(pattern)?.length ?? 0);
  return {
    words: (text.match(/\p{L}+/gu)?.length ?? 0) / 10,
    kind: count(KIND),
    sure: count(SURE),
    exclamations: count(/!/g),
    questions: count(/\?/g),
  };
}

/**
 * @param {readonly { better: string, worse: string }[]} choices
 * @returns {Record<Feature, number>} the weights that make these choices most likely, kept small by a penalty
 */
export function learnedFrom(choices) {
  const differences = choices.map(({ better, worse }) => {
    const [good, bad] = [featuresOf(better), featuresOf(worse)];
    return FEATURES.map((name) => good[name] - bad[name]);
  });
  let weights = FEATURES.map(() => 0);
  for (let step = 0; step < STEPS; step += 1) {
    const pulls = weights.map((weight) => -PENALTY * weight);
    for (const difference of differences) {
      const margin = difference.reduce((sum, value, index) => sum + value * (weights[index] ?? 0), 0);
      const wrong = 1 / (1 + Math.exp(margin));
      difference.forEach((value, index) => (pulls[index] = (pulls[index] ?? 0) + (wrong * value) / differences.length));
    }
    weights = weights.map((weight, index) => weight + RATE * (pulls[index] ?? 0));
  }
  return /** @type {Record<Feature, number>} */ (Object.fromEntries(FEATURES.map((name, index) => [name, weights[index] ?? 0])));
}

/**
 * @param {string} text
 * @param {Record<Feature, number>} weights
 * @returns {{ score: number, parts: { name: Feature, worth: number }[] }} the score, and what it is the sum of
 */
export function scored(text, weights) {
  const features = featuresOf(text);
  const parts = FEATURES.map((name) => ({ name, worth: features[name] * weights[name] }));
  return { score: parts.reduce((sum, part) => sum + part.worth, 0), parts };
}
