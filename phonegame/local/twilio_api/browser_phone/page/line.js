/**
 * The page's line to the carrier: one websocket, for as long as the page is open.
 *
 * @module
 */

/**
 * What the carrier tells, beside sound; see messages.py.
 *
 * @typedef {(
 *   | { type: "hello", number: string, account: string }
 *   | { type: "incoming", caller: string }
 *   | { type: "ringing" }
 *   | { type: "connected" }
 *   | { type: "ended", status: string, by: "phone" | "carrier" }
 *   | { type: "clear" }
 *   | { type: "told" | "saying" | "said" | "notice", text: string }
 * )} Told
 */

/**
 * @typedef {(
 *   | { type: "call", number: string }
 *   | { type: "answer" | "decline" | "hang_up" }
 *   | { type: "key", digit: string }
 *   | { type: "say", text: string }
 * )} Done
 */

/**
 * @typedef {{
 *   told: (message: Told) => void,
 *   heard: (mulaw: Uint8Array<ArrayBuffer>) => void,
 *   lost: (why: string) => void,
 * }} Listener `lost`: there is no line any more; it is tried again, and `hello` says when it is there.
 */

const FIRST_DELAY = 500;
const LONGEST_DELAY = 5000;
/** Milliseconds, from a try to the next: each time twice as many. */
const REFUSED = 1013;
/** Of sound that waits to be sent. Half a second: a caller who is heard late is answered late. */
const MOST_BUFFERED = 4000;

export class Line {
  #address;
  #listener;
  /** @type {WebSocket | null} */
  #socket = null;
  #delay = FIRST_DELAY;
  #timer = 0;
  #isClosed = false;
  /** The one that is asked for. */
  #number;

  /**
   * @param {URL} address
   * @param {string} number the one that this phone wants to have; "" for the one that it had before a reload, or any
   * @param {Listener} listener
   */
  constructor(address, number, listener) {
    this.#address = address;
    this.#number = number || remembered();
    this.#listener = listener;
  }

  get isOpen() {
    return this.#socket?.readyState === WebSocket.OPEN;
  }

  open() {
    if (this.#socket?.readyState === WebSocket.CONNECTING) {
      return;
    }
    window.clearTimeout(this.#timer);
    this.#isClosed = false;
    const address = new URL(this.#address);
    if (this.#number !== "") {
      address.searchParams.set("number", this.#number);
    }
    const socket = new WebSocket(address);
    socket.binaryType = "arraybuffer";
    socket.onmessage = ({ data }) => this.#receive(data);
    socket.onclose = ({ code, reason }) => {
      if (this.#socket === socket) {
        this.#lose(code === REFUSED ? reason : "");
      }
    };
    this.#socket = socket;
  }

  /** For good: the page goes. */
  close() {
    window.clearTimeout(this.#timer);
    this.#isClosed = true;
    this.#socket?.close();
  }

  /** @param {Done} message */
  tell(message) {
    if (this.isOpen) {
      this.#socket?.send(JSON.stringify(message));
    }
  }

  /** @param {Uint8Array<ArrayBuffer>} mulaw */
  speak(mulaw) {
    if (this.#socket !== null && this.isOpen && this.#socket.bufferedAmount < MOST_BUFFERED) {
      this.#socket.send(mulaw);
    }
  }

  /** @param {string | ArrayBuffer} data */
  #receive(data) {
    if (typeof data !== "string") {
      this.#listener.heard(new Uint8Array(data));
      return;
    }
    const message = /** @type {Told} */ (JSON.parse(data));
    if (message.type === "hello") {
      this.#delay = FIRST_DELAY;
      this.#number = message.number;
      remember(message.number);
    }
    this.#listener.told(message);
  }

  /** @param {string} why */
  #lose(why) {
    this.#socket = null;
    this.#listener.lost(why);
    if (!this.#isClosed) {
      this.#timer = window.setTimeout(() => this.open(), this.#delay);
      this.#delay = Math.min(2 * this.#delay, LONGEST_DELAY);
    }
  }
}

const KEY = "phonegame.phone.number";

/** @returns {string} */
function remembered() {
  try {
    return window.sessionStorage.getItem(KEY) ?? "";
  } catch {
    return ""; // a browser may keep nothing for a page in a frame
  }
}

/** @param {string} number */
function remember(number) {
  try {
    window.sessionStorage.setItem(KEY, number);
  } catch {
    // as above: the number is another one after a reload
  }
}
