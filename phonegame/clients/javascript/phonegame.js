// phonegame.v1 for the browser and for Node: phone calls as a part of a game. See README.md.

import { Connection } from "./connection.js";
import { PhonegameError } from "./errors.js";
import { Answers } from "./answers.js";
import { inBase64 } from "./base64.js";

export { PhonegameError } from "./errors.js";
export { FROM_GAME, TO_GAME } from "./messages.js";

/** @import { ActionAsked, CallStatus, GameMessages, InlineCharacter, RecordingStarted, SayFinished, ServerMessages, Welcome } from "./messages.js" */

/**
 * What the connection is at. `away`: it is lost, and is being made again after `retryIn` seconds; the server keeps the
 * code and the calls meanwhile. `closed`: for good, and `reason` says why.
 * @typedef {object} State
 * @property {"idle" | "connecting" | "connected" | "away" | "closed"} state
 * @property {string} [reason] For people.
 * @property {number} [closeCode] The websocket's.
 * @property {number} [retryIn] Seconds.
 */

/**
 * A caller who is there.
 * @typedef {object} Caller
 * @property {string} callId
 * @property {number} player The caller's slot: 1, 2, ...
 * @property {"incoming" | "outgoing"} direction
 * @property {string | null} caller The number, masked.
 */

/** @typedef {ServerMessages & { state: State, message: ServerMessages[keyof ServerMessages] }} Events */

/**
 * Whom something is for: a call's id, a caller's slot, or several slots. Left out: all callers.
 * @typedef {string | number | ReadonlyArray<number>} To
 */

/**
 * @typedef {object} Options
 * @property {string} [key] One of the server's game keys, where it asks for one.
 * @property {boolean} [reconnect] Whether a connection that was lost is made again. True unless said otherwise.
 * @property {number} [maxWaiting] How many messages may wait for a connection; 100 unless said otherwise.
 * @property {number} [beatSeconds] From one sign of life that is asked for to the next: without one by then the connection
 *   is taken for lost. 15 unless said otherwise.
 * @property {typeof WebSocket} [WebSocket] Where there is no global one.
 */

/**
 * @typedef {object} SayOptions
 * @property {To} [to]
 * @property {string} [sayId] Comes back in the receipts. Made up where it is left out.
 * @property {string} [voice]
 * @property {"queue" | "next" | "now"} [priority]
 * @property {boolean} [interruptible] Whether it stops when the caller begins to speak; true unless said otherwise.
 * @property {number} [startWithin] Seconds: dropped where it cannot start by then.
 * @property {boolean} [afterTone] For an answering machine: waits until it records.
 */

/** The most of one message, in characters: what the server takes. */
const MAX_LENGTH = 4 * 1024 * 1024;

/**
 * One game at a phonegame server.
 *
 * Each message of the server is an event of its `type`, with the message as `detail`; `state` tells of the connection.
 * Methods give promises, which are rejected with a `PhonegameError`; nobody has to wait for them.
 */
export class Phonegame extends EventTarget {
  /** What the player is to say or key; "" before `welcome`. */
  code = "";
  /** What the player is to call; "" before `welcome`, and where the operator has set none. */
  phoneNumber = "";
  /** The callers who are there, by the call's id. @type {Map<string, Caller>} */
  callers = new Map();

  #connection;
  #answers = new Answers();
  #ids = 0;
  #prefix = Math.random().toString(36).slice(2, 8);
  /** @type {Map<string, (args: any, action: ActionAsked) => unknown>} */
  #handlers = new Map();

