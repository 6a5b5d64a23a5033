/**
 * In the audio thread: what the microphone hears -> 8 kHz -> mu-law, 20 ms at a time.
 *
 * @module
 */

import { encode, toInt16 } from "./mulaw.js";
import { Resampler } from "./resampler.js";

const FRAME = 160;

class Microphone extends AudioWorkletProcessor {
  #resampler = new Resampler(sampleRate, 8000);
  #frame = new Float32Array(FRAME);
  #filled = 0;
  #isOpen = true;

  constructor() {
    super();
    this.port.onmessage = () => {
      this.#isOpen = false;
    };
  }

  /**
   * @param {Float32Array[][]} inputs
   * @returns {boolean}
   */
  process([channels]) {
    if (channels.length > 0) {
      for (const sample of this.#resampler.push(channels[0])) {
        this.#frame[this.#filled] = sample;
        this.#filled += 1;
        if (this.#filled === FRAME) {
          this.#handOver();
        }
      }
    }
    return this.#isOpen;
  }

  #handOver() {
    const level = Math.sqrt(this.#frame.reduce((total, sample) => total + sample * sample, 0) / FRAME);
    const mulaw = encode(toInt16(this.#frame));
    this.port.postMessage({ mulaw, level }, [mulaw.buffer]);
    this.#filled = 0;
  }
}

registerProcessor("microphone", Microphone);
