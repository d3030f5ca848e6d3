// Progress of an experiment, without the page: merges replies, and tells whether everything requested has arrived.

/** @typedef {import("./types.js").Point} Point */
/** @typedef {import("./types.js").Session} Session */
/** @typedef {import("./types.js").Side} Side */

/**
 * @param {Session} session as it was
 * @param {Session} reply with later points and samples, or with all of them
 * @returns {Session} the reply with the earlier points and samples too
 */
export function merged(session, reply) {
  const lastPoint = session.points.at(-1)?.step ?? -1;
  const lastWrote = session.wrote.at(-1)?.step ?? -1;
  return {
    ...reply,
    points: [...session.points, ...reply.points.filter((point) => point.step > lastPoint)],
    wrote: [...session.wrote, ...reply.wrote.filter((wrote) => wrote.step > lastWrote)],
  };
}

/**
 * @param {Session} session
 * @returns {number} the step after which there may be something new
 */
export function knownUntil(session) {
  // Samples arrive after the point of the same step, so both are requested from the older of the two.
  return Math.min(session.points.at(-1)?.step ?? -1, session.wrote.at(-1)?.step ?? -1);
}

/**
 * @param {Session} session
 * @returns {boolean} whether all steps are done, and what the model writes after them is there
 */
export function isComplete(session) {
  return session.done >= session.total && (session.wrote.at(-1)?.step ?? -1) >= session.done;
}

/**
 * @param {Session} session
 * @param {Point} point
 * @returns {Side[]} the texts in the order of the table: better, worse, watched
 */
export function sidesAt(session, point) {
  const watched = session.lesson.watched.length;
  const [lesson, others] = point.pairs;
  const sides = lesson ? [lesson.chosen, lesson.rejected] : [];
  if (others && watched > 0) sides.push(others.chosen);
  if (others && watched > 1) sides.push(others.rejected);
  return sides;
}

/**
 * @param {Side} side
 * @returns {number} nats: how much more likely than at the start
 */
export function logRatio(side) {
  return side.logp - side.reference;
}
