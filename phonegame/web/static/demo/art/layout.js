// Where everything is, in the scene's own units, for a wide and for a narrow screen.

import { OVEN_ROOM, TABLES } from "../shop.js";

/** @typedef {{ x: number, y: number }} Point */
/** @typedef {{ x: number, y: number, width: number, height: number }} Box */
/**
 * @typedef {object} Layout
 * @property {number} width
 * @property {number} height
 * @property {number} counterY Where the counter begins.
 * @property {Box} oven Its mouth.
 * @property {number} ovenWall
 * @property {Box | null} window
 * @property {number} lampX
 * @property {Point & { scale: number }} cook
 * @property {Point[]} places In the oven.
 * @property {number} pizza The radius of one.
 * @property {Point[]} tables
 * @property {number} guest The scale of one.
 */

/** Of the page's width, in its pixels, from which the wide one fits. */
const WIDE_FROM = 560;

/** @param {number} shownWidth @returns {Layout} */
export function layoutFor(shownWidth) {
  return shownWidth >= WIDE_FROM ? wide() : narrow();
}

/** @returns {Layout} */
function wide() {
  const oven = { x: 372, y: 62, width: 500, height: 246 };
  return {
    width: 960,
    height: 560,
    counterY: 326,
    oven,
    ovenWall: 40,
    window: { x: 36, y: 56, width: 130, height: 110 },
    lampX: 296,
    cook: { x: 190, y: 288, scale: 1 },
    places: places(oven, 108, 96, 58),
    pizza: 46,
    tables: tables(960, 552),
    guest: 1,
  };
}

/** @returns {Layout} */
function narrow() {
  const oven = { x: 196, y: 56, width: 330, height: 234 };
  return {
    width: 560,
    height: 640,
    counterY: 330,
    oven,
    ovenWall: 22,
    window: null,
    lampX: 84,
    cook: { x: 86, y: 292, scale: 0.92 },
    places: places(oven, 98, 92, 56),
    pizza: 42,
    tables: tables(560, 632),
    guest: 0.92,
  };
}

/** In rows of three. @param {Box} oven @param {number} apart @param {number} down @param {number} below @returns {Point[]} */
function places(oven, apart, down, below) {
  return Array.from({ length: OVEN_ROOM }, (_, place) => ({
    x: oven.x + oven.width / 2 + ((place % 3) - 1) * apart,
    y: oven.y + oven.height - below - (1 - Math.floor(place / 3)) * down,
  }));
}

/** @param {number} width @param {number} y @returns {Point[]} */
function tables(width, y) {
  return Array.from({ length: TABLES }, (_, table) => ({ x: (width * (table + 0.5)) / TABLES, y }));
}
