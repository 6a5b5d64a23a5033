// A pizza from above, from raw to burnt.

import { mix } from "./palette.js";

/** @import { Kind } from "../shop.js" */
/** @typedef {CanvasRenderingContext2D} Context */

/**
 * @param {Context} to
 * @param {Kind} kind
 * @param {number} radius
 * @param {number} baked 0 raw, 1 done, 2 burnt.
 */
export function drawPizza(to, kind, radius, baked) {
  const done = Math.min(1, baked);
  const black = Math.max(0, baked - 1);
  const tone = (/** @type {string} */ raw, /** @type {string} */ ready) => mixed(raw, ready, done, black);
  disc(to, 0, 0, radius, tone("#ecd6a8", "#cf8f45"));
  disc(to, 0, -radius * 0.02, radius * 0.93, tone("#f4e3bd", "#e3ab60"));
  disc(to, 0, 0, radius * 0.8, tone("#d8553a", "#bf3a22"));
  disc(to, 0, 0, radius * 0.75, tone("#f7e7b0", "#f3c65a"));
  TOPPINGS[kind](to, radius, tone);
}

/** @param {string} raw @param {string} ready @param {number} done @param {number} black */
function mixed(raw, ready, done, black) {
  const between = [1, 3, 5].map((at) => {
    const [one, other] = [raw, ready].map((colour) => parseInt(colour.slice(at, at + 2), 16));
    return Math.round(one + (other - one) * done);
  });
  const colour = `#${between.map((byte) => byte.toString(16).padStart(2, "0")).join("")}`;
  return mix(colour, "#241812", black * 0.88);
}

/** @param {Context} to @param {number} x @param {number} y @param {number} radius @param {string} colour */
function disc(to, x, y, radius, colour) {
  to.fillStyle = colour;
  to.beginPath();
  to.arc(x, y, radius, 0, Math.PI * 2);
  to.fill();
}

/** Places on a pizza, in parts of its radius. */
const SPREAD = [
  [0, -0.46],
  [0.42, -0.2],
  [0.3, 0.34],
  [-0.22, 0.44],
  [-0.46, -0.06],
  [0, 0.02],
];

/** @typedef {(raw: string, ready: string) => string} Tone */
/** @type {Record<Kind, (to: Context, radius: number, tone: Tone) => void>} */
const TOPPINGS = {
  margherita(to, radius, tone) {
    for (const [x, y] of SPREAD.slice(0, 5)) {
      disc(to, x * radius, y * radius, radius * 0.15, tone("#fffaf0", "#fff3da"));
    }
    to.fillStyle = tone("#2f9a46", "#2c7d38");
    for (const [turn, out] of [[0.3, 0.2], [2.4, 0.26], [4.4, 0.24]]) {
      to.save();
      to.rotate(turn);
      to.translate(radius * out, 0);
      to.beginPath();
      to.ellipse(0, 0, radius * 0.23, radius * 0.11, 0.5, 0, Math.PI * 2);
      to.fill();
      to.restore();
    }
  },
  pepperoni(to, radius, tone) {
    for (const [x, y] of SPREAD) {
      disc(to, x * radius, y * radius, radius * 0.19, tone("#c23b2b", "#a8281b"));
      disc(to, (x - 0.04) * radius, (y - 0.04) * radius, radius * 0.12, tone("#d4533f", "#bd3a28"));
    }
  },
  mushroom(to, radius, tone) {
    for (const [index, [x, y]] of SPREAD.entries()) {
      to.save();
      to.translate(x * radius, y * radius);
      to.rotate(index * 1.3);
      to.fillStyle = tone("#efe2d0", "#e7d2b4");
      to.fillRect(-radius * 0.06, 0, radius * 0.12, radius * 0.2);
      to.fillStyle = tone("#9a7556", "#7d5a3e");
      to.beginPath();
      to.arc(0, 0, radius * 0.19, Math.PI, 0);
      to.fill();
      to.restore();
    }
  },
  hawaii(to, radius, tone) {
    for (const [index, [x, y]] of SPREAD.entries()) {
      to.save();
      to.translate(x * radius, y * radius);
      to.rotate(index * 1.9);
      if (index % 2) {
        to.fillStyle = tone("#f2a1a4", "#e5868a");
        to.fillRect(-radius * 0.14, -radius * 0.14, radius * 0.28, radius * 0.28);
      } else {
        to.fillStyle = tone("#ffe04a", "#f7c912");
        to.strokeStyle = tone("#e0a800", "#c98d00");
        to.lineWidth = radius * 0.04;
        to.beginPath();
        to.moveTo(0, -radius * 0.22);
        to.lineTo(radius * 0.21, radius * 0.15);
        to.lineTo(-radius * 0.21, radius * 0.15);
        to.closePath();
        to.fill();
        to.stroke();
      }
      to.restore();
    }
  },
};
