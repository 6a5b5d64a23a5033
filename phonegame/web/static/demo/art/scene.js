// Draws the shop as it is at the moment, and knows which pizza is at a point of the page.

import { BAKING, BURNT, stateOf } from "../shop.js";
import { Effects } from "./effects.js";
import { layoutFor } from "./layout.js";
import { palette } from "./palette.js";
import { drawCook, drawGuest } from "./people.js";
import { drawPizza } from "./pizza.js";
import { drawCounter, drawRoom } from "./room.js";

/** @import { Guest, Pizza, Shop } from "../shop.js" */
/** @import { Layout } from "./layout.js" */

const MOST_PIXELS = 2;
/** Seconds that a new guest takes to come up from below. */
const ARRIVING = 0.5;

export class Scene {
  cook = { isOnPhone: false, isTalking: false, isListening: false };
  effects;
  #canvas;
  #shop;
  #to;
  /** @type {Layout} */
  #layout = layoutFor(960);
  #room = document.createElement("canvas");
  #colours = palette(false);
  #time = 0;

  /** @param {HTMLCanvasElement} canvas @param {Shop} shop @param {boolean} isCalm Whether little shall move. */
  constructor(canvas, shop, isCalm) {
    this.#canvas = canvas;
    this.#shop = shop;
    this.#to = /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d"));
    this.effects = new Effects(isCalm);
    const night = matchMedia("(prefers-color-scheme: dark)");
    night.addEventListener("change", () => this.#fit(night.matches));
    new ResizeObserver(() => this.#fit(night.matches)).observe(canvas);
    this.#fit(night.matches);
  }

  /** @param {number} seconds Since the last time. */
  draw(seconds) {
    this.#time += seconds;
    this.effects.tick(seconds);
    const [to, layout] = [this.#to, this.#layout];
    const scale = this.#canvas.width / layout.width;
    to.setTransform(1, 0, 0, 1, 0, 0);
    to.drawImage(this.#room, 0, 0);
    to.setTransform(scale, 0, 0, scale, 0, 0);
    this.#drawFire();
    for (const [place, pizza] of this.#shop.oven.entries()) this.#drawPlace(place, pizza);
    to.save();
    to.translate(layout.cook.x, layout.cook.y);
    to.scale(layout.cook.scale, layout.cook.scale);
    drawCook(to, this.cook, this.#time);
    to.restore();
    drawCounter(to, layout, this.#colours);
    for (const [table, guest] of this.#shop.guests.entries()) this.#drawTable(table, guest);
    this.effects.draw(to, this.#colours);
  }

  /** Which place of the oven is at a point of the page. @param {number} x @param {number} y @returns {number | null} */
  placeAt(x, y) {
    const box = this.#canvas.getBoundingClientRect();
    const scale = this.#layout.width / box.width;
    const [atX, atY] = [(x - box.left) * scale, (y - box.top) * scale];
    const found = this.#layout.places.findIndex((place) => Math.hypot(place.x - atX, place.y - atY) <= this.#layout.pizza);
    return found < 0 ? null : found;
  }

  /** @param {number} table @returns {{ x: number, y: number }} Above the guest's head. */
  atTable(table) {
    const { x, y } = this.#layout.tables[table];
    return { x, y: y - 150 * this.#layout.guest };
  }

  /** @param {number} place */
  inOven(place) {
    return this.#layout.places[place];
  }

  /** @param {boolean} isNight */
  #fit(isNight) {
    const shown = this.#canvas.clientWidth || 960;
    this.#colours = palette(isNight);
    this.#layout = layoutFor(shown);
    this.#canvas.style.aspectRatio = `${this.#layout.width} / ${this.#layout.height}`;
    const width = Math.round(shown * Math.min(devicePixelRatio || 1, MOST_PIXELS));
    const height = Math.round((width * this.#layout.height) / this.#layout.width);
    if (this.#canvas.width !== width || this.#canvas.height !== height) {
      this.#canvas.width = width;
      this.#canvas.height = height;
    }
    this.#room.width = width;
    this.#room.height = height;
    const to = /** @type {CanvasRenderingContext2D} */ (this.#room.getContext("2d"));
    to.scale(width / this.#layout.width, width / this.#layout.width);
    drawRoom(to, this.#layout, this.#colours);
  }

  #drawFire() {
    const { x, y, width, height } = this.#layout.oven;
    const to = this.#to;
    to.save();
    to.globalCompositeOperation = "lighter";
    for (const [index, side] of [0.07, 0.15, 0.85, 0.93].entries()) {
      const flicker = 0.8 + 0.2 * Math.sin(this.#time * (7 + index) + index * 2);
      const tall = height * 0.34 * flicker * (index === 0 || index === 3 ? 0.8 : 1);
      const [atX, atY] = [x + width * side, y + height - 4];
      const flame = to.createLinearGradient(0, atY - tall, 0, atY);
      flame.addColorStop(0, "rgb(255 120 20 / 0%)");
      flame.addColorStop(0.5, "rgb(255 130 30 / 55%)");
      flame.addColorStop(1, "rgb(255 220 110 / 85%)");
      to.fillStyle = flame;
      to.beginPath();
      to.moveTo(atX - 20, atY);
      to.quadraticCurveTo(atX - 16, atY - tall * 0.5, atX + Math.sin(this.#time * 5 + index) * 5, atY - tall);
      to.quadraticCurveTo(atX + 16, atY - tall * 0.5, atX + 20, atY);
      to.fill();
    }
    to.restore();
  }

  /** @param {number} place @param {Pizza | null} pizza */
  #drawPlace(place, pizza) {
    const [to, { x, y }, radius] = [this.#to, this.#layout.places[place], this.#layout.pizza];
    to.save();
    to.translate(x, y);
    to.fillStyle = "rgb(20 5 0 / 34%)";
    to.beginPath();
    to.ellipse(0, 0, radius, radius * 0.9, 0, 0, Math.PI * 2);
    to.fill();
    if (pizza !== null) {
      const state = stateOf(pizza);
      to.save();
      to.scale(1, 0.9);
      const pulse = state === "ready" ? 1 + 0.03 * Math.sin(this.#time * 6) : 1;
      drawPizza(to, pizza.kind, radius * 0.84 * pulse, bakedShare(pizza));
      to.restore();
      this.#drawRing(radius, pizza, state);
    }
    this.#drawNumber(-radius * 0.74, -radius * 0.66, String(place + 1));
    to.restore();
  }

  /** How far it is; from done to burnt, how long it will keep. @param {number} radius @param {Pizza} pizza @param {string} state */
  #drawRing(radius, pizza, state) {
    const to = this.#to;
    const share = state === "baking" ? pizza.age / BAKING : (BURNT - pizza.age) / (BURNT - BAKING);
    if (state === "burnt") return;
    to.lineWidth = 5;
    to.lineCap = "round";
    to.strokeStyle = state === "baking" ? "#ffe7c0" : share > 0.35 ? "#7be39a" : "#ff7d63";
    to.beginPath();
    to.arc(0, 0, radius * 0.96, -Math.PI / 2, -Math.PI / 2 + Math.PI * 2 * share);
    to.stroke();
  }

  /** @param {number} x @param {number} y @param {string} text */
  #drawNumber(x, y, text) {
    const to = this.#to;
    to.fillStyle = "rgb(30 12 6 / 85%)";
    to.beginPath();
    to.arc(x, y, 12, 0, Math.PI * 2);
    to.fill();
    to.fillStyle = "#ffe9cf";
    to.font = "700 15px system-ui, sans-serif";
    to.textAlign = "center";
    to.textBaseline = "middle";
    to.fillText(text, x, y + 1);
  }

  /** @param {number} table @param {Guest | null} guest */
  #drawTable(table, guest) {
    const [to, { x, y }, scale] = [this.#to, this.#layout.tables[table], this.#layout.guest];
    to.save();
    to.translate(x, y);
    to.scale(scale, scale);
    if (guest !== null) {
      const mood = 1 - guest.waited / guest.patience;
      const coming = Math.max(0, 1 - guest.waited / ARRIVING);
      to.save();
      to.translate(0, -26 + coming * coming * 120);
      drawGuest(to, guest.id, mood, this.#time);
      to.restore();
      if (coming === 0) this.#drawWish(guest, mood);
    }
    this.#drawTop();
    to.restore();
  }

  #drawTop() {
    const to = this.#to;
    to.save();
    to.beginPath();
    to.ellipse(0, 8, 88, 40, 0, 0, Math.PI * 2);
    to.fillStyle = this.#colours.cloth;
    to.fill();
    to.clip();
    to.fillStyle = this.#colours.check;
    for (let row = 0; row < 6; row += 1) {
      for (let column = -5; column < 5; column += 1) {
        if ((row + column) % 2 === 0) to.fillRect(column * 18, -32 + row * 12, 18, 12);
      }
    }
    to.restore();
  }

  /** What the guest wants, and how long they will wait for it. @param {Guest} guest @param {number} mood */
  #drawWish(guest, mood) {
    const [to, colours] = [this.#to, this.#colours];
    const wide = guest.count > 1 ? 104 : 66;
    to.save();
    to.translate(0, -190);
    to.fillStyle = colours.bubble;
    to.strokeStyle = colours.bubbleEdge;
    to.lineWidth = 2;
    to.beginPath();
    to.roundRect(-wide / 2, -34, wide, 64, 16);
    to.fill();
    to.stroke();
    to.beginPath();
    to.moveTo(-9, 29);
    to.lineTo(0, 41);
    to.lineTo(9, 29);
    to.fill();
    to.save();
    to.translate(guest.count > 1 ? 24 : 0, -6);
    drawPizza(to, guest.kind, 23, 0.75);
    to.restore();
    if (guest.count > 1) {
      to.fillStyle = colours.bubbleInk;
      to.font = "800 28px system-ui, sans-serif";
      to.textAlign = "center";
      to.textBaseline = "middle";
      to.fillText(`${guest.count}×`, -24, -4);
    }
    const bar = wide - 20;
    to.fillStyle = colours.track;
    to.fillRect(-bar / 2, 20, bar, 5);
    to.fillStyle = mood > 0.5 ? colours.good : mood > 0.25 ? colours.warn : colours.bad;
    to.fillRect(-bar / 2, 20, bar * Math.max(0, mood), 5);
    to.restore();
  }
}

/** For the eye: 0 raw, 1 done, 2 burnt. @param {Pizza} pizza */
function bakedShare(pizza) {
  if (pizza.age < BAKING) return pizza.age / BAKING;
  if (pizza.age >= BURNT) return 2;
  return 1 + Math.max(0, (pizza.age - BAKING) / (BURNT - BAKING) - 0.5) * 0.8;
}
