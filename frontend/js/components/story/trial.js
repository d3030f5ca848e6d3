// Tic-tac-toe: a player that learns in the page, and against which one can play.

import { all, make, one } from "../../lib/dom.js";
import { count, fixed, percent } from "../../lib/format.js";
import { gettext, interpolate } from "../../lib/translation.js";
import { randomFrom } from "../../story/random.js";
import { Learner, NEW_BOARD, openSquares, outcome, placed, THEM, US } from "../../story/tic_tac_toe.js";
import { Part } from "./part.js";

const SEED = 7; // the same games for every reader
const TEST_GAMES = 500;
const REMEMBERED = 6;

export class Trial extends Part {
  constructor() {
    super("trial");
    this.squares = all("[data-square]", HTMLButtonElement, this.root);
    this.history = one("[data-history]", HTMLElement, this.root);
    this.learner = new Learner(randomFrom(SEED));
    this.board = "";
    this.on("some", (button) => this.#learn(Number(button.value)));
    this.on("many", (button) => this.#learn(Number(button.value)));
    this.on("play", () => this.#begin());
    this.on("reset", () => this.#reset());
    this.squares.forEach((square, index) => square.addEventListener("click", () => this.#answer(index)));
    this.#showLearning();
  }

  /** @param {number} games */
  #learn(games) {
    for (let game = 0; game < games; game += 1) this.learner.learn();
    this.#showLearning();
    const [wins, played] = [this.#wins(), count(this.learner.games)];
    this.say(interpolate(gettext("After %(games)s games it wins %(wins)s. The squares show how good it finds each first move."), { games: played, wins }));
    this.history.append(make("li", { text: interpolate(gettext("%(games)s games: %(wins)s"), { games: played, wins }) }));
    while (this.history.children.length > REMEMBERED) this.history.firstElementChild?.remove();
  }

  #reset() {
    this.learner = new Learner(randomFrom(SEED));
    this.history.replaceChildren();
    this.#showLearning();
    this.say("");
  }

  #wins() {
    // Dice of their own: testing it does not change what it learns next.
    const tested = new Learner(randomFrom(SEED + 1));
    tested.values = this.learner.values;
    return percent(tested.winRate(TEST_GAMES));
  }

  /** Figures, and in each square the value of beginning there. */
  #showLearning() {
    this.board = "";
    this.write("games", count(this.learner.games));
    this.write("wins", this.#wins());
    this.write("boards", count(this.learner.values.size));
    this.squares.forEach((square, index) => {
      const value = fixed(this.learner.value(placed(NEW_BOARD, index, US)), 2);
      square.textContent = value;
      square.disabled = true;
      square.setAttribute("aria-label", interpolate(gettext("Square %(number)s: value %(value)s"), { number: index + 1, value }));
    });
  }

  #begin() {
    this.board = NEW_BOARD;
    this.#move();
  }

  /** @param {number} square of the reader's move */
  #answer(square) {
    if (!this.board || !openSquares(this.board).includes(square)) return;
    this.board = placed(this.board, square, THEM);
    if (outcome(this.board)) this.#showGame();
    else this.#move();
  }

  #move() {
    this.board = placed(this.board, this.learner.choose(this.board), US);
    this.#showGame();
  }

  #showGame() {
    const result = outcome(this.board);
    const free = openSquares(this.board);
    this.squares.forEach((square, index) => {
      const sign = this.board[index] ?? "";
      const held = sign === US ? gettext("its cross") : sign === THEM ? gettext("your circle") : gettext("free");
      square.textContent = sign.trim();
      square.disabled = false; // a square that loses the focus would lose the reader's place
      square.setAttribute("aria-disabled", String(!free.includes(index)));
      square.setAttribute("aria-label", interpolate(gettext("Square %(number)s: %(held)s"), { number: index + 1, held }));
    });
    if (result === "won") this.say(gettext("It has won."));
    else if (result === "lost") this.say(gettext("You have won. Let it practise more?"));
    else if (result === "drawn") this.say(gettext("A draw."));
    else this.say(gettext("Your move: choose a free square. Its signs are crosses."));
  }
}
