// What is there for a moment: points that rise, smoke, sparks.

/** @import { Palette } from "./palette.js" */

/** @typedef {{ kind: "text" | "smoke" | "spark", x: number, y: number, dx: number, dy: number, age: number, life: number, text: string, tone: "good" | "bad" }} Effect */

const MOST = 80;

export class Effects {
  /** @type {Effect[]} */
  #all = [];
  #isCalm;

  /** @param {boolean} isCalm Texts alone. */
  constructor(isCalm) {
    this.#isCalm = isCalm;
  }

  /** @param {{ x: number, y: number }} at @param {string} text @param {"good" | "bad"} tone */
  text({ x, y }, text, tone) {
    this.#add({ kind: "text", x, y, dx: 0, dy: -36, age: 0, life: 1.4, text, tone });
  }

  /** @param {{ x: number, y: number }} at */
  smoke({ x, y }) {
    for (let puff = 0; puff < 7 && !this.#isCalm; puff += 1) {
      const [dx, dy] = [(Math.random() - 0.5) * 30, -25 - Math.random() * 40];
      this.#add({ kind: "smoke", x, y, dx, dy, age: 0, life: 1.2 + Math.random(), text: "", tone: "bad" });
    }
  }

  /** @param {{ x: number, y: number }} at */
  sparks({ x, y }) {
    for (let spark = 0; spark < 12 && !this.#isCalm; spark += 1) {
      const turn = Math.random() * Math.PI * 2;
      const [dx, dy] = [Math.cos(turn) * 110, Math.sin(turn) * 110 - 40];
      this.#add({ kind: "spark", x, y, dx, dy, age: 0, life: 0.5 + Math.random() * 0.3, text: "", tone: "good" });
    }
  }

  /** @param {number} seconds */
  tick(seconds) {
    for (const effect of this.#all) {
      effect.age += seconds;
      effect.x += effect.dx * seconds;
      effect.y += effect.dy * seconds;
    }
    this.#all = this.#all.filter((effect) => effect.age < effect.life);
  }

  /** @param {CanvasRenderingContext2D} to @param {Palette} colours */
  draw(to, colours) {
    for (const effect of this.#all) {
      const share = effect.age / effect.life;
      to.globalAlpha = 1 - share * share;
      if (effect.kind === "text") drawText(to, effect, colours);
      else drawDot(to, effect, share);
    }
    to.globalAlpha = 1;
  }

  /** @param {Effect} effect */
  #add(effect) {
    this.#all.push(effect);
    if (this.#all.length > MOST) this.#all.shift();
  }
}

/** @param {CanvasRenderingContext2D} to @param {Effect} effect @param {Palette} colours */
function drawText(to, effect, colours) {
  to.font = "800 30px system-ui, sans-serif";
  to.textAlign = "center";
  to.textBaseline = "middle";
  to.lineWidth = 6;
  to.lineJoin = "round";
  to.strokeStyle = "#fffdf8";
  to.strokeText(effect.text, effect.x, effect.y);
  to.fillStyle = effect.tone === "good" ? "#17693a" : colours.bad;
  to.fillText(effect.text, effect.x, effect.y);
}

/** @param {CanvasRenderingContext2D} to @param {Effect} effect @param {number} share */
function drawDot(to, effect, share) {
  to.fillStyle = effect.kind === "smoke" ? "rgb(70 62 58 / 55%)" : "#ffc83d";
  to.beginPath();
  to.arc(effect.x, effect.y, effect.kind === "smoke" ? 8 + share * 18 : 4 * (1 - share) + 1, 0, Math.PI * 2);
  to.fill();
}
