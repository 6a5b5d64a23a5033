// The rules of the game: guests, oven, points. No drawing, no sound, no phone; time comes in by `tick`.

/** @typedef {"margherita" | "pepperoni" | "mushroom" | "hawaii"} Kind */
/** @typedef {{ kind: Kind, age: number }} Pizza Seconds in the oven. */
/**
 * @typedef {object} Guest
 * @property {number} id
 * @property {Kind} kind
 * @property {number} count How many are still to come.
 * @property {number} wanted How many it were at first.
 * @property {number} waited Seconds.
 * @property {number} patience Seconds.
 */

/** @type {ReadonlyArray<Kind>} */
export const KINDS = ["margherita", "pepperoni", "mushroom", "hawaii"];
export const TABLES = 4;
export const OVEN_ROOM = 6;
/** All of these in seconds. */
export const SHIFT = 180;
export const BAKING = 7;
export const BURNT = 24;
const BINNED = 29;
const FIRST_GUEST = 1.5;
/** From the first guest to the last one of a shift: the time between two, and how long each waits. */
const BETWEEN = [13, 8];
const PATIENCE = [50, 34];
/** A guest who comes so late could not be served. */
const LAST_GUEST = 14;

const POINTS = 10;
const MOST_TIP = 10;
const BURNT_COSTS = 5;
/** Guests served in a row, for the next multiple of points. */
const STREAK = 3;
const MOST_TIMES = 3;

/** @param {Pizza} pizza @returns {"baking" | "ready" | "burnt"} */
export function stateOf(pizza) {
  if (pizza.age < BAKING) return "baking";
  return pizza.age < BURNT ? "ready" : "burnt";
}

/**
 * Dispatches: `opened`, `over`, `came`, `left` (angry), `served`, `given` (one pizza of several), `baking`, `ready`,
 * `burnt`, `binned`. `detail`: the guest or the pizza, and its place.
 */
export class Shop extends EventTarget {
  /** @type {"closed" | "open" | "over"} */
  state = "closed";
  /** By table. @type {(Guest | null)[]} */
  guests = [];
  /** By place, hottest first. @type {(Pizza | null)[]} */
  oven = [];
  left = SHIFT;
  score = 0;
  served = 0;
  lost = 0;
  burnt = 0;
  #streak = 0;
  #nextGuest = 0;
  #ids = 0;
  #random;

  /** @param {() => number} [random] As Math.random. */
  constructor(random = Math.random) {
    super();
    this.#random = random;
    this.#clear();
  }

