/**
 * A telephone: its state, and what follows from what is done at it and from what the carrier tells.
 *
 * offline <-> idle -> calling -> ringing -> connected -> idle, and idle -> incoming -> connected or idle
 *
 * @module
 */

import { Line } from "./line.js";
import { Sound } from "./sound.js";
import { BUSY, RINGBACK } from "./tones.js";
import { View } from "./view.js";
import { clock, ending, HINT, MICROPHONE_FAULTS, NO_CARRIER, otherNumber, spaced, STATES } from "./words.js";

/** @typedef {import("./line.js").Told} Told */
/** @typedef {import("./words.js").State} State */

/** After which nobody listens to it any more. */
const BUSY_MS = 4000;

class Phone {
  /** @type {State} */
  #state = "offline";
  #party = "";
  #cameIn = false;
  #connectedAt = 0;
  #timer = 0;
  #isMuted = false;
  /** Typed, and being said. */
  /** @type {HTMLElement[]} */
  #sayings = [];
  /** The number to call once there is a line again: somebody has pressed "Call" without one. */
  #wanted = "";
  #view;
  #line;
  #sound;

  constructor() {
    this.#view = new View({
      call: () => this.#call(),
      answer: () => this.#answer(),
      decline: () => this.#line.tell({ type: "decline" }),
      hangUp: () => this.#line.tell({ type: "hang_up" }),
      mute: () => this.#mute(!this.#isMuted),
      key: (digit) => this.#key(digit),
      say: (text) => this.#line.tell({ type: "say", text }),
    });
    this.#sound = new Sound(
      (mulaw) => this.#line.speak(mulaw),
      (which, level) => this.#view.level(which, level),
    );
    this.#line = new Line(socketAddress(), inAddress("own"), {
      told: (message) => this.#told(message),
      heard: (mulaw) => this.#sound.play(mulaw),
      lost: (why) => this.#lost(why),
    });
    this.#view.number = inAddress("number");
    window.addEventListener("pagehide", () => this.#line.close());
    window.addEventListener("pageshow", ({ persisted }) => {
      if (persisted) {
        this.#line.open();
      }
    });
    this.#line.open();
  }

  // --- what is done ---

  #call() {
    void this.#openSound();
    this.#view.trouble = "";
    if (this.#line.isOpen) {
      this.#place(this.#view.number);
    } else {
      this.#wanted = this.#view.number;
      this.#line.open();
    }
  }

  /** @param {string} number */
  #place(number) {
    this.#begin("calling", number, false);
    this.#line.tell({ type: "call", number });
  }

  #answer() {
    void this.#openSound();
    this.#line.tell({ type: "answer" });
  }

  /** @param {string} digit */
  #key(digit) {
    this.#view.press(digit);
    void this.#sound.open().then((tones) => tones?.key(digit));
    if (this.#state === "connected") {
      this.#line.tell({ type: "key", digit });
      this.#view.captionKey(digit);
    } else if (this.#state === "idle" || this.#state === "offline") {
      this.#view.number += digit;
    }
  }

  /** @param {boolean} isMuted */
  #mute(isMuted) {
    this.#isMuted = isMuted;
    this.#sound.mute(isMuted);
    this.#view.muted = isMuted;
  }

  async #openSound() {
    await this.#sound.open();
    const fault = await this.#sound.openMicrophone();
    this.#view.microphone = fault === null;
    this.#view.microphoneNote = fault === null ? "" : MICROPHONE_FAULTS[fault];
    if (this.#state === "idle" || this.#state === "offline") {
      this.#sound.closeMicrophone(); // the call has ended while the browser was asking for it
    }
  }

  // --- what the carrier tells ---

  /** @param {Told} message */
  #told(message) {
    switch (message.type) {
      case "hello":
        this.#welcome(message.number, message.account);
        break;
      case "incoming":
        this.#begin("incoming", message.caller, true);
        this.#bell();
        break;
      case "ringing":
        this.#become("ringing");
        this.#sound.tones?.repeat(RINGBACK);
        break;
      case "connected":
        this.#connect();
        break;
      case "ended":
        this.#end(ending(message.status, message.by, this.#cameIn), message.status, message.by);
        break;
      case "clear":
        this.#sound.clear();
        break;
      case "told":
        this.#view.caption("Telephone company", message.text);
        break;
      case "saying":
        this.#sayings.push(this.#view.caption("You", message.text));
        this.#sayings.at(-1)?.classList.add("waits");
        break;
      case "said":
        this.#sayings.shift()?.classList.remove("waits");
        break;
      case "notice":
        this.#view.trouble = message.text;
        break;
    }
  }

  /**
   * @param {string} number
   * @param {string} account
   */
  #welcome(number, account) {
    this.#view.own = spaced(number);
    if (this.#view.number === "") {
      this.#view.number = account;
    }
    const own = inAddress("own");
    this.#view.trouble = own === "" || own === number ? "" : otherNumber(own, number);
    this.#party = "";
    this.#become("idle");
    if (this.#wanted !== "") {
      this.#place(this.#wanted);
      this.#wanted = "";
    }
  }

  /**
   * @param {State} state
   * @param {string} party
   * @param {boolean} cameIn
   */
  #begin(state, party, cameIn) {
    this.#party = spaced(party);
    this.#cameIn = cameIn;
    this.#sayings = [];
    this.#view.clearCaptions();
    this.#view.time = "";
    this.#view.trouble = "";
    this.#view.microphone = false;
    this.#mute(false);
    this.#become(state);
  }

  #bell() {
    document.title = "☎ Incoming call";
    if (this.#sound.isAllowed) {
      void this.#sound.open().then((tones) => {
        if (this.#state === "incoming") {
          tones?.ring();
        }
      });
    }
  }

  #connect() {
    this.#sound.tones?.stop();
    this.#connectedAt = performance.now();
    this.#tick();
    this.#timer = window.setInterval(() => this.#tick(), 250);
    this.#become("connected");
  }

  #tick() {
    this.#view.time = clock((performance.now() - this.#connectedAt) / 1000);
  }

  /**
   * @param {string} text
   * @param {string} status
   * @param {"phone" | "carrier"} by
   */
  #end(text, status, by) {
    window.clearInterval(this.#timer);
    document.title = "Telephone";
    this.#sound.clear();
    this.#sound.closeMicrophone();
    this.#sound.tones?.stop();
    if (status === "busy" && !this.#cameIn) {
      this.#sound.tones?.repeat(BUSY);
      window.setTimeout(() => this.#state === "idle" && this.#sound.tones?.stop(), BUSY_MS);
    } else if (by === "carrier") {
      this.#sound.tones?.ended();
    }
    this.#become("idle", text);
  }

  /** @param {string} why "" where the carrier has not said it */
  #lost(why) {
    if (this.#state !== "offline" && this.#state !== "idle") {
      this.#end("Cut off", "completed", "carrier");
    }
    this.#wanted = "";
    this.#view.trouble = why || NO_CARRIER;
    this.#become("offline");
  }

  /**
   * @param {State} state
   * @param {string} text
   */
  #become(state, text = STATES[state]) {
    this.#state = state;
    this.#view.show(state, text, this.#party || HINT);
  }
}

/** @returns {URL} */
function socketAddress() {
  const address = new URL("phone/line", window.location.href);
  address.search = "";
  address.protocol = address.protocol === "https:" ? "wss:" : "ws:";
  return address;
}

/**
 * A phone number of the query's. A plus sign that was not escaped has become a blank.
 *
 * @param {"number" | "own"} name
 * @returns {string}
 */
function inAddress(name) {
  const number = new URL(window.location.href).searchParams.get(name) ?? "";
  return number.replace(/^ (?=\d)/, "+").trim();
}

new Phone();
