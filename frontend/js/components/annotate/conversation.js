// The prompt as a conversation. Long messages and long histories are folded, with a button to see all of them.

import { all, make, one } from "../../lib/dom.js";
import { gettext, interpolate } from "../../lib/translation.js";

/** @typedef {import("../../judging/types.js").Message} Message */

const FOLDED_PX = 400;
const TURNS_SHOWN = 4;
const STANDING = ["system", "tools"];
const ROLES = /** @type {Record<string, string>} */ ({
  user: gettext("User"),
  assistant: gettext("Assistant"),
  system: gettext("System"),
  tool: gettext("Tool"),
  tools: gettext("Tools"),
});

export class Conversation {
  /**
   * @param {HTMLElement} list the <ol>
   * @param {HTMLTemplateElement} template one message
   */
  constructor(list, template) {
    this.list = list;
    this.template = template;
    this.#fold();
  }

  /** @param {Message[]} messages their html comes sanitised from the server */
  show(messages) {
    const items = messages.map((message) => {
      const copy = /** @type {DocumentFragment} */ (this.template.content.cloneNode(true));
      const item = one(".message", HTMLElement, copy);
      item.dataset.role = message.role;
      one(".message-role", HTMLElement, item).textContent = ROLES[message.role] ?? message.role;
      one(".prose", HTMLElement, item).innerHTML = message.html;
      return item;
    });
    this.list.replaceChildren(...items);
    this.#fold();
  }

  /** Folds what is long: messages by their height, a history by its turns. */
  #fold() {
    const items = all(".message", HTMLElement, this.list);
    items.forEach(foldMessage);
    const earlier = items.filter((item, index) => !STANDING.includes(item.dataset.role ?? "") && index < items.length - TURNS_SHOWN);
    if (earlier.length < 2) return;
    for (const item of earlier) item.hidden = true;
    const row = make("li", { class: "unfold" });
    const text = interpolate(gettext("Show %(count)s earlier messages"), { count: earlier.length });
    const button = unfoldButton(text, () => {
      for (const item of earlier) item.hidden = false;
      row.remove();
    });
    row.append(button);
    earlier.at(-1)?.after(row);
  }
}

/** @param {HTMLElement} item */
function foldMessage(item) {
  const prose = one(".prose", HTMLElement, item);
  if (prose.scrollHeight <= FOLDED_PX) return;
  item.classList.add("is-folded");
  const button = unfoldButton(gettext("Show all"), () => {
    const folded = item.classList.toggle("is-folded");
    button.textContent = folded ? gettext("Show all") : gettext("Show less");
    button.setAttribute("aria-expanded", String(!folded));
  });
  button.setAttribute("aria-expanded", "false");
  item.append(button);
}

/**
 * @param {string} text
 * @param {() => void} onClick
 */
function unfoldButton(text, onClick) {
  const button = make("button", { class: "link-button unfold", text });
  button.setAttribute("type", "button");
  button.addEventListener("click", onClick);
  return button;
}
