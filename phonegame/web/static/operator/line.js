/** The call that is looked at: what it does, and its time line. */

import { byId, duration, element, inNextFrame, setText } from "./dom.js";

/** @typedef {import("./types.js").Call} Call @typedef {import("./types.js").Line} Line */

/** @type {Record<string, string>} */
const NAMES = {
  caller: "Caller",
  keys: "Keys",
  game: "Game",
  character: "Character",
  server: "phonegame",
  problem: "Trouble",
};
/** Whose each stage is: see phonegame/characters/timing.py. @type {Record<string, [string, string]>} */
const STAGES = {
  recogniser: ["waits", "until the words were recognised"],
  patience: ["waits", "until it was clear that the caller is done"],
  to_brain: ["ours", "phonegame, on the way to the model"],
  brain: ["theirs", "the model, to its first word"],
  phrase: ["theirs", "the model, to its first phrase"],
  to_voice: ["ours", "phonegame, on the way to the voice"],
  voice: ["voice", "the voice, to its first sound"],
  to_wire: ["ours", "phonegame, on the way to the phone"],
};
const NEAR_END_PX = 80;

export class TimeLine {
  /** @param {() => number} now the server's clock */
  constructor(now) {
    this.now = now;
    this.list = byId("lines");
    /** @type {Map<number, Line>} */
    this.lines = new Map();
    /** @type {Map<number, HTMLElement>} */
    this.items = new Map();
    /** @type {Set<number>} */
    this.changed = new Set();
    /** @type {Call | undefined} */
    this.call = undefined;
    this.isKnown = true;
    this.first = 1;
    this.paintSoon = inNextFrame(() => this.#paint());
    setInterval(() => this.#tick(), 1000);
  }

  clear() {
    this.lines.clear();
    this.items.clear();
    this.changed.clear();
    this.list.replaceChildren();
    this.call = undefined;
    this.isKnown = true;
    this.first = 1;
    const details = /** @type {HTMLDetailsElement} */ (byId("end-part"));
    details.open = false;
  }

  /** @param {Call | undefined} call undefined: it is not kept any longer */
  show(call) {
    this.isKnown = call !== undefined;
    this.call = call ?? this.call;
    this.paintSoon();
  }

  /** @param {{ first: number, entries: Line[] }} line */
  take({ first, entries }) {
    this.first = first;
    for (const entry of entries) {
      this.lines.set(entry.id, entry);
      this.changed.add(entry.id);
    }
    this.paintSoon();
  }

  #paint() {
    this.#paintHead();
    const follows = this.#isAtEnd();
    for (const id of this.items.keys()) {
      if (id >= this.first) break;
      this.items.get(id)?.remove();
      this.items.delete(id);
      this.lines.delete(id);
    }
    for (const id of [...this.changed].sort((a, b) => a - b)) this.#put(id);
    this.changed.clear();
    byId("lines-dropped").hidden = this.first === 1;
    if (follows) this.list.lastElementChild?.scrollIntoView({ block: "nearest" });
  }

  #paintHead() {
    const call = this.call;
    const way = call?.direction === "outgoing" ? "to" : "from";
    setText(byId("call-title"), call ? `Call ${way} ${call.caller ?? "unknown"}` : "Call");
    const left = call ? "" : "This call is not kept any longer.";
    setText(byId("call-doing"), this.isKnown && call ? call.doing : left || `${call?.doing ?? ""} (not kept any longer)`);
    const problem = byId("call-problem");
    problem.hidden = !call?.problem;
    setText(problem, call?.problem ?? "");
    byId("end-part").hidden = !call || !this.isKnown || call.ended !== undefined || call.phase === "ending";
    const field = /** @type {HTMLInputElement} */ (byId("end-form").querySelector("[name=call]"));
    field.value = call?.id ?? "";
    this.#tick();
  }

  /** @param {number} id */
  #put(id) {
    const line = this.lines.get(id);
    const before = this.items.get(id);
    if (!line || (!line.text && !line.unheard)) {
      before?.remove();
      this.items.delete(id);
      return;
    }
    const item = draw(line);
    if (before) before.replaceWith(item);
    else this.#insert(line, item);
    this.items.set(id, item);
  }

  /** In the order in which they began: what the caller says is known only a while after that. @param {Line} line @param {HTMLElement} item */
  #insert({ at, id }, item) {
    let next = null;
    let last = this.list.lastElementChild;
    while (last && this.#isLater(last, at, id)) {
      next = last;
      last = last.previousElementSibling;
    }
    this.list.insertBefore(item, next);
  }

  /** @param {Element} item @param {number} at @param {number} id */
  #isLater(item, at, id) {
    const other = this.lines.get(Number(/** @type {HTMLElement} */ (item).dataset.line));
    return other !== undefined && (other.at > at || (other.at === at && other.id > id));
  }

  #tick() {
    const call = this.call;
    setText(byId("call-lasts"), call ? duration((call.ended ?? this.now()) - call.began) : "");
  }

  /** Whether the newest line is in sight, so that the page goes on to show it. */
  #isAtEnd() {
    const last = this.list.lastElementChild;
    if (!last) return false;
    const { top, bottom } = last.getBoundingClientRect();
    return top < innerHeight && bottom < innerHeight + NEAR_END_PX && bottom > innerHeight / 2;
  }
}

/** @param {Line} line */
function draw(line) {
  const what = element("div", "what");
  const name = NAMES[line.by];
  if (name) what.append(element("span", "name", name));
  what.append(element("span", "text", line.text));
  if (line.unheard) {
    const hint = element("span", "visually-hidden", "not heard: ");
    what.append(" ", element("span", "unheard", hint, line.unheard));
  }
  if (line.is_cut) what.append(" ", element("span", "badge warn", "the caller spoke over it"));
  if (line.waited_ms !== undefined) what.append(waited(line.waited_ms, line.stages_ms));
  const item = element("li", `line by-${line.by}`, element("span", "at number", duration(line.at, true)), what);
  item.dataset.line = String(line.id);
  item.classList.toggle("is-open", Boolean(line.is_open));
  return item;
}

/** @param {number} ms @param {Record<string, number>} [stages] */
function waited(ms, stages) {
  const text = `after ${(ms / 1000).toFixed(2)} s`;
  if (!stages || !Object.keys(stages).length) return element("span", "muted small", ` ${text}`);
  const bar = element("div", "bar");
  bar.setAttribute("aria-hidden", "true");
  const list = element("ul", "stages");
  for (const [stage, spent] of Object.entries(stages)) {
    const [whose, meaning] = STAGES[stage] ?? ["waits", stage];
    const part = element("span", `stage-${whose}`);
    part.style.flexGrow = String(Math.max(spent, 1));
    bar.append(part);
    list.append(
      element(
        "li",
        "",
        element("span", `swatch stage-${whose}`),
        element("span", "number ms", `${spent} ms`),
        element("span", "", meaning),
      ),
    );
  }
  return element("details", "", element("summary", "", text), bar, list);
}
