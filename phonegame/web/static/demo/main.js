// Puts the game together: the shop's rules, its picture, its sounds, and the phone.

import { Phonegame, PhonegameError } from "../client/phonegame.js";
import { Scene } from "./art/scene.js";
import { obeyGuido, watchGuido } from "./line.js";
import * as page from "./page.js";
import { placePhone } from "./phone.js";
import { Shop } from "./shop.js";
import { Sound } from "./sound.js";

/** @import { Guest, Pizza } from "./shop.js" */

const KEY = "phonegame.demo.key";
/** The longest step of time, in seconds: who comes back to a hidden tab finds the shop as it was. */
const LONGEST_STEP = 0.1;

const shop = new Shop();
const sound = new Sound();
const isCalm = matchMedia("(prefers-reduced-motion: reduce)").matches;
const canvas = /** @type {HTMLCanvasElement} */ (page.element("canvas"));
const scene = new Scene(canvas, shop, isCalm);
/** @type {Phonegame | null} */
let game = null;

/** @param {string} key */
async function connect(key) {
  page.show("connecting");
  const script = await (await fetch(new URL("guido.toml", import.meta.url))).text();
  game = new Phonegame(new URL("game", document.baseURI), { key });
  obeyGuido(game, shop, openShop);
  watchGuido(game, (cook) => {
    scene.cook = cook;
  });
  watchCalls(game, script);
  try {
    await game.connect();
    sessionStorage.setItem(KEY, key);
  } catch (error) {
    if (!(error instanceof PhonegameError)) throw error;
    sessionStorage.removeItem(KEY);
    if (document.body.dataset.asksForKey === "yes" && error.code === "unreachable") askForKey(error.message);
    else page.element("lost-text").textContent = error.message;
  }
}

/** @param {Phonegame} phone @param {string} script */
function watchCalls(phone, script) {
  phone.on("welcome", (welcome) => {
    page.showCode(welcome.phone_number, welcome.code);
    // who comes back after a lost connection has the character still
    if (!welcome.resumed) void phone.character({ script });
    settle();
  });
  phone.on("state", ({ state, reason, retryIn }) => {
    if (state === "away" || state === "closed") page.show("lost");
    const again = retryIn ? ` Trying again in ${Math.ceil(retryIn)} s.` : "";
    if (state === "away") page.element("lost-text").textContent = `The server is away: ${reason}.${again}`;
    else if (state === "closed") page.element("lost-text").textContent = reason ?? "";
    page.element("retry").hidden = state !== "closed";
  });
  phone.on("call_started", () => {
    page.caption("note", "The call is through to the kitchen.");
    if (shop.state !== "open") openShop();
  });
  phone.on("transcript", ({ text, is_final }) => {
    page.captionSoFar(is_final ? "" : text);
    if (is_final && text) page.caption("you", text);
  });
  phone.on("character_said", ({ text }) => page.caption("guido", text));
  phone.on("say_finished", ({ heard }) => heard && page.caption("guido", heard));
  phone.on("call_ended", () => {
    page.captionSoFar("");
    page.caption("note", `The call is over. To go on, call again and say ${phone.code}.`);
    settle();
  });
  phone.on("error", ({ message }) => page.caption("note", message));
}

/** The panel that fits. */
function settle() {
  if (shop.state === "open") page.show("playing");
  else if (shop.state === "over") page.show("over");
  else page.show("waiting");
}

function openShop() {
  shop.open();
  settle();
}

function startOver() {
  if (game && game.callers.size > 0) {
    openShop();
    return;
  }
  // without a caller nobody could order: the panel says whom to call
  shop.close();
  page.showPlaces(shop);
  settle();
}

/** @param {string} [fault] */
function askForKey(fault = "") {
  page.show("key");
  const at = page.element("key-fault");
  at.hidden = fault === "";
  at.textContent = fault;
}

/** @param {string} type @param {(detail: { table: number, place: number, guest: Guest, pizza: Pizza, points: number }) => void} act */
function on(type, act) {
  shop.addEventListener(type, (event) => {
    act(/** @type {CustomEvent} */ (event).detail);
    page.showPlaces(shop);
  });
}

