/**
 * The page's elements: what they show, and who is told when somebody uses them.
 *
 * @module
 */

/** @typedef {import("./words.js").State} State */

/**
 * @typedef {{
 *   call: () => void,
 *   answer: () => void,
 *   decline: () => void,
 *   hangUp: () => void,
 *   mute: () => void,
 *   key: (digit: string) => void,
 *   say: (text: string) => void,
 * }} Uses
 */

const KEYS = "0123456789*#";
const MOST_CAPTIONS = 30;
/** Of full scale, in decibels: what the meters show as nothing. */
const QUIETEST = -50;
const PRESSED_MS = 140;

/** @type {Record<State, string[]>} */
const SHOWN = {
  offline: ["dial", "call"],
  idle: ["dial", "call"],
  calling: ["hang-up"],
  ringing: ["hang-up"],
  incoming: ["answer", "decline"],
  connected: ["hang-up", "mute"],
};
const MAY_BE_HIDDEN = new Set(Object.values(SHOWN).flat());

/**
 * @template {HTMLElement} T
 * @param {string} id
 * @returns {T}
 */
function element(id) {
  return /** @type {T} */ (document.getElementById(id));
}

export class View {
  #phone = element("phone");
  #state = element("state");
  #timer = element("timer");
  #party = element("party");
  #captions = element("captions");
  #keypad = element("keypad");
  #text = /** @type {HTMLInputElement} */ (element("text"));
  #number = /** @type {HTMLInputElement} */ (element("number"));
  #levels = { microphone: element("microphone-level"), loudspeaker: element("loudspeaker-level") };
  #uses;

  /** @param {Uses} uses */
  constructor(uses) {
    this.#uses = uses;
    this.#onSubmit("dial", uses.call);
    this.#onSubmit("typing", () => this.#say());
    element("answer").addEventListener("click", uses.answer);
    element("decline").addEventListener("click", uses.decline);
    element("hang-up").addEventListener("click", uses.hangUp);
    element("mute").addEventListener("click", uses.mute);
    element("erase").addEventListener("click", () => this.#erase());
    this.#keypad.addEventListener("click", ({ target }) => {
      const button = /** @type {Element} */ (target).closest("button");
      if (button?.dataset.key) {
        uses.key(button.dataset.key);
      }
    });
    document.addEventListener("keydown", (event) => this.#keyDown(event));
  }

  get number() {
    return this.#number.value.trim();
  }

  set number(number) {
    this.#number.value = number;
  }

  /** @param {string} number */
  set own(number) {
    element("own").textContent = number;
  }

  /**
   * @param {State} state
   * @param {string} text
   * @param {string} party who is at the other end
   */
  show(state, text, party) {
    this.#phone.dataset.state = state;
    this.#state.textContent = text;
    this.#party.textContent = party;
    const focused = document.activeElement;
    const byKeyboard = focused?.matches(":focus-visible") ?? false;
    for (const id of MAY_BE_HIDDEN) {
      element(id).hidden = !SHOWN[state].includes(id);
    }
    const isConnected = state === "connected";
    this.#text.disabled = !isConnected;
    /** @type {HTMLButtonElement} */ (element("say")).disabled = !isConnected;
    if (focused !== null && (!focused.checkVisibility() || focused.matches(":disabled"))) {
      this.#focusOn(state, byKeyboard); // a keyboard's user goes on from there
    }
  }

  /** @param {string} time "" for none */
  set time(time) {
    this.#timer.hidden = time === "";
    this.#timer.textContent = time;
  }

  /**
   * @param {string} digit that was keyed: those before it stand on the same line
   */
  captionKey(digit) {
    const last = this.#captions.lastElementChild;
    const line = last instanceof HTMLElement && "keys" in last.dataset ? last : this.caption("You key", "");
    line.dataset.keys = "";
    line.append(digit);
  }

  /**
   * @param {string} who
   * @param {string} what
   * @returns {HTMLElement}
   */
  caption(who, what) {
    const line = document.createElement("p");
    const name = document.createElement("b");
    name.textContent = `${who}: `;
    line.append(name, what);
    this.#captions.append(line);
    while (this.#captions.childElementCount > MOST_CAPTIONS) {
      this.#captions.firstElementChild?.remove();
    }
    this.#captions.scrollTop = this.#captions.scrollHeight;
    return line;
  }

  clearCaptions() {
    this.#captions.replaceChildren();
  }

  /** @param {string} text "" for none */
  set trouble(text) {
    this.#note("trouble", text);
  }

  /** @param {string} text "" for none */
  set microphoneNote(text) {
    this.#note("microphone-note", text);
  }

  /** @param {boolean} isMuted */
  set muted(isMuted) {
    const button = element("mute");
    button.setAttribute("aria-pressed", String(isMuted));
    button.textContent = isMuted ? "Muted" : "Mute";
  }

  /** @param {boolean} isOn */
  set microphone(isOn) {
    /** @type {HTMLButtonElement} */ (element("mute")).disabled = !isOn;
  }

  /**
   * @param {"microphone" | "loudspeaker"} which
   * @param {number} level root mean square, of 1
   */
  level(which, level) {
    const decibels = 20 * Math.log10(Math.max(level, 1e-6));
    const percent = Math.round(Math.max(0, Math.min(1, 1 - decibels / QUIETEST)) * 100);
    const meter = this.#levels[which];
    if (meter.getAttribute("aria-valuenow") !== String(percent)) {
      meter.setAttribute("aria-valuenow", String(percent));
      meter.style.setProperty("--level", `${percent}%`);
    }
  }

  /** @param {string} digit */
  press(digit) {
    const button = this.#keypad.querySelector(`[data-key="${CSS.escape(digit)}"]`);
    button?.classList.add("pressed");
    window.setTimeout(() => button?.classList.remove("pressed"), PRESSED_MS);
  }

  /**
   * @param {State} state
   * @param {boolean} byKeyboard
   */
  #focusOn(state, byKeyboard) {
    const first = SHOWN[state].find((id) => id !== "dial") ?? "call";
    // who has clicked, and presses a key that means something in the game beside this phone, is not to hang up
    element(first === "hang-up" && !byKeyboard ? "captions" : first).focus({ preventScroll: true });
  }

  #say() {
    const text = this.#text.value.trim();
    if (text !== "") {
      this.#uses.say(text);
      this.#text.value = "";
    }
  }

  #erase() {
    this.number = this.#number.value.slice(0, -1);
  }

  /** @param {KeyboardEvent} event */
  #keyDown(event) {
    if (event.ctrlKey || event.metaKey || event.altKey || event.target instanceof HTMLInputElement) {
      return;
    }
    if (KEYS.includes(event.key) && event.key.length === 1) {
      event.preventDefault();
      if (!event.repeat) {
        this.#uses.key(event.key);
      }
    } else if (event.key === "Backspace" && !element("dial").hidden) {
      this.#erase();
    }
  }

  /**
   * @param {string} id
   * @param {() => void} use
   */
  #onSubmit(id, use) {
    element(id).addEventListener("submit", (event) => {
      event.preventDefault();
      use();
    });
  }

  /**
   * @param {string} id
   * @param {string} text
   */
  #note(id, text) {
    const note = element(id);
    note.hidden = text === "";
    note.textContent = text;
  }
}
