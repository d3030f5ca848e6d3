// The playground: asks one version or two, shows their completions, keeps them in a campaign with one key.

import { announce } from "../lib/announce.js";
import { call } from "../lib/api.js";
import { all, make, maybe, one } from "../lib/dom.js";
import { count, fixed } from "../lib/format.js";
import { onKeys } from "../lib/shortcuts.js";
import { gettext, interpolate } from "../lib/translation.js";

/** @typedef {{ role: string, content: string }} Turn */
/**
 * @typedef {object} Completion the reply of POST versions/{name}/completion/
 * @property {string} version
 * @property {string} text
 * @property {string} html sanitised by the server
 * @property {string} finish_reason
 * @property {number} tokens
 * @property {number} seconds
 * @property {string} receipt
 */

const TIMEOUT_MS = 180_000; // a model that has to be loaded first, on a busy machine

/** @type {Turn[]} the turns before the question */
let history = [];
/** @type {Turn[]} the conversation that the completions on the page continue */
let asked = [];
/** @type {(Completion | null)[]} */
let completions = [];
let question = 0; // counts questions: completions to an older one are dropped

function start() {
  const form = maybe("#ask", HTMLFormElement);
  if (!form) return; // there is no version yet
  const message = one("#message", HTMLTextAreaElement);
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    void ask([...history, { role: "user", content: message.value }]);
  });
  message.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) form.requestSubmit();
  });
  for (const button of all("[data-act]", HTMLButtonElement)) {
    button.addEventListener("click", () => acts[button.dataset.act ?? ""]?.());
  }
  onKeys((event) => (event.altKey ? null : (keys[event.key.toLowerCase()] ?? null)));
}

/** @type {Record<string, () => void>} */
const acts = {
  comparison: () => void keep(true),
  prompt: () => void keep(false),
  again: () => void (asked.length && ask(asked)),
  left: () => continueFrom(0),
  right: () => continueFrom(1),
  new: startConversation,
};
/** @type {Record<string, () => void>} */
const keys = {
  c: () => press("comparison"),
  p: () => press("prompt"),
  a: () => press("again"),
  1: () => press("left"),
  2: () => press("right"),
  n: () => press("new"),
};

/** @param {string} act only what its button allows */
function press(act) {
  const button = maybe(`[data-act="${act}"]`, HTMLButtonElement);
  if (button && !button.disabled && button.offsetParent) button.click();
}

/** @param {Turn[]} turns */
async function ask(turns) {
  const number = ++question;
  const left = one("#left", HTMLSelectElement).value;
  const beside = one("#right", HTMLSelectElement).value;
  const names = beside ? [left, beside === "=" ? left : beside] : [left];
  asked = turns;
  completions = names.map(() => null);
  show("");
  const cards = names.map(waitingCard);
  one("#columns", HTMLElement).replaceChildren(...cards);
  one("#completions", HTMLElement).hidden = false;
  enableActs();
  await Promise.all(names.map((name, index) => completeInto(number, name, index, cards[index])));
  if (number !== question) return;
  one("#completions", HTMLElement).focus({ preventScroll: true });
  const texts = completions.flatMap((completion) => (completion ? [completion.text] : []));
  if (texts.length) announce(texts.join("\n\n"));
}

/**
 * @param {number} number of the question
 * @param {string} name
 * @param {number} index
 * @param {HTMLElement | undefined} card
 */
async function completeInto(number, name, index, card) {
  if (!card) return;
  const api = one("#main", HTMLElement).dataset.api ?? "/api/v1/";
  const prose = one(".prose", HTMLElement, card);
  try {
    const body = { messages: asked, settings: settings() };
    const completion = /** @type {Completion} */ (await call("POST", `${api}versions/${name}/completion/`, body, TIMEOUT_MS));
    if (number !== question) return;
    completions[index] = completion;
    prose.innerHTML = completion.html || `<p><em>${gettext("The completion is empty.")}</em></p>`;
    const pace = interpolate(gettext("%(tokens)s tokens in %(seconds)s s"), { tokens: count(completion.tokens), seconds: fixed(completion.seconds, 1) });
    one("[data-figures]", HTMLElement, card).textContent =
      completion.finish_reason === "length" ? interpolate(gettext("%(pace)s, cut at the token limit"), { pace }) : pace;
    card.dataset.state = "written";
  } catch (error) {
    if (number !== question) return;
    card.dataset.state = "failed";
    prose.replaceChildren(make("p", { class: "notice notice-error", text: sentence(error) }));
  }
  enableActs();
}

