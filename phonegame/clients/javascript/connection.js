// One game's connection: made again when it is lost, with what waited for it, and what was lost on the way.

import { PhonegameError } from "./errors.js";

/** @import { ServerMessages, Welcome } from "./messages.js" */
/** @import { Options, State } from "./phonegame.js" */
/** @import { Waiting } from "./answers.js" */

/** @typedef {ServerMessages[keyof ServerMessages]} ServerMessage */

/**
 * @typedef {object} Owner
 * @property {(welcome: Welcome) => void} welcomed
 * @property {(message: ServerMessage) => void} received
 * @property {(error: PhonegameError) => void} lost The game is over, or is another one from here on.
 * @property {(state: State) => void} changed
 */

/**
 * What was sent, or waits to be. `text`: null for a ping alone. `id`: of the ping behind it.
 * @typedef {{ text: string | null, waiting: Waiting, id: number }} Sent
 */

const SUBPROTOCOL = "phonegame.v1";
const BEAT_SECONDS = 15;
const SHORTEST_BACK_OFF = 500;
const LONGEST_BACK_OFF = 30_000;
const MAX_WAITING = 100;
/** Websocket close codes after which no game of this kind will be let in, or this one is over: RFC 6455, section 7.4.1. */
const FINAL = [1000, 1008, 1009, 1010];
/** Of a connection that is given up. Without a code the server would take it for a goodbye; 3000: free for all. */
const GONE = 3000;
/** RFC 6455, section 7.4.1: without a close from the other side. */
const GONE_SILENTLY = 1006;
/** Not sent again when nobody knows whether it has arrived: it could stop what came behind it. */
const ONCE = ["clear", "ping"];

export class Connection {
  /** @type {State["state"]} */
  state = "idle";

  #url;
  #options;
  #owner;
  /** @type {WebSocket | null} */
  #socket = null;
  /** Who waits for the first `welcome`. @type {PromiseWithResolvers<Welcome> | null} */
  #opening = null;
  #token = "";
  #lastSeq = 0;
  /** Of the game that the server has opened on a connection that is to take back another. @type {Welcome | null} */
  #other = null;
  #isResuming = false;
  #attempts = 0;
  #pings = 0;
  /** Of which it is not known that the server has it, oldest first. @type {Sent[]} */
  #sent = [];
  /** @type {Sent[]} */
  #queue = [];
  /** Of a lost connection, until it is known what of it has arrived. @type {{ id: number, sent: Sent[] } | null} */
  #doubtful = null;
  #hasHeard = false;
  /** @type {ReturnType<typeof setInterval> | undefined} */
  #beat;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #retry;

  /**
   * @param {string | URL} url
   * @param {Options} options
   * @param {Owner} owner
   */
  constructor(url, options, owner) {
    this.#url = gameUrl(url);
    this.#options = options;
    this.#owner = owner;
  }

  /** @returns {Promise<Welcome>} */
  open() {
    if (this.state !== "idle" && this.state !== "closed") {
      return Promise.reject(new PhonegameError("open", "This game is connected, or about to be."));
    }
    this.#opening = withResolvers();
    this.#connect();
    return this.#opening.promise;
  }

  close() {
    const error = new PhonegameError("closed", "This game has been closed.");
    this.#end({ state: "closed", reason: "closed by this game", closeCode: 1000 }, error, 1000);
  }

  /**
   * At once, or when there is a connection.
   * @param {string | null} text
   * @param {Waiting} waiting
   */
  send(text, waiting) {
    const sent = { text, waiting, id: 0 };
    if (this.state === "connected") {
      this.#transmit(sent);
    } else if (this.state === "closed") {
      waiting.reject(new PhonegameError("closed", "This game is closed."));
    } else if (this.#queue.length >= (this.#options.maxWaiting ?? MAX_WAITING)) {
      waiting.reject(new PhonegameError("too_many_waiting", "Too many messages wait for a connection."));
    } else {
      this.#queue.push(sent);
    }
  }

