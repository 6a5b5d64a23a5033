// Which message of the server answers which of the game's.

import { PhonegameError } from "./errors.js";

/** @import { ErrorMessage, ServerMessages } from "./messages.js" */

/**
 * What answers a message. `taken`: that the server has got it, and does not object.
 * @typedef {object} Wanted
 * @property {boolean} [taken]
 * @property {string} [sayId]
 * @property {string} [dialId]
 * @property {boolean} [recording]
 * @property {string} [callId] Of the recording.
 */

/** How a call that was placed goes on, or does not. */
const ANSWERED = ["answered", "machine"];
const NOT_ANSWERED = ["busy", "no_answer", "failed", "cancelled"];

/** How the server refuses what it has had already. */
const DONE_BEFORE = ["say_id_in_use", "no_such_action"];

/** A message of the game's that waits for its answer. */
export class Waiting {
  isOver = false;
  /** It is known that the server has it, though it is not answered yet. */
  hasArrived = false;
  /** It was sent a second time, since nobody knew whether the first one had arrived. */
  isAgain = false;
  /** @type {Promise<any>} */
  promise;
  /** @type {(value: unknown) => void} */
  #resolve = () => {};
  /** @type {(error: PhonegameError) => void} */
  #reject = () => {};

  /**
   * @param {string} type
   * @param {Wanted} wanted
   */
  constructor(type, wanted) {
    this.type = type;
    this.wanted = wanted;
    this.promise = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
    // nobody has to look at it: what the server objects to is an `error` event as well
    this.promise.catch(() => {});
  }

  /** The server has it, and has told all that it had to tell before. */
  confirm() {
    if (this.wanted.taken) this.resolve(undefined);
  }

  /** @param {unknown} value */
  resolve(value) {
    this.isOver = true;
    this.#resolve(value);
  }

  /** @param {PhonegameError} error */
  reject(error) {
    this.isOver = true;
    this.#reject(error);
  }
}

export class Answers {
  /** In the order in which they were sent, which is that of the errors too. @type {Waiting[]} */
  #waiting = [];

  /** @param {string} type @param {Wanted} wanted */
  expect(type, wanted) {
    const waiting = new Waiting(type, wanted);
    this.#waiting.push(waiting);
    void waiting.promise.then(() => this.#forget(waiting), () => this.#forget(waiting));
    return waiting;
  }

  /**
   * @param {ServerMessages[keyof ServerMessages]} message
   * @returns {boolean} Whether it is nobody else's business.
   */
  take(message) {
    switch (message.type) {
      case "say_started":
        this.#arrived(this.#find(({ sayId }) => sayId === message.say_id));
        break;
      case "say_finished":
        this.#find(({ sayId }) => sayId === message.say_id)?.resolve(message);
        break;
      case "call_status":
        this.#takeStatus(message);
        break;
      case "recording_started":
        this.#findRecording(message.call_id)?.resolve(message);
        break;
      case "call_ended":
        this.#find(({ recording, callId }) => recording && callId === message.call_id)?.reject(
          new PhonegameError("call_ended", "The call has ended before its recording began.", message),
        );
        break;
      case "error":
        return this.#takeError(message);
    }
    return false;
  }

  /** @param {PhonegameError} error */
  rejectAll(error) {
    for (const waiting of this.#waiting.splice(0)) waiting.reject(error);
  }

  /** @param {ErrorMessage} error */
  #takeError(error) {
    const waiting = this.#findRefused(error);
    if (waiting?.isAgain && DONE_BEFORE.includes(error.code)) {
      if (waiting.wanted.taken) waiting.resolve(undefined);
      return true;
    }
    waiting?.reject(new PhonegameError(error.code, error.message, error));
    return false;
  }

  /** @param {Waiting | undefined} waiting */
  #arrived(waiting) {
    if (waiting !== undefined) waiting.hasArrived = true;
  }

  /** @param {ServerMessages["call_status"]} message */
  #takeStatus(message) {
    const waiting = this.#find(({ dialId }) => dialId !== undefined && dialId === message.dial_id);
    this.#arrived(waiting);
    if (ANSWERED.includes(message.status)) {
      waiting?.resolve(message);
    } else if (NOT_ANSWERED.includes(message.status)) {
      const why = message.reason ?? `The call was not answered: ${message.status}.`;
      waiting?.reject(new PhonegameError(message.status, why, message));
    }
  }

  /** @param {ErrorMessage} error */
  #findRefused(error) {
    if (error.say_id) {
      // what could not be spoken has had its receipt
      return error.in_reply_to ? this.#find(({ sayId }) => sayId === error.say_id) : undefined;
    }
    if (error.dial_id) return this.#find(({ dialId }) => dialId === error.dial_id);
    if (error.code.startsWith("recording_") && error.call_id) return this.#findRecording(error.call_id);
    return this.#waiting.find((waiting) => !waiting.isOver && waiting.type === error.in_reply_to);
  }

  /** @param {string} callId */
  #findRecording(callId) {
    return this.#find((wanted) => wanted.recording === true && (wanted.callId ?? callId) === callId);
  }

  /** @param {(wanted: Wanted) => boolean | undefined} fits */
  #find(fits) {
    return this.#waiting.find((waiting) => !waiting.isOver && fits(waiting.wanted));
  }

  /** @param {Waiting} waiting */
  #forget(waiting) {
    const at = this.#waiting.indexOf(waiting);
    if (at >= 0) this.#waiting.splice(at, 1);
  }
}