/** @returns {Record<string, number | string>} */
function settings() {
  const system = one("#system-prompt", HTMLTextAreaElement).value.trim();
  const sampling = {
    temperature: Number(one("#temperature", HTMLInputElement).value),
    max_tokens: Number(one("#max-tokens", HTMLInputElement).value),
  };
  return system ? { ...sampling, system_prompt: system } : sampling;
}

/** @param {string} name */
function waitingCard(name) {
  const copy = /** @type {DocumentFragment} */ (one("#completion", HTMLTemplateElement).content.cloneNode(true));
  const card = one(".completion", HTMLElement, copy);
  one("[data-name]", HTMLElement, card).textContent = name;
  one(".prose", HTMLElement, card).textContent = gettext("Writing …");
  card.dataset.state = "waiting";
  return card;
}

/** Enables the buttons that make sense with the completions on the page. */
function enableActs() {
  const arrived = completions.filter(Boolean).length;
  const hasCampaign = one("#campaign", HTMLSelectElement).value !== "";
  /** @type {Record<string, boolean>} */
  const enabled = {
    comparison: arrived === 2 && hasCampaign,
    prompt: hasCampaign,
    left: Boolean(completions[0]),
    right: Boolean(completions[1]),
  };
  for (const [act, isEnabled] of Object.entries(enabled)) {
    one(`[data-act="${act}"]`, HTMLButtonElement).disabled = !isEnabled;
  }
}

/** @param {boolean} both whether to keep the two completions too, as a comparison */
async function keep(both) {
  const api = one("#main", HTMLElement).dataset.api ?? "/api/v1/";
  const campaign = one("#campaign", HTMLSelectElement);
  const receipts = both ? { receipts: completions.map((completion) => completion?.receipt) } : {};
  try {
    const kept = await call("POST", `${api}campaigns/${campaign.value}/playground/`, { messages: asked, ...receipts });
    const name = campaign.selectedOptions[0]?.textContent ?? campaign.value;
    show(interpolate(outcome(both, kept.created), { campaign: name }));
  } catch (error) {
    show(sentence(error), "error");
  }
}

/**
 * @param {boolean} both
 * @param {boolean} isNew
 * @returns {string} with %(campaign)s in it
 */
function outcome(both, isNew) {
  if (both) return isNew ? gettext("Saved as a comparison in %(campaign)s.") : gettext("%(campaign)s has this comparison already.");
  return isNew ? gettext("Saved as a prompt in %(campaign)s.") : gettext("%(campaign)s has this prompt already.");
}

/** @param {number} side */
function continueFrom(side) {
  const completion = completions[side];
  if (!completion) return;
  history = [...asked, { role: "assistant", content: completion.text }];
  showTurns();
}

function startConversation() {
  question += 1;
  history = [];
  completions = [];
  showTurns();
}

function showTurns() {
  const list = one("#turns", HTMLElement);
  list.replaceChildren(
    ...history.map((turn) => {
      const item = make("li");
      item.dataset.role = turn.role;
      item.append(make("b", { text: turn.role === "user" ? gettext("You") : gettext("The model") }), turn.content);
      return item;
    }),
  );
  list.hidden = !history.length;
  one("#completions", HTMLElement).hidden = true;
  show("");
  const message = one("#message", HTMLTextAreaElement);
  message.value = "";
  message.focus();
}

/**
 * @param {string} text empty: nothing
 * @param {string} [kind]
 */
function show(text, kind = "success") {
  const outcome = one("#outcome", HTMLElement);
  outcome.hidden = !text;
  outcome.className = `notice notice-${kind}`;
  outcome.textContent = text;
}

/** @param {unknown} error */
function sentence(error) {
  return error instanceof Error ? error.message : String(error);
}

start();
