/**
 * From one sample rate to another: a low-pass filter (a sinc under a Kaiser window), computed for exactly the places at
 * which the new samples are. What lies above half the lower rate is taken away, so that it does not come back as noise.
 *
 * @module
 */

/** On each side of a new sample, in samples of the lower rate: at 8000 Hz the filter takes 2.5 ms. */
const REACH = 20;
/** Of half the lower rate: 3.68 kHz of a telephone's 4, where the filter is at half; beyond 4.1 it lets nothing through. */
const CUTOFF = 0.92;
/** Of the window: what is not to come through is 60 dB down. */
const BETA = 6;

/** Takes pieces of any length, and joins them without a seam. */
export class Resampler {
  #phases;
  #step;
  #width;
  #filters;
  /** What the next samples still need. The first are computed as if there had been silence before. */
  #past;
  /** Where the next sample lies behind the first of `#past`: whole samples, and parts of `#phases`. */
  #place = 0;
  #phase = 0;

  /**
   * @param {number} fromRate samples a second, a whole number
   * @param {number} toRate
   */
  constructor(fromRate, toRate) {
    const common = greatestCommonDivisor(fromRate, toRate);
    this.#phases = toRate / common;
    this.#step = fromRate / common;
    const lower = Math.min(fromRate, toRate);
    const reach = Math.ceil((REACH * fromRate) / lower);
    this.#width = 2 * reach;
    this.#filters = Array.from({ length: this.#phases }, (_, phase) =>
      makeFilter(phase / this.#phases, reach, (CUTOFF * lower) / fromRate, fromRate === toRate),
    );
    this.#past = new Float32Array(this.#width - 1);
  }

  /**
   * @param {Float32Array} samples
   * @returns {Float32Array<ArrayBuffer>} about `samples.length * toRate / fromRate` of them
   */
  push(samples) {
    const input = new Float32Array(this.#past.length + samples.length);
    input.set(this.#past);
    input.set(samples, this.#past.length);
    const most = Math.ceil((samples.length * this.#phases) / this.#step) + 1;
    const output = new Float32Array(most);
    let made = 0;
    while (this.#place + this.#width <= input.length) {
      output[made] = sum(input, this.#place, this.#filters[this.#phase]);
      made += 1;
      this.#phase += this.#step;
      this.#place += Math.floor(this.#phase / this.#phases);
      this.#phase %= this.#phases;
    }
    const done = Math.min(this.#place, input.length);
    this.#past = input.slice(done);
    this.#place -= done;
    return output.subarray(0, made);
  }
}

/**
 * @param {Float32Array} input
 * @param {number} place
 * @param {Float32Array} filter
 * @returns {number}
 */
function sum(input, place, filter) {
  let total = 0;
  for (let tap = 0; tap < filter.length; tap += 1) {
    total += input[place + tap] * filter[tap];
  }
  return total;
}

/**
 * @param {number} offset of the new sample behind the last old one before it, from 0 to 1
 * @param {number} reach in old samples
 * @param {number} cutoff of half the old rate
 * @param {boolean} isSame the rates are, and nothing needs a filter
 * @returns {Float32Array}
 */
function makeFilter(offset, reach, cutoff, isSame) {
  const filter = new Float32Array(2 * reach);
  for (let tap = 0; tap < filter.length; tap += 1) {
    const distance = tap - (reach - 1) - offset;
    filter[tap] = isSame ? Number(distance === 0) : sinc(distance * cutoff) * kaiser(distance / reach);
  }
  const gain = filter.reduce((total, value) => total + value, 0);
  return filter.map((value) => value / gain); // a steady input gives the same, whatever the phase
}

/**
 * @param {number} x
 * @returns {number}
 */
function sinc(x) {
  return x === 0 ? 1 : Math.sin(Math.PI * x) / (Math.PI * x);
}

/**
 * @param {number} x from -1 to 1
 * @returns {number}
 */
function kaiser(x) {
  return bessel(BETA * Math.sqrt(Math.max(0, 1 - x * x))) / bessel(BETA);
}

/**
 * The modified Bessel function of the first kind, of order 0.
 *
 * @param {number} x
 * @returns {number}
 */
function bessel(x) {
  let [total, term] = [1, 1];
  for (let k = 1; term > 1e-12 * total; k += 1) {
    term *= (x / (2 * k)) ** 2;
    total += term;
  }
  return total;
}

/**
 * @param {number} a
 * @param {number} b
 * @returns {number}
 */
function greatestCommonDivisor(a, b) {
  return b === 0 ? a : greatestCommonDivisor(b, a % b);
}
