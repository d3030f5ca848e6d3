// Types of judging, imported by other modules for their types only: this module is never loaded.

/** @typedef {{ role: string, html: string, text: string }} Message */
/**
 * @typedef {{ html: string, text: string, model: string | null, is_cut: boolean }} CompletionView is_cut: at the token
 *   limit
 */
/**
 * @typedef {object} Assignment a pair that the annotator holds
 * @property {number} id
 * @property {string} expires_at
 * @property {Message[]} prompt
 * @property {CompletionView} left
 * @property {CompletionView} right
 * @property {number | null} guideline_version
 * @property {boolean} [allow_edit] whether the better completion may be edited
 */
/** @typedef {{ id: number, expires_at: string, guideline_version: number | null }} Lease what the server says is held */
/**
 * @typedef {object} Progress
 * @property {number} judged
 * @property {number} judged_today
 * @property {number} comparisons
 * @property {number} settled
 * @property {string} notice
 * @property {string | null} step what must be done before anything else is assigned
 */
/**
 * @typedef {object} JudgmentDraft a judgment before it is sent
 * @property {string} choice left, right, tie, both_bad or skip
 * @property {number} [strength] 1 slightly, 2 clearly, 3 much better
 * @property {string} [skip_reason]
 * @property {string} [flag]
 * @property {string} [comment]
 * @property {string} [edit]
 * @property {Record<string, string>} [criteria]
 */
/**
 * @typedef {JudgmentDraft & { key: string, seconds: number }} JudgmentBody what POST assignments/{id}/judgment/ takes;
 *   key: the same for every retry
 */
/**
 * @typedef {{ url: string, campaign: string, assignment: number, body: JudgmentBody, at: number }} PendingJudgment
 *   a judgment that the server does not have yet; at: milliseconds since 1970
 */
/**
 * @typedef {{ pairs: Assignment[], progress: Progress | null }} SessionState what a page of the same person can go on
 *   with: the pairs of what is not delivered yet, the one on the page, and those held ahead, in this order
 */
/** @typedef {"judged" | "undone" | "found"} ShowReason why a pair is shown */
/**
 * @typedef {"never" | "late"} UndoRefusal why a judgment stays: the campaign undoes none, or its time is over
 */
/** @typedef {{ kind: "offline", seconds: number } | { kind: "signed-out" } | { kind: "second-factor" } | { kind: "own-password" } | { kind: "stale-page" } | { kind: "refused", message: string }} Trouble */
/**
 * @typedef {object} SessionListener what the page does about it
 * @property {(assignment: Assignment | null, reason: ShowReason, earlier?: JudgmentDraft | null) => void} showPair
 *   earlier: the judgment that was undone
 * @property {(progress: Progress) => void} showProgress
 * @property {(draft: JudgmentDraft) => void} drafted at once
 * @property {(draft: JudgmentDraft) => void} saved when the server has it
 * @property {(trouble: Trouble | null) => void} showTrouble null: over
 * @property {(judgment: PendingJudgment) => void} refused by the server, and dropped
 * @property {(refusal: UndoRefusal) => void} undoRefused
 * @property {() => void} changed whether it is busy, what is pending, or whether something can be undone
 */
/** @typedef {EventTarget & { readonly hidden: boolean }} Visibility whether somebody looks at the page: a document */

export {};