  /** What each served guest's points are multiplied by. */
  get times() {
    return Math.min(MOST_TIMES, 1 + Math.floor(this.#streak / STREAK));
  }

  get ready() {
    return this.oven.filter((pizza) => pizza !== null && stateOf(pizza) === "ready").length;
  }

  get room() {
    return this.oven.filter((pizza) => pizza === null).length;
  }

  open() {
    this.#clear();
    this.state = "open";
    this.#tell("opened");
  }

  close() {
    this.#clear();
    this.state = "closed";
  }

  /** @param {number} seconds */
  tick(seconds) {
    if (this.state !== "open") return;
    this.left = Math.max(0, this.left - seconds);
    this.#bake(seconds);
    this.#wait(seconds);
    this.#nextGuest -= seconds;
    if (this.#nextGuest <= 0) this.#welcome();
    if (this.left === 0) {
      this.state = "over";
      this.#tell("over");
    }
  }

  /**
   * @param {Kind} kind
   * @param {number} count
   * @returns {number} How many of them there was room for.
   */
  bake(kind, count) {
    let placed = 0;
    for (let place = 0; place < OVEN_ROOM && placed < count && this.state === "open"; place += 1) {
      if (this.oven[place] !== null) continue;
      this.oven[place] = { kind, age: 0 };
      this.#tell("baking", { place, pizza: this.oven[place] });
      placed += 1;
    }
    return placed;
  }

  /** All that is done goes to those who want it. @returns {number} How many did. */
  serveAll() {
    const places = [...this.oven.keys()].sort((one, other) => (this.oven[other]?.age ?? 0) - (this.oven[one]?.age ?? 0));
    return places.filter((place) => this.serve(place) === "served").length;
  }

  /**
   * The pizza at this place goes to whom has waited longest for one like it; a burnt one goes into the bin.
   * @param {number} place
   * @returns {"served" | "binned" | "unwanted" | "baking" | "nothing"}
   */
  serve(place) {
    const pizza = this.oven[place];
    if (!pizza || this.state !== "open") return "nothing";
    const state = stateOf(pizza);
    if (state === "baking") return "baking";
    if (state === "burnt") {
      this.oven[place] = null;
      this.#tell("binned", { place, pizza });
      return "binned";
    }
    const table = this.#tableFor(pizza.kind);
    if (table === null) return "unwanted";
    this.oven[place] = null;
    this.#give(table);
    return "served";
  }

  #clear() {
    this.guests = Array(TABLES).fill(null);
    this.oven = Array(OVEN_ROOM).fill(null);
    this.left = SHIFT;
    this.score = this.served = this.lost = this.burnt = this.#streak = 0;
    this.#nextGuest = FIRST_GUEST;
  }

  /** @param {number} seconds */
  #bake(seconds) {
    for (const [place, pizza] of this.oven.entries()) {
      if (pizza === null) continue;
      const before = stateOf(pizza);
      pizza.age += seconds;
      const after = stateOf(pizza);
      if (before !== after && after === "ready") this.#tell("ready", { place, pizza });
      if (before !== after && after === "burnt") {
        this.burnt += 1;
        this.score = Math.max(0, this.score - BURNT_COSTS);
        this.#tell("burnt", { place, pizza });
      }
      if (pizza.age >= BINNED) {
        this.oven[place] = null;
        this.#tell("binned", { place, pizza });
      }
    }
  }

  /** @param {number} seconds */
  #wait(seconds) {
    for (const [table, guest] of this.guests.entries()) {
      if (guest === null) continue;
      guest.waited += seconds;
      if (guest.waited < guest.patience) continue;
      this.guests[table] = null;
      this.lost += 1;
      this.#streak = 0;
      this.#tell("left", { table, guest });
    }
  }

  #welcome() {
    const progress = 1 - this.left / SHIFT;
    const between = BETWEEN[0] + (BETWEEN[1] - BETWEEN[0]) * progress;
    this.#nextGuest = between * (0.8 + 0.4 * this.#random());
    const free = [...this.guests.keys()].filter((table) => this.guests[table] === null);
    if (free.length === 0 || this.left < LAST_GUEST) return;
    const table = free[Math.floor(this.#random() * free.length)];
    const count = this.#random() < 0.25 + 0.35 * progress ? 2 : 1;
    const kind = KINDS[Math.floor(this.#random() * KINDS.length)];
    const patience = PATIENCE[0] + (PATIENCE[1] - PATIENCE[0]) * progress;
    this.#ids += 1;
    const guest = { id: this.#ids, kind, count, wanted: count, waited: 0, patience };
    this.guests[table] = guest;
    this.#tell("came", { table, guest });
  }

  /** @param {Kind} kind @returns {number | null} */
  #tableFor(kind) {
    let found = null;
    let least = Infinity;
    for (const [table, guest] of this.guests.entries()) {
      if (guest?.kind !== kind || guest.patience - guest.waited >= least) continue;
      least = guest.patience - guest.waited;
      found = table;
    }
    return found;
  }

  /** @param {number} table */
  #give(table) {
    const guest = /** @type {Guest} */ (this.guests[table]);
    guest.count -= 1;
    if (guest.count > 0) {
      this.#tell("given", { table, guest });
      return;
    }
    this.guests[table] = null;
    const tip = Math.round(MOST_TIP * (1 - guest.waited / guest.patience));
    const points = (POINTS * guest.wanted + tip) * this.times;
    this.score += points;
    this.served += 1;
    this.#streak += 1;
    this.#tell("served", { table, guest, points });
  }

  /** @param {string} type @param {object} [detail] */
  #tell(type, detail) {
    this.dispatchEvent(new CustomEvent(type, { detail }));
  }
}
