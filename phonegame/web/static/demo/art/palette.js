// Colours of the scene, by day and by night.

const DAY = {
  wall: "#f3dcc0",
  wallLow: "#e3b98f",
  tile: "rgb(150 90 50 / 13%)",
  lamp: "rgb(255 236 180 / 60%)",
  window: "#bfe3f5",
  windowLow: "#e8f6e0",
  frame: "#8a5a3a",
  brick: "#b5573c",
  brickDark: "#8f3f2a",
  brickLight: "#cf7352",
  mortar: "#e9cdb5",
  counter: "#a56a3d",
  counterTop: "#d39a63",
  floor: "#c98f5e",
  cloth: "#fdf8ef",
  check: "#c6342a",
  bubble: "#fffdf8",
  bubbleInk: "#2a1d14",
  bubbleEdge: "rgb(60 35 15 / 25%)",
  shade: "rgb(70 35 10 / 18%)",
  good: "#2f9e55",
  warn: "#e09a16",
  bad: "#d2382b",
  track: "#e6dccd",
};

const NIGHT = {
  ...DAY,
  wall: "#3a2a2b",
  wallLow: "#2b1f22",
  tile: "rgb(255 200 150 / 7%)",
  lamp: "rgb(255 205 120 / 34%)",
  window: "#15233f",
  windowLow: "#2b3558",
  frame: "#5d3d29",
  brick: "#7c3b2b",
  brickDark: "#5a2819",
  brickLight: "#96513c",
  mortar: "#4b332a",
  counter: "#5f3c23",
  counterTop: "#84562f",
  floor: "#3f2a1d",
  cloth: "#d9cfc3",
  check: "#9c2a24",
  bubble: "#fbf3e6",
  bubbleInk: "#2a1d14",
  bubbleEdge: "rgb(0 0 0 / 45%)",
  shade: "rgb(0 0 0 / 32%)",
};

/** @typedef {typeof DAY & { isNight: boolean }} Palette */

/** @param {boolean} isNight @returns {Palette} */
export function palette(isNight) {
  return { ...(isNight ? NIGHT : DAY), isNight };
}

/** Between two colours of three bytes each. @param {string} from @param {string} to @param {number} share */
export function mix(from, to, share) {
  const part = Math.max(0, Math.min(1, share));
  const bytes = [1, 3, 5].map((at) => {
    const [one, other] = [from, to].map((colour) => parseInt(colour.slice(at, at + 2), 16));
    return Math.round(one + (other - one) * part);
  });
  return `rgb(${bytes.join(" ")})`;
}
