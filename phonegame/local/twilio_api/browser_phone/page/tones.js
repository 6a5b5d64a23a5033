/**
 * The sounds that a telephone makes itself, as North America has them (ITU-T E.180, E.182 and Q.23).
 *
 * @module
 */

/** @typedef {{ frequencies: number[], on: number, off: number, volume: number }} Tone frequencies in Hz, times in s */

/** What the caller hears while it rings at the other end. */
export const RINGBACK = { frequencies: [440, 480], on: 2, off: 4, volume: 0.06 };
export const BUSY = { frequencies: [480, 620], on: 0.5, off: 0.5, volume: 0.06 };
const BELL = { frequencies: [660, 880], on: 0.9, off: 1.6, volume: 0.12 };
const ENDED = { frequencies: [425], on: 0.12, off: 0, volume: 0.08 };
/** Of the bell: how often the clapper hits it, in Hz. */
const CLAPPER = 18;
const KEY_SECONDS = 0.14;
const KEY_VOLUME = 0.07;
/** How long a sound takes to begin and to end, so that it does not click. */
const EDGE_SECONDS = 0.008;

const ROWS = [697, 770, 852, 941];
const COLUMNS = [1209, 1336, 1477];
const KEYS = ["123", "456", "789", "*0#"];

/**
 * @param {string} digit
 * @returns {[number, number]} Hz
 */
export function frequenciesOf(digit) {
  const row = KEYS.findIndex((keys) => keys.includes(digit));
  return [ROWS[row], COLUMNS[KEYS[row].indexOf(digit)]];
}

export class Tones {
  #context;
  #output;
  /** @type {(() => void) | null} */
  #stopEndless = null;

  /**
   * @param {AudioContext} context
   * @param {AudioNode} output
   */
  constructor(context, output) {
    this.#context = context;
    this.#output = output;
  }

  /** @param {string} digit */
  key(digit) {
    this.#sound(frequenciesOf(digit), this.#context.currentTime, KEY_SECONDS, KEY_VOLUME);
  }

  /** Two short ones: the call is over. */
  ended() {
    const { frequencies, on, volume } = ENDED;
    for (const begin of [0, 2 * on]) {
      this.#sound(frequencies, this.#context.currentTime + begin, on, volume);
    }
  }

  /** Until `stop`. */
  ring() {
    this.#repeat(BELL, CLAPPER);
  }

  /**
   * Until `stop`.
   *
   * @param {Tone} tone
   */
  repeat(tone) {
    this.#repeat(tone, 0);
  }

  stop() {
    this.#stopEndless?.();
    this.#stopEndless = null;
  }

  /**
   * One period is drawn into a buffer, which then goes round by itself: no timer of the page's is as exact.
   *
   * @param {Tone} tone
   * @param {number} clapper Hz; 0 for a steady tone
   */
  #repeat({ frequencies, on, off, volume }, clapper) {
    this.stop();
    const rate = this.#context.sampleRate;
    const buffer = this.#context.createBuffer(1, Math.round((on + off) * rate), rate);
    const samples = buffer.getChannelData(0);
    for (let place = 0; place < on * rate; place += 1) {
      const time = place / rate;
      const edge = Math.min(1, time / EDGE_SECONDS, (on - time) / EDGE_SECONDS);
      const strokes = clapper === 0 ? 1 : 0.55 + 0.45 * Math.cos(2 * Math.PI * clapper * time);
      const wave = frequencies.reduce((total, hertz) => total + Math.sin(2 * Math.PI * hertz * time), 0);
      samples[place] = volume * edge * strokes * wave;
    }
    const source = new AudioBufferSourceNode(this.#context, { buffer, loop: true });
    source.connect(this.#output);
    source.start();
    this.#stopEndless = () => source.stop();
  }

  /**
   * @param {number[]} frequencies
   * @param {number} begin
   * @param {number} seconds
   * @param {number} volume
   */
  #sound(frequencies, begin, seconds, volume) {
    const gain = new GainNode(this.#context, { gain: 0 });
    gain.connect(this.#output);
    gain.gain.setValueAtTime(0, begin);
    gain.gain.linearRampToValueAtTime(volume, begin + EDGE_SECONDS);
    gain.gain.setValueAtTime(volume, begin + seconds - EDGE_SECONDS);
    gain.gain.linearRampToValueAtTime(0, begin + seconds);
    for (const frequency of frequencies) {
      const oscillator = new OscillatorNode(this.#context, { frequency });
      oscillator.connect(gain);
      oscillator.start(begin);
      oscillator.stop(begin + seconds);
    }
  }
}
