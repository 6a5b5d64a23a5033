/** Of the bytes that are made into text in one go: more arguments than this some engines do not take. */
const PIECE = 0x8000;

/** @param {ArrayBuffer | Uint8Array} audio */
export function inBase64(audio) {
  const bytes = audio instanceof Uint8Array ? audio : new Uint8Array(audio);
  let text = "";
  for (let at = 0; at < bytes.length; at += PIECE) text += String.fromCharCode(...bytes.subarray(at, at + PIECE));
  return btoa(text);
}
