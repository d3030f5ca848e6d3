// What judging is about, for the types of other modules: this one is never loaded.

/** @typedef {{ role: string, html: string, text: string }} Message */
/** @typedef {{ html: string, text: string, model: string | null }} CompletionView */
/**
 * @typedef {object} Assignment
 * @property {number} id
 * @property {string} expires_at
 * @property {Message[]} prompt
 * @property {CompletionView} left
 * @property {CompletionView} right
 * @property {number | null} guideline_version
 */
/** @typedef {{ id: number, expires_at: string, guideline_version: number | null }} Held */
/** @typedef {{ judged: number, judged_today: number, comparisons: number, settled: number, notice: string }} Progress */
/**
 * @typedef {{ choice: string, strength?: number, skip_reason?: string, flag?: string, comment?: string, edit?: string,
 *   criteria?: Record<string, string> }} Saying what a key or a button says
 */
/**
 * @typedef {{ pairs: Assignment[], progress: Progress | null }} Session what a page of the same person can go on with:
 *   the pairs of what is not delivered yet, the one in front of them, and those held ahead, in this order
 */
/**
 * @typedef {object} Listener what the page does about it
 * @property {(assignment: Assignment | null, why: "judged" | "undone" | "found", saying?: Saying | null) => void} shown
 *   saying: of an undo, what had been said
 * @property {(progress: Progress) => void} counted
 * @property {(saying: Saying) => void} said at once
 * @property {(saying: Saying) => void} saved when the server has it
 * @property {(trouble: Trouble | null) => void} troubled null: over
 * @property {() => void} changed whether it is busy, what is on its way, or whether something can be undone
 */
/** @typedef {{ kind: "offline", seconds: number } | { kind: "signed-out" } | { kind: "refused", message: string }} Trouble */

export {};
