// The arithmetic of DPO: from log-ratios to rewards, probability, loss and the weight of the gradient.
// The server does the same (training/lens/figures.py); tests hold the two together.

/**
 * @typedef {object} Figures
 * @property {number} chosen_reward beta times the chosen completion's log-ratio
 * @property {number} rejected_reward
 * @property {number} margin the difference of both
 * @property {number} probability P(chosen wins)
 * @property {number} loss minus its logarithm
 * @property {number} weight of the gradient: beta times the probability that the label is wrong
 */

/**
 * @param {number} chosenRatio log pi - log pi_ref of the chosen completion, nats
 * @param {number} rejectedRatio
 * @param {number} beta
 * @returns {Figures} equations 5 and 7 of DPO (arXiv 2305.18290), finite for any finite numbers
 */
export function dpoFigures(chosenRatio, rejectedRatio, beta) {
  const margin = beta * (chosenRatio - rejectedRatio);
  const loss = margin > 0 ? Math.log1p(Math.exp(-margin)) : -margin + Math.log1p(Math.exp(margin));
  const wrong = margin > 0 ? Math.exp(-margin - loss) : -Math.expm1(-loss);
  return {
    chosen_reward: beta * chosenRatio,
    rejected_reward: beta * rejectedRatio,
    margin,
    probability: Math.exp(-loss),
    loss,
    weight: beta * wrong,
  };
}
