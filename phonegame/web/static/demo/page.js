// The page around the scene: figures, panels, captions, and what a screen reader is told.

import { stateOf } from "./shop.js";

/** @import { Shop } from "./shop.js" */

const BEST = "phonegame.demo.best";
const MOST_CAPTIONS = 40;
/** Seconds before the end from which the clock is red. */
const HURRY = 15;
const PANELS = ["connecting", "key", "waiting", "over", "lost"];

/** @template {HTMLElement} [T=HTMLElement] @param {string} id @returns {T} */
export function element(id) {
  const found = document.getElementById(id);
  if (found === null) throw new Error(`The page has no ${id}`);
  return /** @type {T} */ (found);
}

/** Only where it is another: a screen reader is told of each change. @param {string} id @param {string} text */
function write(id, text) {
  const at = element(id);
  if (at.textContent !== text) at.textContent = text;
}

/** @param {"connecting" | "key" | "waiting" | "playing" | "over" | "lost"} state */
export function show(state) {
  if (document.body.dataset.state === state && !element("panel").hidden) return;
  document.body.dataset.state = state;
  for (const panel of PANELS) element(`panel-${panel}`).hidden = panel !== state;
  element("panel").hidden = state === "playing";
}

/** @param {string} number @param {string} code */
export function showCode(number, code) {
  if (number) write("number", number);
  write("code", code);
  write("big-code", code);
}

/** @param {string} number Of the phone beside the game. */
export function showPhone(number) {
  const field = /** @type {HTMLInputElement | null} */ (document.getElementById("ring-number"));
  if (field) field.value = number;
}

/** @param {Shop} shop */
export function showFigures(shop) {
  const seconds = Math.ceil(shop.left);
  write("time", `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`);
  write("score", String(shop.score));
  write("times", `×${shop.times}`);
  element("times").hidden = shop.times === 1;
  element("restart").toggleAttribute("disabled", shop.state === "closed");
  document.body.toggleAttribute("data-hurry", shop.state === "open" && shop.left <= HURRY);
}

/** In words, for who does not see the picture. @param {Shop} shop */
export function showPlaces(shop) {
  const oven = shop.oven.map((pizza, place) => `${place + 1}: ${pizza ? `${pizza.kind}, ${stateOf(pizza)}` : "empty"}`);
  const tables = shop.guests.map(
    (guest, table) => `${table + 1}: ${guest ? `wants ${guest.count} ${guest.kind}` : "free"}`,
  );
  list("oven", oven);
  list("tables", tables);
}

/** @param {string} id @param {string[]} texts */
function list(id, texts) {
  const at = element(id);
  while (at.children.length < texts.length) at.append(document.createElement("li"));
  for (const [index, text] of texts.entries()) {
    if (at.children[index].textContent !== text) at.children[index].textContent = text;
  }
}

/** @param {string} text */
export function announce(text) {
  write("news", text);
}

/** @param {Shop} shop */
export function showEnd(shop) {
  const best = Math.max(bestScore(), shop.score);
  const isBest = shop.score === best && shop.score > 0;
  localStorage.setItem(BEST, String(best));
  write("final", `${shop.score}`);
  const guests = shop.served === 1 ? "1 guest was served" : `${shop.served} guests were served`;
  const praise = isBest ? " Your best so far!" : "";
  write("summary", `${guests}, ${shop.lost} left hungry, ${shop.burnt} pizzas burnt.${praise}`);
  showBest();
}

export function showBest() {
  write("best", String(bestScore()));
}

function bestScore() {
  return Number(localStorage.getItem(BEST)) || 0;
}

/** @param {"you" | "guido" | "note"} who @param {string} text */
export function caption(who, text) {
  const line = document.createElement("li");
  if (who === "note") {
    line.className = "note-line";
    line.textContent = text;
  } else {
    line.className = who;
    const name = document.createElement("b");
    name.textContent = who === "you" ? "You" : "Guido";
    line.append(name, " ", text);
  }
  const captions = element("captions");
  captions.append(line);
  while (captions.children.length > MOST_CAPTIONS) captions.children[0].remove();
  captions.scrollTop = captions.scrollHeight;
}

/** What is being said. @param {string} text */
export function captionSoFar(text) {
  write("interim", text);
}
