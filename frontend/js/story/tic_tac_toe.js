// A player of tic-tac-toe that learns from rewards alone: a table of how good each board after its move has turned out.

export const EMPTY = " ";
export const US = "X";
export const THEM = "O";

const LINES = [[0, 1, 2], [3, 4, 5], [6, 7, 8], [0, 3, 6], [1, 4, 7], [2, 5, 8], [0, 4, 8], [2, 4, 6]];
const REWARDS = { won: 1, drawn: 0.5, lost: 0 };
const UNKNOWN = 0.5; // of a board that was never seen
const RATE = 0.2; // how far a value moves towards what followed
const CURIOSITY = 0.1; // the share of moves at random while learning

/** @typedef {"won" | "drawn" | "lost"} Outcome for X */

export const NEW_BOARD = EMPTY.repeat(9);

/**
 * @param {string} board nine signs, row by row
 * @returns {number[]} the empty squares
 */
export function freeSquares(board) {
  return [...board].flatMap((sign, square) => (sign === EMPTY ? [square] : []));
}

/**
 * @param {string} board
 * @returns {number[]} the squares of the next move: none once somebody has won
 */
export function openSquares(board) {
  return outcome(board) ? [] : freeSquares(board);
}

/**
 * @param {string} board
 * @param {number} square
 * @param {string} sign
 * @returns {string}
 */
export function placed(board, square, sign) {
  return board.slice(0, square) + sign + board.slice(square + 1);
}

/**
 * @param {string} board
 * @returns {Outcome | null} null: the game goes on
 */
export function outcome(board) {
  const line = LINES.find(([a = 0, b = 0, c = 0]) => board[a] !== EMPTY && board[a] === board[b] && board[b] === board[c]);
  if (line) return board[line[0] ?? 0] === US ? "won" : "lost";
  return board.includes(EMPTY) ? null : "drawn";
}

export class Learner {
  /** @type {Map<string, number>} boards after a move of ours, and how good they are: the expected reward */
  values = new Map();
  games = 0;

  /** @param {() => number} random */
  constructor(random) {
    this.random = random;
  }

  /**
   * @param {string} board after a move of ours
   * @returns {number} how good it has turned out; even a win counts only once it has been played
   */
  value(board) {
    return this.values.get(board) ?? UNKNOWN;
  }

  /**
   * The policy: the square with the best value; among equals, by chance.
   *
   * @param {string} board
   * @param {number} [curiosity] the share of moves at random
   * @returns {number}
   */
  choose(board, curiosity = 0) {
    const squares = freeSquares(board);
    if (curiosity && this.random() < curiosity) return this.#any(squares);
    const values = squares.map((square) => this.value(placed(board, square, US)));
    const best = Math.max(...values);
    return this.#any(squares.filter((_, index) => values[index] === best));
  }

  /** Plays one game against a random opponent and learns from its end: each value moves towards the next one. */
  learn() {
    /** @type {string[]} */
    const seen = [];
    const result = this.#play((board) => this.choose(board, CURIOSITY), seen);
    let target = REWARDS[result];
    for (const board of seen.reverse()) {
      const value = this.value(board);
      target = value + RATE * (target - value);
      this.values.set(board, target);
    }
    this.games += 1;
  }

  /**
   * @param {number} games to be played without learning and without curiosity
   * @returns {number} the share of them that we win
   */
  winRate(games) {
    let won = 0;
    for (let game = 0; game < games; game += 1) won += this.#play((board) => this.choose(board)) === "won" ? 1 : 0;
    return won / games;
  }

  /**
   * @param {(board: string) => number} choose
   * @param {string[]} [seen] gets the boards after our moves
   * @returns {Outcome}
   */
  #play(choose, seen = []) {
    let board = NEW_BOARD;
    for (let turn = 0; ; turn += 1) {
      const isOurs = turn % 2 === 0;
      board = placed(board, isOurs ? choose(board) : this.#any(freeSquares(board)), isOurs ? US : THEM);
      if (isOurs) seen.push(board);
      const result = outcome(board);
      if (result) return result;
    }
  }

  /** @param {number[]} squares */
  #any(squares) {
    return squares[Math.floor(this.random() * squares.length)] ?? 0;
  }
}
