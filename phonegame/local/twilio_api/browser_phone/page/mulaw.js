/**
 * mu-law (ITU-T G.711): one byte for a sample of 16 bits, as telephones have it.
 *
 * @module
 */

const BIAS = 33;
const MOST = 8191; // of 14 bits

/** The byte for zero. */
export const SILENCE = 0xff;

/**
 * @param {number} sample of 14 bits
 * @returns {number}
 */
function encoded(sample) {
  const mask = sample < 0 ? 0x7f : 0xff;
  const magnitude = Math.min(Math.abs(sample) + BIAS, MOST);
  const segment = 26 - Math.clz32(magnitude); // 0 for 32 to 63, 7 for 4096 to 8191
  return ((segment << 4) | ((magnitude >> (segment + 1)) & 0x0f)) ^ mask;
}

/**
 * @param {number} byte
 * @returns {number} of 16 bits
 */
function decoded(byte) {
  const bits = ~byte & 0xff;
  const magnitude = ((((bits & 0x0f) << 1) + BIAS) << ((bits >> 4) & 0x07)) - BIAS;
  return (bits & 0x80 ? -magnitude : magnitude) * 4;
}

const DECODED = Int16Array.from({ length: 256 }, (_, byte) => decoded(byte));

/**
 * @param {Int16Array} samples
 * @returns {Uint8Array<ArrayBuffer>}
 */
export function encode(samples) {
  return Uint8Array.from(samples, (sample) => encoded(sample >> 2));
}

/**
 * @param {Uint8Array} bytes
 * @returns {Int16Array}
 */
export function decode(bytes) {
  return Int16Array.from(bytes, (byte) => DECODED[byte]);
}

/**
 * @param {Float32Array} samples from -1 to 1; beyond that they are cut off
 * @returns {Int16Array}
 */
export function toInt16(samples) {
  return Int16Array.from(samples, (sample) => Math.round(Math.max(-1, Math.min(1, sample)) * 32767));
}

/**
 * @param {Int16Array} samples
 * @returns {Float32Array<ArrayBuffer>}
 */
export function toFloat(samples) {
  return Float32Array.from(samples, (sample) => sample / 32768);
}
