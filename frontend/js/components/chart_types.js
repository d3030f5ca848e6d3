// Types of a chart, imported by other modules for their types only: this module is never loaded.

/**
 * @typedef {object} Curve
 * @property {string} label
 * @property {string} colour name of a custom property, as "--series-1"
 * @property {Style} [style] solid where none is given
 */
/** @typedef {"line" | "dash" | "points" | "floor"} Style `points`: few measurements; `floor`: a bound, not a measurement */
/**
 * @typedef {object} Manner
 * @property {number} [level] a thin line to measure against
 * @property {string} [levelName] what that line is
 * @property {boolean} [percent]
 * @property {boolean} [fit] a percentage shows only the part that matters, not all of 0 to 100 %
 * @property {string} [along] what the curves run along; steps where none is given
 * @property {boolean} [log] offers a logarithmic scale
 */

export {};
