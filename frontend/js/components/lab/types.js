// Types of an experiment's API, imported by other modules for their types only: this module is never loaded.

/** @typedef {{ logp: number, reference: number, tokens: number }} Side one text: log-probabilities in nats */
/** @typedef {{ id: string, chosen: Side, rejected: Side }} Pair */
/**
 * @typedef {object} Point what the model was after a step
 * @property {number} step
 * @property {number} loss
 * @property {number} margin
 * @property {boolean} displacement
 * @property {number | null} grad_norm
 * @property {Pair[]} pairs the lesson, then what is watched
 */
/**
 * @typedef {object} Session the reply of GET lab/{id}/
 * @property {number} id
 * @property {string} status
 * @property {string} error
 * @property {{ sentence: string } | null} [waits_for]
 * @property {number} done
 * @property {number} total
 * @property {Point[]} points
 * @property {{ step: number, kl: number, texts: string[] }[]} wrote
 * @property {{ watched: string[] }} lesson
 * @property {{ beta: number }} config
 */

export {};
