/**
 * For pages that are not secure, where there is no AudioWorklet: each frame is a sound of its own, one behind the other.
 *
 * @module
 */

import { HEAD_START, MOST } from "./jitter-buffer.js";
import { decode, toFloat } from "./mulaw.js";

const RATE = 8000;

export class PlainLoudspeaker {
  #context;
  #output;
  /** @type {(level: number) => void} */
  #onLevel;
  /** When the last frame ends, on the context's clock. */
  #until = 0;
  /** @type {Set<AudioBufferSourceNode>} */
  #playing = new Set();

  /**
   * @param {AudioContext} context
   * @param {AudioNode} output
   * @param {(level: number) => void} onLevel
   */
  constructor(context, output, onLevel) {
    this.#context = context;
    this.#output = output;
    this.#onLevel = onLevel;
  }

  /** @param {Uint8Array} mulaw */
  play(mulaw) {
    const now = this.#context.currentTime;
    if (this.#until - now > MOST / RATE) {
      return;
    }
    const samples = toFloat(decode(mulaw));
    const buffer = this.#context.createBuffer(1, samples.length, RATE);
    buffer.copyToChannel(samples, 0);
    const source = new AudioBufferSourceNode(this.#context, { buffer });
    source.connect(this.#output);
    const begin = this.#until > now ? this.#until : now + HEAD_START / RATE;
    source.start(begin);
    source.onended = () => this.#playing.delete(source);
    this.#playing.add(source);
    this.#until = begin + buffer.duration;
    this.#onLevel(Math.sqrt(samples.reduce((total, sample) => total + sample * sample, 0) / samples.length));
  }

  clear() {
    for (const source of this.#playing) {
      source.stop();
    }
    this.#until = 0;
  }
}