  #connect() {
    const Socket = this.#options.WebSocket ?? globalThis.WebSocket;
    if (Socket === undefined) {
      const what = "There is no WebSocket here: use Node 22 or later, or pass one as `WebSocket`.";
      this.#end({ state: "closed", reason: what }, new PhonegameError("no_websocket", what));
      return;
    }
    const url = new URL(this.#url);
    if (this.#options.key) url.searchParams.set("key", this.#options.key);
    const socket = new Socket(url, SUBPROTOCOL);
    this.#socket = socket;
    this.#other = null;
    this.#isResuming = this.#token !== "";
    this.#change({ state: "connecting" });
    // handlers of a socket that has been given up are silent
    const ifOurs = (/** @type {(event: any) => void} */ act) => (/** @type {Event} */ event) => {
      if (socket === this.#socket) act(event);
    };
    socket.onopen = ifOurs(() => {
      if (this.#isResuming) this.#write({ type: "resume", resume_token: this.#token, last_seq: this.#lastSeq });
      this.#startBeat();
    });
    socket.onmessage = ifOurs(({ data }) => this.#read(data));
    // Node's does not close one whose handshake is refused; where `close` comes too, it comes first
    socket.onerror = ifOurs(() => setTimeout(ifOurs(() => this.#closed(GONE_SILENTLY, "")), 0, new Event("error")));
    socket.onclose = ifOurs(({ code, reason }) => this.#closed(code, reason));
  }

  /** @param {unknown} data */
  #read(data) {
    this.#hasHeard = true;
    /** @type {ServerMessage & { seq?: number }} */
    let message;
    try {
      message = JSON.parse(String(data));
    } catch {
      return;
    }
    if (typeof message?.type !== "string") return;
    if (message.type === "welcome") {
      if (this.#isResuming && !message.resumed) this.#other = message;
      else this.#begin(message);
    } else if (message.type === "pong") {
      this.#confirm(message.id);
    } else if (this.#isResuming) {
      this.#readWhileResuming(message);
    } else {
      this.#deliver(message);
    }
  }

  /** Nothing but refusals comes on a connection that has not its game yet. @param {ServerMessage & { seq?: number }} message */
  #readWhileResuming(message) {
    if (message.type !== "error" || message.in_reply_to !== "resume") return;
    const error = new PhonegameError("game_lost", `The game could not be taken back: ${message.message}.`, message);
    this.#forgetGame(error);
    this.#lastSeq = message.seq ?? 0;
    if (this.#other !== null) this.#begin(this.#other);
    else this.#lose(1013, "no code is free");
  }

  /** @param {ServerMessage & { seq?: number }} message */
  #deliver(message) {
    if (message.seq !== undefined) {
      if (message.seq <= this.#lastSeq) return;
      this.#lastSeq = message.seq;
    }
    this.#owner.received(message);
    if (message.type === "error" && message.code === "no_code_free" && this.#opening !== null) {
      const error = new PhonegameError(message.code, message.message, message);
      this.#end({ state: "closed", reason: message.message }, error, 1000);
    }
  }

  /** @param {Welcome} welcome */
  #begin(welcome) {
    if (!welcome.resumed && this.#token === "" && !this.#isResuming) this.#lastSeq = 0;
    this.#token = welcome.resume_token;
    this.#isResuming = false;
    this.#attempts = 0;
    this.#change({ state: "connected" });
    if (this.#sent.length > 0) this.#askForDoubtful();
    else for (const sent of this.#queue.splice(0)) this.#transmit(sent);
    this.#owner.welcomed(welcome);
    this.#opening?.resolve(welcome);
    this.#opening = null;
  }

  /** What was missed comes before the answer to this: what is still open then, and was not told of, has not arrived. */
  #askForDoubtful() {
    this.#pings += 1;
    this.#doubtful = { id: this.#pings, sent: this.#sent.splice(0) };
    this.#write({ type: "ping", id: this.#pings });
  }

  /** @param {unknown} id */
  #confirm(id) {
    if (typeof id !== "number") return;
    if (this.#doubtful?.id === id) {
      const again = this.#doubtful.sent.filter(({ waiting }) => !waiting.isOver);
      this.#doubtful = null;
      for (const sent of again) {
        if (sent.waiting.hasArrived || ONCE.includes(sent.waiting.type)) {
          sent.waiting.confirm();
        } else {
          sent.waiting.isAgain = true;
          this.#transmit(sent);
        }
      }
      for (const sent of this.#queue.splice(0)) this.#transmit(sent);
      return;
    }
    while (this.#sent.length > 0 && this.#sent[0].id <= id) this.#sent.shift()?.waiting.confirm();
  }

  /** @param {Sent} sent */
  #transmit(sent) {
    if (this.#doubtful !== null) {
      // behind what is sent again
      this.#queue.push(sent);
      return;
    }
    this.#pings += 1;
    sent.id = this.#pings;
    this.#sent.push(sent);
    if (sent.text !== null) this.#socket?.send(sent.text);
    this.#write({ type: "ping", id: sent.id });
  }

  /** @param {object} message */
  #write(message) {
    this.#socket?.send(JSON.stringify(message));
  }

  #startBeat() {
    this.#hasHeard = true;
    this.#beat = setInterval(() => {
      if (!this.#hasHeard) {
        this.#lose(GONE_SILENTLY, "the server has not answered for a while");
        return;
      }
      this.#hasHeard = false;
      this.#write({ type: "ping" });
    }, 1000 * (this.#options.beatSeconds ?? BEAT_SECONDS));
  }

  /** @param {number} code @param {string} reason */
  #closed(code, reason) {
    if (this.#opening !== null) {
      const shown = this.#url.replace(/[?#].*/, ""); // a key may be behind that
      const what = reason || `No game can be played at ${shown}: nothing answers there, or it asks for another key.`;
      const error = new PhonegameError("unreachable", what);
      this.#end({ state: "closed", reason: what, closeCode: code }, error);
    } else if (FINAL.includes(code) || this.#options.reconnect === false) {
      const what = reason || "The server has ended this game.";
      this.#end({ state: "closed", reason: what, closeCode: code }, new PhonegameError("ended", what));
    } else {
      this.#lose(code, reason || "the connection was lost");
    }
  }

  /** And tries again, after a while that grows. @param {number} code @param {string} reason */
  #lose(code, reason) {
    this.#dropSocket();
    if (this.#doubtful !== null) {
      this.#sent.unshift(...this.#doubtful.sent);
      this.#doubtful = null;
    }
    const most = Math.min(LONGEST_BACK_OFF, SHORTEST_BACK_OFF * 2 ** this.#attempts);
    // not all games of a server that starts again at the same moment
    const wait = most * (0.5 + Math.random() / 2);
    this.#attempts += 1;
    this.#retry = setTimeout(() => this.#connect(), wait);
    this.#change({ state: "away", reason, closeCode: code, retryIn: wait / 1000 });
  }

  /** @param {State} state @param {PhonegameError} error @param {number} [closeCode] */
  #end(state, error, closeCode) {
    if (this.state === "closed") return;
    this.#dropSocket(closeCode);
    clearTimeout(this.#retry);
    this.#forgetGame(error);
    this.#change(state);
    this.#opening?.reject(error);
    this.#opening = null;
  }

  /** @param {PhonegameError} error */
  #forgetGame(error) {
    this.#token = "";
    this.#lastSeq = 0;
    this.#sent = [];
    this.#queue = [];
    this.#doubtful = null;
    this.#owner.lost(error);
  }

  /** @param {number} [code] Without: the server goes on waiting for this game. */
  #dropSocket(code = GONE) {
    clearInterval(this.#beat);
    const socket = this.#socket;
    this.#socket = null;
    socket?.close(code);
  }

  /** @param {State} state */
  #change(state) {
    this.state = state.state;
    this.#owner.changed(state);
  }
}

/** @param {string | URL} url */
function gameUrl(url) {
  /** @type {URL} */
  let parsed;
  try {
    parsed = new URL(url, globalThis.location?.href);
  } catch {
    throw new PhonegameError("bad_url", `${url} is no address of a game; it looks like ws://127.0.0.1:5000/game`);
  }
  if (parsed.protocol === "http:" || parsed.protocol === "https:") {
    parsed.protocol = parsed.protocol.replace("http", "ws");
  }
  if (parsed.protocol !== "ws:" && parsed.protocol !== "wss:") {
    throw new PhonegameError("bad_url", `${url} is no address of a game; it begins with ws:// or wss://`);
  }
  return parsed.href;
}

/** @template T @returns {PromiseWithResolvers<T>} */
function withResolvers() {
  /** @type {any} */
  const all = {};
  all.promise = new Promise((resolve, reject) => Object.assign(all, { resolve, reject }));
  return all;
}
