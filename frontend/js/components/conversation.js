// The prompt as a conversation. Long messages and long histories are folded, with a button to see all of them.

import { all, make, one } from "../lib/dom.js";
import { gettext, interpolate } from "../lib/words.js";

/** @typedef {import("../lib/judging_types.js").Message} Message */

const FOLDED_PX = 400;
const TURNS_SHOWN = 4;
const ROLES = /** @type {Record<string, string>} */ ({
  user: gettext("User"),
  assistant: gettext("Assistant"),
  system: gettext("System"),
});

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
    one(".message-role", HTMLElement, item).textContent = ROLES[message.role] ?? message.role;
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
  const button = unfoldButton(interpolate(gettext("Show %(count)s earlier messages"), { count: earlier.length }), () => {
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
  const button = unfoldButton(gettext("Show all of it"), () => {
    const folded = item.classList.toggle("is-folded");
    button.textContent = folded ? gettext("Show all of it") : gettext("Show less");
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