  /**
   * @param {string | URL} url The server's `/game`, such as `ws://127.0.0.1:5000/game`; on a page of the server's, `/game`.
   * @param {Options} [options]
   */
  constructor(url, options = {}) {
    super();
    this.#connection = new Connection(url, options, {
      welcomed: (welcome) => this.#welcomed(welcome),
      received: (message) => this.#received(message),
      lost: (error) => this.#lost(error),
      changed: (state) => this.#dispatch("state", state),
    });
  }

  /** What the connection is at. @returns {State["state"]} */
  get state() {
    return this.#connection.state;
  }

  /**
   * Opens the game. A connection that is lost later is made again by itself; this first one is tried once.
   * @returns {Promise<Welcome>} Rejected where no game can be played there, and where no code is free.
   */
  connect() {
    return this.#connection.open();
  }

  /** Ends the game for good: its code is free at once, and its calls end. */
  close() {
    this.#connection.close();
  }

  /**
   * Calls `listener` with each message of this type, or with each change of `state`.
   * @template {keyof Events} T
   * @param {T} type
   * @param {(detail: Events[T]) => void} listener
   * @returns {() => void} Stops that.
   */
  on(type, listener) {
    const heard = (/** @type {Event} */ event) => listener(/** @type {CustomEvent<Events[T]>} */ (event).detail);
    this.addEventListener(type, heard);
    return () => this.removeEventListener(type, heard);
  }

  /**
   * Speaks a text to the callers.
   * @param {string} text
   * @param {SayOptions} [options]
   * @returns {Promise<SayFinished>} The receipt: how much was heard. Of several callers, the first one's.
   */
  say(text, options = {}) {
    return this.#sayable({ type: "say", text, ...defined({ voice: options.voice }) }, options);
  }

  /**
   * Plays a clip of at most a minute to the callers.
   * @param {ArrayBuffer | Uint8Array} audio A WAV, or raw mu-law at 8000 Hz.
   * @param {SayOptions & { format?: "wav" | "mulaw" }} [options]
   * @returns {Promise<SayFinished>} As of `say`.
   */
  play(audio, options = {}) {
    return this.#sayable({ type: "play", audio: inBase64(audio), format: options.format ?? "wav" }, options);
  }

  /** Stops what is being said, and forgets what waits to be said. @param {To} [to] @returns {Promise<void>} */
  clear(to) {
    return this.#taken({ type: "clear", ...whom(to) });
  }

  /**
   * Ends a call, or all of them, when everything has been said that waits.
   * @param {{ to?: To, atOnce?: boolean }} [options]
   * @returns {Promise<void>}
   */
  hangup({ to, atOnce = false } = {}) {
    return this.#taken({ type: "hangup", at_once: atOnce, ...whom(to) });
  }

  /**
   * Rings somebody up.
   * @param {string} number With its country, such as +12025550123.
   * @param {{ dialId?: string, character?: InlineCharacter | string }} [options]
   * @returns {Promise<CallStatus>} When it is answered. Rejected with the code `busy`, `no_answer`, `failed`,
   *   `cancelled`, or `dial_refused` where a rule of the server's stands against it.
   */
  dial(number, { dialId = this.#nextId("dial"), character } = {}) {
    const message = { type: /** @type {const} */ ("dial"), to: number, dial_id: dialId, ...defined({ character }) };
    return this.#answered(message, { dialId });
  }

  /** Words that callers are likely to say, in the place of those before. @param {Iterable<string>} words */
  vocabulary(words) {
    return this.#taken({ type: "vocabulary", words: [...words] });
  }

  /** How many callers the game takes at once: 1 unless it says so. @param {number} callers */
  accept(callers) {
    return this.#taken({ type: "accept", callers });
  }

  /**
   * A character answers the callers, until `characterStop`.
   * @param {InlineCharacter | string} character Its fields, or the name of a character file of the server.
   * @param {To} [to]
   * @returns {Promise<void>} When the server has taken it. Rejected with `bad_character`, a line for each fault.
   */
  character(character, to) {
    const fields = typeof character === "string" ? { use: character } : character;
    return this.#taken({ type: "character", ...fields, ...whom(to) });
  }

  /** The callers are the game's again. @param {To} [to] @returns {Promise<void>} */
  characterStop(to) {
    return this.#taken({ type: "character_stop", ...whom(to) });
  }

  /**
   * Has `handler` do what a character wants done, and tells the character what it gives; an error that it throws is told
   * as a failure.
   * @param {string} name The action's.
   * @param {(args: any, action: ActionAsked) => unknown} handler
   */
  handle(name, handler) {
    this.#handlers.set(name, handler);
  }

  /**
   * What has become of an action. Not needed for those that `handle` takes.
   * @param {ActionAsked} action
   * @param {unknown} [result] Any JSON.
   * @param {{ failed?: boolean }} [options]
   * @returns {Promise<void>}
   */
  actionResult(action, result = null, { failed = false } = {}) {
    const { action_id, call_id } = action;
    return this.#taken({ type: "action_result", action_id, call_id, result, failed });
  }

  /**
   * Records the calls, once the callers have been told so.
   * @param {{ to?: To }} [options]
   * @returns {Promise<RecordingStarted>} When it has begun. Rejected where it is refused, or the call ends before.
   */
  record({ to } = {}) {
    const callId = typeof to === "string" ? to : undefined;
    return this.#answered({ type: "record", on: true, ...whom(to) }, { recording: true, callId });
  }

  /** Records them no more. @param {To} [to] @returns {Promise<void>} */
  recordStop(to) {
    return this.#taken({ type: "record", on: false, ...whom(to) });
  }

  /** How long the server takes to answer. @returns {Promise<number>} Milliseconds. */
  async ping() {
    const began = performance.now();
    // whatever is sent is followed by a ping, and this is nothing but that
    await this.#answered(null, { taken: true });
    return performance.now() - began;
  }

  /**
   * @param {GameMessages["say"] | GameMessages["play"]} message
   * @param {SayOptions} options
   */
  #sayable(message, { to, sayId = this.#nextId("say"), priority, interruptible, startWithin, afterTone }) {
    const how = defined({ priority, interruptible, start_within: startWithin, after_tone: afterTone });
    return this.#answered({ ...message, say_id: sayId, ...how, ...whom(to) }, { sayId });
  }

  /** @param {GameMessages[keyof GameMessages]} message @returns {Promise<void>} When the server has taken it. */
  #taken(message) {
    return this.#answered(message, { taken: true });
  }

  /**
   * @param {GameMessages[keyof GameMessages] | null} message
   * @param {import("./answers.js").Wanted} wanted
   * @returns {Promise<any>}
   */
  #answered(message, wanted) {
    const waiting = this.#answers.expect(message?.type ?? "ping", wanted);
    const text = message === null ? null : JSON.stringify(message);
    if (text !== null && text.length > MAX_LENGTH) {
      const what = `The message has ${text.length} characters, and at most ${MAX_LENGTH} are allowed.`;
      waiting.reject(new PhonegameError("too_long", what));
    } else {
      this.#connection.send(text, waiting);
    }
    return waiting.promise;
  }

  /** @param {string} what */
  #nextId(what) {
    this.#ids += 1;
    return `${what}-${this.#prefix}-${this.#ids}`;
  }

  /** @param {Welcome} welcome */
  #welcomed(welcome) {
    this.code = welcome.code;
    this.phoneNumber = welcome.phone_number;
    if (!welcome.resumed) this.callers.clear();
    this.#dispatch("welcome", welcome);
    this.#dispatch("message", welcome);
  }

  /** @param {ServerMessages[keyof ServerMessages]} message */
  #received(message) {
    if (message.type === "call_started") {
      const { call_id: callId, player, direction, caller } = message;
      this.callers.set(callId, { callId, player, direction, caller });
    } else if (message.type === "call_ended") {
      this.callers.delete(message.call_id);
    }
    if (this.#answers.take(message)) return;
    this.#dispatch(message.type, message);
    this.#dispatch("message", message);
    if (message.type === "action") void this.#act(message);
  }

  /** @param {ActionAsked} action */
  async #act(action) {
    const handler = this.#handlers.get(action.name);
    if (handler === undefined) return;
    try {
      await this.actionResult(action, (await handler(action.arguments, action)) ?? null);
    } catch (error) {
      if (error instanceof PhonegameError) return; // the result came too late, which an `error` event has told
      const why = error instanceof Error ? error.message : String(error);
      await this.actionResult(action, why, { failed: true }).catch(() => {});
    }
  }

  /** @param {PhonegameError} error */
  #lost(error) {
    this.callers.clear();
    this.#answers.rejectAll(error);
  }

  /** @param {string} type @param {unknown} detail */
  #dispatch(type, detail) {
    this.dispatchEvent(new CustomEvent(type, { detail }));
  }
}

/** @param {To} [to] */
function whom(to) {
  if (to === undefined) return {};
  if (typeof to === "string") return { call_id: to };
  return { players: typeof to === "number" ? [to] : [...to] };
}

/**
 * Without the fields that are not set.
 * @template {object} T
 * @param {T} fields
 * @returns {T}
 */
function defined(fields) {
  return /** @type {T} */ (Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)));
}
