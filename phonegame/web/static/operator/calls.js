/** The lists of calls: one row for each, which is made once, and after that only changed where it differs. */

import { byId, duration, element, inNextFrame, setText } from "./dom.js";

/** @typedef {import("./types.js").Call} Call */

class Row {
  /** @param {string} id */
  constructor(id) {
    this.way = element("span", "way");
    this.caller = document.createTextNode("");
    this.lasts = element("span", "number lasts");
    this.doing = element("span", "doing");
    this.trouble = element("span", "badge bad", "trouble");
    this.link = /** @type {HTMLAnchorElement} */ (
      element("a", "", element("span", "who", this.way, this.caller), this.lasts, this.doing, this.trouble)
    );
    this.link.href = `./?call=${encodeURIComponent(id)}#call`;
    this.item = element("li", "", this.link);
    this.item.dataset.call = id;
    this.isSeen = true;
  }

  /** @param {Call} call @param {number} now @param {boolean} isChosen */
  show(call, now, isChosen) {
    setText(this.way, call.direction === "outgoing" ? "to" : "from");
    setText(this.caller, ` ${call.caller ?? "unknown"}`);
    setText(this.doing, call.doing);
    this.trouble.hidden = !call.problem;
    if (isChosen) this.link.setAttribute("aria-current", "true");
    else this.link.removeAttribute("aria-current");
    this.tick(call, now);
  }

  /** @param {Call} call @param {number} now */
  tick(call, now) {
    setText(this.lasts, duration((call.ended ?? now) - call.began));
  }
}

export class Calls {
  /** @param {(id: string) => void} onChoose @param {() => number} now the server's clock */
  constructor(onChoose, now) {
    this.now = now;
    this.live = byId("live");
    this.past = byId("past");
    /** @type {Map<string, Call>} */
    this.calls = new Map();
    /** @type {Map<string, Row>} */
    this.rows = new Map();
    /** @type {Set<string>} */
    this.changed = new Set();
    this.chosen = "";
    this.wanted = "";
    /** While a row is pressed, none moves away from under the finger. */
    this.isHeld = false;
    this.paintSoon = inNextFrame(() => this.isHeld || this.#paint());
    this.sight = new IntersectionObserver((entries) => this.#see(entries), { rootMargin: "200px" });
    this.live.replaceChildren();
    this.past.replaceChildren();
    for (const list of [this.live, this.past]) {
      list.addEventListener("click", (event) => this.#click(event, onChoose));
      list.addEventListener("keydown", (event) => this.#move(event));
      list.addEventListener("pointerdown", () => (this.isHeld = true));
    }
    for (const end of ["pointerup", "pointercancel"]) addEventListener(end, () => this.#release());
    setInterval(() => this.#tick(), 1000);
  }

  /** @param {import("./types.js").Change} change */
  take(change) {
    for (const call of change.calls ?? []) {
      this.calls.set(call.id, call);
      this.changed.add(call.id);
    }
    const here = change.whole ? new Set((change.calls ?? []).map((call) => call.id)) : null;
    const gone = here ? [...this.calls.keys()].filter((id) => !here.has(id)) : (change.gone ?? []);
    for (const id of gone) {
      this.calls.delete(id);
      this.changed.add(id);
    }
    this.paintSoon();
  }

  /** @param {string} id */
  choose(id) {
    this.changed.add(this.chosen).add(id);
    this.chosen = id;
    this.paintSoon();
  }

  /** @param {string} text */
  find(text) {
    this.wanted = text.trim().toLowerCase();
    for (const id of this.calls.keys()) this.changed.add(id);
    this.paintSoon();
  }

  #release() {
    if (!this.isHeld) return;
    this.isHeld = false;
    // behind the click that this belongs to
    setTimeout(this.paintSoon);
  }

  #paint() {
    const now = this.now();
    // the oldest first: each new one goes in front of those that are there
    const ids = [...this.changed].sort((a, b) => (this.calls.get(a)?.began ?? 0) - (this.calls.get(b)?.began ?? 0));
    this.changed.clear();
    for (const id of ids) {
      const call = this.calls.get(id);
      if (call) this.#show(id, call, now);
      else this.#remove(id);
    }
    this.#count();
  }

  /** @param {string} id @param {Call} call @param {number} now */
  #show(id, call, now) {
    let row = this.rows.get(id);
    if (!row) {
      row = new Row(id);
      this.rows.set(id, row);
      this.sight.observe(row.item);
    }
    row.show(call, now, id === this.chosen);
    row.item.hidden = !this.#isWanted(call);
    const list = call.ended === undefined ? this.live : this.past;
    if (row.item.parentElement !== list) {
      const hadFocus = document.activeElement === row.link;
      list.prepend(row.item);
      if (hadFocus) row.link.focus();
    }
  }

  /** @param {string} id */
  #remove(id) {
    const row = this.rows.get(id);
    if (!row) return;
    this.sight.unobserve(row.item);
    row.item.remove();
    this.rows.delete(id);
  }

  /** @param {Call} call */
  #isWanted(call) {
    if (!this.wanted) return true;
    const text = `${call.caller ?? ""} ${call.doing} ${call.problem ? "trouble" : ""} ${call.problem ?? ""}`;
    return text.toLowerCase().includes(this.wanted);
  }

  #count() {
    const past = this.past.childElementCount;
    const live = this.rows.size - past;
    setText(byId("live-count"), String(live));
    setText(byId("past-count"), String(past));
    byId("no-calls").hidden = live > 0;
    byId("past-part").hidden = past === 0;
  }

  #tick() {
    const now = this.now();
    for (const [id, call] of this.calls) {
      const row = this.rows.get(id);
      if (row?.isSeen && call.ended === undefined) row.tick(call, now);
    }
  }

  /** @param {IntersectionObserverEntry[]} entries */
  #see(entries) {
    const now = this.now();
    for (const entry of entries) {
      const id = /** @type {HTMLElement} */ (entry.target).dataset.call ?? "";
      const [row, call] = [this.rows.get(id), this.calls.get(id)];
      if (!row || !call) continue;
      row.isSeen = entry.isIntersecting;
      if (row.isSeen) row.tick(call, now);
    }
  }

  /** @param {MouseEvent} event @param {(id: string) => void} onChoose */
  #click(event, onChoose) {
    const item = /** @type {Element} */ (event.target).closest("li");
    // into another window, as with any link
    if (!item || event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    onChoose(/** @type {HTMLElement} */ (item).dataset.call ?? "");
  }

  /** The arrow keys go from call to call. @param {KeyboardEvent} event */
  #move(event) {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (!step) return;
    const links = [...document.querySelectorAll(".list li:not([hidden]) a")];
    const next = links[links.indexOf(/** @type {Element} */ (document.activeElement)) + step];
    if (!next) return;
    event.preventDefault();
    /** @type {HTMLElement} */ (next).focus();
  }
}
