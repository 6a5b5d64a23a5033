/**
 * Sound that has come, and is to be played: two clocks, of which neither waits for the other.
 *
 * Where too little has come there is silence until there is a head start again; where too much waits, silence is left
 * out, and in the end the oldest sound.
 *
 * @module
 */

const RATE = 8000;
/** What must wait before any is played: 20 ms come at a time, often late. */
export const HEAD_START = 0.06 * RATE;
/** With so much, frames of silence are left out: the clock of the carrier is faster. */
const ENOUGH = 0.12 * RATE;
/** With more, the head start is what is kept: nobody wants to hear what is old. */
export const MOST = 0.5 * RATE;
/** Of 1; quieter than the quietest sound that is meant. */
const QUIET = 0.002;

export class JitterBuffer {
  /** @type {Float32Array[]} */
  #frames = [];
  #waiting = 0;
  #isFilling = true;

  /** @returns {number} samples that wait */
  get length() {
    return this.#waiting;
  }

  /** @param {Float32Array} frame */
  put(frame) {
    if (this.#waiting >= ENOUGH && frame.every((sample) => Math.abs(sample) < QUIET)) {
      return;
    }
    this.#frames.push(frame);
    this.#waiting += frame.length;
    if (this.#waiting > MOST) {
      this.#drop(this.#waiting - HEAD_START);
    }
  }

  /**
   * @param {number} count
   * @returns {Float32Array} exactly so many samples
   */
  take(count) {
    const taken = new Float32Array(count);
    if (this.#isFilling && this.#waiting < HEAD_START) {
      return taken;
    }
    let filled = 0;
    while (filled < count && this.#frames.length > 0) {
      const piece = this.#frames[0].subarray(0, count - filled);
      taken.set(piece, filled);
      filled += piece.length;
      this.#drop(piece.length);
    }
    this.#isFilling = filled < count;
    return taken;
  }

  clear() {
    this.#frames = [];
    this.#waiting = 0;
    this.#isFilling = true;
  }

  /** @param {number} count */
  #drop(count) {
    let left = count;
    while (left > 0 && this.#frames.length > 0) {
      const [first] = this.#frames;
      if (first.length > left) {
        this.#frames[0] = first.subarray(left);
      } else {
        this.#frames.shift();
      }
      left -= Math.min(first.length, left);
    }
    this.#waiting -= count - left;
  }
}