on("opened", () => {
  sound.play("opened");
  page.announce("The shop is open.");
});
on("came", ({ table, guest }) => {
  sound.play("came");
  page.announce(`Table ${table + 1} wants ${guest.count} ${guest.kind}.`);
});
on("baking", () => sound.play("baking"));
on("ready", ({ place, pizza }) => {
  sound.play("ready");
  scene.effects.sparks(scene.inOven(place));
  page.announce(`The ${pizza.kind} at ${place + 1} is ready.`);
});
on("burnt", ({ place, pizza }) => {
  sound.play("burnt");
  scene.effects.smoke(scene.inOven(place));
  scene.effects.text(scene.inOven(place), "burnt", "bad");
  page.announce(`The ${pizza.kind} at ${place + 1} is burnt.`);
});
on("binned", () => {});
on("given", ({ table }) => {
  sound.play("given");
  scene.effects.text(scene.atTable(table), "one more!", "good");
});
on("served", ({ table, points }) => {
  sound.play("served");
  scene.effects.sparks(scene.atTable(table));
  scene.effects.text(scene.atTable(table), `+${points}`, "good");
  page.announce(`Table ${table + 1} is served: ${points} points.`);
});
on("left", ({ table }) => {
  sound.play("left");
  scene.effects.text(scene.atTable(table), "gone!", "bad");
  page.announce(`Table ${table + 1} has left.`);
});
on("over", () => {
  sound.play("over");
  page.showEnd(shop);
  page.announce(`Closing time: ${shop.score} points.`);
  settle();
  if (game && game.callers.size > 0) {
    void game.say(`Closing time! That was ${shop.score} points. Say again to play again.`, { priority: "now" });
  }
});

/** @param {number} place */
function servePlace(place) {
  const what = shop.serve(place);
  if (what === "unwanted") scene.effects.text(scene.inOven(place), "nobody wants it", "bad");
  else if (what === "baking") scene.effects.text(scene.inOven(place), "not yet", "bad");
  page.showPlaces(shop);
}

function serveAll() {
  if (shop.serveAll() === 0) page.announce(shop.ready > 0 ? "Nobody wants what is ready." : "Nothing is ready.");
}

page.element("serve").addEventListener("click", serveAll);
for (const id of ["restart", "again"]) page.element(id).addEventListener("click", startOver);
page.element("retry").addEventListener("click", () => void connect(sessionStorage.getItem(KEY) ?? ""));
page.element("panel-key").addEventListener("submit", (event) => {
  event.preventDefault();
  void connect(/** @type {HTMLInputElement} */ (page.element("key")).value);
});
page.element("sound").addEventListener("click", () => {
  sound.turn(!sound.isOn);
  showSound();
});
canvas.addEventListener("pointerdown", ({ clientX, clientY }) => {
  const place = scene.placeAt(clientX, clientY);
  if (place !== null) servePlace(place);
});
document.addEventListener("keydown", (event) => {
  const target = /** @type {HTMLElement} */ (event.target);
  if (event.ctrlKey || event.altKey || event.metaKey || target.closest("input")) return;
  if (event.key >= "1" && event.key <= "6") servePlace(Number(event.key) - 1);
  // a button is pressed by it
  if (event.key !== " " || target.closest("button")) return;
  event.preventDefault();
  serveAll();
});
document.getElementById("ring")?.addEventListener("submit", (event) => {
  event.preventDefault();
  void ring(/** @type {HTMLInputElement} */ (page.element("ring-number")).value);
});
// a reload leaves no game behind that waits for its player
window.addEventListener("pagehide", () => game?.close());

/** @param {string} number */
async function ring(number) {
  const status = page.element("ring-status");
  if (game === null) return;
  const stop = game.on("call_status", ({ status: how }) => {
    status.textContent = `${how[0].toUpperCase()}${how.slice(1).replace("_", " ")}.`;
  });
  try {
    status.textContent = "Dialling.";
    await game.dial(number);
  } catch (error) {
    if (!(error instanceof PhonegameError)) throw error;
    status.textContent = error.message;
  } finally {
    stop();
  }
}

function showSound() {
  page.element("sound").setAttribute("aria-pressed", String(sound.isOn));
  page.element("sound-state").textContent = sound.isOn ? "on" : "off";
}

let before = performance.now();
let second = 0;

/** @param {number} now Milliseconds. */
function frame(now) {
  const step = Math.min(LONGEST_STEP, Math.max(0, (now - before) / 1000));
  before = now;
  shop.tick(step);
  scene.draw(step);
  page.showFigures(shop);
  const left = Math.ceil(shop.left);
  if (shop.state === "open" && left <= 5 && left !== second) sound.play("hurry");
  second = left;
  requestAnimationFrame(frame);
}

const phone = /** @type {HTMLIFrameElement | null} */ (document.getElementById("phone"));
if (phone) void placePhone(phone).then(page.showPhone);
showSound();
page.showBest();
page.showPlaces(shop);
requestAnimationFrame(frame);
if (document.body.dataset.asksForKey === "yes" && !sessionStorage.getItem(KEY)) askForKey();
else void connect(sessionStorage.getItem(KEY) ?? "");
