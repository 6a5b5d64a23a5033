/**
 * What the display says.
 *
 * @module
 */

/** @typedef {import("./sound.js").MicrophoneFault} MicrophoneFault */

/** @typedef {"offline" | "idle" | "calling" | "ringing" | "incoming" | "connected"} State */

/** @type {Record<State, string>} */
export const STATES = {
  offline: "No line",
  idle: "Ready",
  calling: "Calling …",
  ringing: "Ringing …",
  incoming: "Incoming call",
  connected: "Connected",
};

/** Before the first call. */
export const HINT = "Call, and say the code that the game shows";

export const NO_CARRIER =
  "The telephone company does not answer. Is “phonegame carrier” still running? This page tries again by itself.";

const TYPING_WORKS = "Typing and the keypad work without it.";

/** @type {Record<MicrophoneFault, string>} */
export const MICROPHONE_FAULTS = {
  refused: `This page may not use the microphone: allow it in the browser, beside the address, and call again. ${TYPING_WORKS}`,
  absent: `The browser finds no microphone: plug one in, and call again. ${TYPING_WORKS}`,
  "in use": `Another program keeps the microphone to itself: close it, and call again. ${TYPING_WORKS}`,
  "not secure":
    "Browsers give the microphone only to pages that are secure: open this one on the machine where the carrier runs, " +
    `at 127.0.0.1, or over https. ${TYPING_WORKS}`,
  failed: `The microphone cannot be opened. ${TYPING_WORKS}`,
};

/**
 * How a call has ended.
 *
 * @param {string} status Twilio's
 * @param {"phone" | "carrier"} by
 * @param {boolean} cameIn
 * @returns {string}
 */
export function ending(status, by, cameIn) {
  switch (status) {
    case "completed":
      return by === "phone" ? "You hung up" : "They hung up";
    case "busy":
      return cameIn ? "Declined" : "Busy";
    case "no-answer":
    case "canceled":
      if (cameIn) {
        return "Missed call";
      }
      return by === "phone" ? "You hung up" : "No answer";
    default:
      return "The call failed";
  }
}

/**
 * As it is read: +12015550150 -> +1 201 555 0150.
 *
 * @param {string} number
 * @returns {string}
 */
export function spaced(number) {
  return number.replace(/^(\+1)(\d{3})(\d{3})(\d{4})$/, "$1 $2 $3 $4");
}

/**
 * Of a phone whose address asks for a number that another page has.
 *
 * @param {string} wanted
 * @param {string} given
 * @returns {string}
 */
export function otherNumber(wanted, given) {
  return `Another page has the number ${spaced(wanted)}: this phone has ${spaced(given)}.`;
}

/**
 * @param {number} seconds
 * @returns {string} such as 0:12
 */
export function clock(seconds) {
  const whole = Math.floor(seconds);
  return `${Math.floor(whole / 60)}:${String(whole % 60).padStart(2, "0")}`;
}
