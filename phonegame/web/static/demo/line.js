// The phone's side of the game: Guido is a character of phonegame's, and what he wants done is done in the shop.

import { OVEN_ROOM } from "./shop.js";

/** @import { Phonegame } from "../client/phonegame.js" */
/** @import { Kind, Shop } from "./shop.js" */

const NUMBERS = ["No", "One", "Two", "Three", "Four", "Five", "Six"];
/** @type {Record<Kind, string>} */
const NAMES = { margherita: "margherita", pepperoni: "pepperoni", mushroom: "mushroom", hawaii: "Hawaii" };

/**
 * Has Guido's wishes done. What these give is said by him; what they throw, too.
 * @param {Phonegame} game
 * @param {Shop} shop
 * @param {() => void} open Begins a shift.
 */
export function obeyGuido(game, shop, open) {
  game.handle("bake", ({ count, pizza }) => ({ text: bake(shop, pizza, count) }));
  game.handle("serve", () => ({ text: serve(shop) }));
  game.handle("open_again", () => {
    if (shop.state === "open") throw new Error("But we are open! What shall I bake?");
    open();
    return { text: "Here come the guests! What shall I bake?" };
  });
}

/** @param {Shop} shop @param {Kind} kind @param {number} count */
function bake(shop, kind, count) {
  if (shop.state !== "open") throw new Error("We are closed. Say again, and we open.");
  if (count < 1) throw new Error("How many?");
  if (count > OVEN_ROOM) throw new Error("My oven holds six!");
  const placed = shop.bake(kind, count);
  if (placed === 0) throw new Error("The oven is full! Serve something first.");
  const said = `${NUMBERS[placed]} ${NAMES[kind]}!`;
  return placed < count ? `${said} There is no room for more.` : said;
}

/** @param {Shop} shop */
function serve(shop) {
  if (shop.state !== "open") throw new Error("We are closed. Say again, and we open.");
  if (shop.ready === 0) throw new Error("Nothing is done yet.");
  const served = shop.serveAll();
  if (served === 0) throw new Error("Nobody wants these.");
  return served === 1 ? "There you go!" : `${NUMBERS[served]} served!`;
}

/**
 * What Guido does, for the picture: `change` is told with each message that shows it.
 * @param {Phonegame} game
 * @param {(cook: { isOnPhone: boolean, isTalking: boolean, isListening: boolean }) => void} change
 */
export function watchGuido(game, change) {
  const cook = { isOnPhone: false, isTalking: false, isListening: false };
  const now = (/** @type {Partial<typeof cook>} */ news) => change(Object.assign(cook, news));
  game.on("call_started", () => now({ isOnPhone: true, isTalking: true, isListening: false }));
  game.on("speech_started", () => now({ isListening: true, isTalking: false }));
  game.on("transcript", ({ speech_final, text }) => {
    if (speech_final && text) now({ isListening: false, isTalking: true });
  });
  game.on("character_said", () => now({ isTalking: false }));
  game.on("call_ended", () => now({ isOnPhone: game.callers.size > 0, isTalking: false, isListening: false }));
}
