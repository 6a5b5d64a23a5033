/**
 * In the audio thread: mu-law as it comes -> a small buffer -> the loudspeaker's rate.
 *
 * @module
 */

import { JitterBuffer } from "./jitter-buffer.js";
import { decode, toFloat } from "./mulaw.js";
import { Resampler } from "./resampler.js";

/** Samples that are made at a time, of 8000 a second. */
const PIECE = 16;
/** Between two words on how loud it is, in seconds. */
const LEVEL_SECONDS = 0.05;

class Loudspeaker extends AudioWorkletProcessor {
  #buffer = new JitterBuffer();
  #resampler = new Resampler(8000, sampleRate);
  /** Made, and not played yet: never more than one piece's worth. */
  #ready = new Float32Array(0);
  #energy = 0;
  #counted = 0;

  constructor() {
    super();
    this.port.onmessage = ({ data }) => this.#receive(data);
  }

  /** @param {Uint8Array | "clear"} data */
  #receive(data) {
    if (data === "clear") {
      this.#buffer.clear();
    } else {
      this.#buffer.put(toFloat(decode(data)));
    }
  }

  /**
   * @param {Float32Array[][]} _inputs
   * @param {Float32Array[][]} outputs
   * @returns {boolean}
   */
  process(_inputs, [channels]) {
    const [first, ...others] = channels;
    this.#fill(first);
    for (const other of others) {
      other.set(first);
    }
    this.#measure(first);
    return true;
  }

  /** @param {Float32Array} output */
  #fill(output) {
    let filled = 0;
    while (filled < output.length) {
      if (this.#ready.length === 0) {
        this.#ready = this.#resampler.push(this.#buffer.take(PIECE));
      }
      const piece = this.#ready.subarray(0, output.length - filled);
      output.set(piece, filled);
      filled += piece.length;
      this.#ready = this.#ready.subarray(piece.length);
    }
  }

  /** @param {Float32Array} output */
  #measure(output) {
    this.#energy += output.reduce((total, sample) => total + sample * sample, 0);
    this.#counted += output.length;
    if (this.#counted >= LEVEL_SECONDS * sampleRate) {
      this.port.postMessage({ level: Math.sqrt(this.#energy / this.#counted) });
      this.#energy = 0;
      this.#counted = 0;
    }
  }
}

registerProcessor("loudspeaker", Loudspeaker);
