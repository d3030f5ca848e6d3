// The prompt as a conversation. Long messages and long histories are folded, with a button to see all of them.

import { all, make, one } from "../lib/dom.js";

/** @typedef {import("../lib/judging.js").Message} Message */

const FOLDED_PX = 400;
const TURNS_SHOWN = 4;

/**
 * Puts the messages of a prompt in place of what is there.
 *
 * @param {HTMLElement} list the <ol>
 * @param {Message[]} messages their html comes sanitised from the server
 * @param {HTMLTemplateElement} template one message
 */
export function showConversation(list, messages, template) {
  const items = messages.map((message) => {
    const copy = /** @type {DocumentFragment} */ (template.content.cloneNode(true));
    const item = one(".message", HTMLElement, copy);
    item.dataset.role = message.role;
    one(".message-role", HTMLElement, item).textContent = message.role.charAt(0).toUpperCase() + message.role.slice(1);
    one(".prose", HTMLElement, item).innerHTML = message.html;
    return item;
  });
  list.replaceChildren(...items);
  fold(list);
}

/**
 * Folds what is long: messages by their height, a history by its turns.
 *
 * @param {HTMLElement} list
 */
export function fold(list) {
  const items = all(".message", HTMLElement, list);
  items.forEach(foldMessage);
  const earlier = items.filter((item, index) => item.dataset.role !== "system" && index < items.length - TURNS_SHOWN);
  if (earlier.length < 2) return;
  for (const item of earlier) item.hidden = true;
  const row = make("li", { class: "unfold" });
  const button = unfoldButton(`Show ${earlier.length} earlier messages`, () => {
    for (const item of earlier) item.hidden = false;
    row.remove();
  });
  row.append(button);
  earlier.at(-1)?.after(row);
}

/** @param {HTMLElement} item */
function foldMessage(item) {
  const prose = one(".prose", HTMLElement, item);
  if (prose.scrollHeight <= FOLDED_PX) return;
  item.classList.add("is-folded");
  const button = unfoldButton("Show all of it", () => {
    const folded = item.classList.toggle("is-folded");
    button.textContent = folded ? "Show all of it" : "Show less";
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
