/** The server's events: what has changed, and whether they still come. */

const RETRY_MS = 5000;
const HIDDEN_MS = 10000;

/**
 * One stream at a time. A browser has six connections to a server, and a page that nobody sees takes none of them.
 */
export class Stream {
  /**
   * @param {(change: Change) => void} onChange
   * @param {(isLive: boolean, why: string) => void} onState
   */
  constructor(onChange, onState) {
    this.onChange = onChange;
    this.onState = onState;
    /** @type {EventSource | null} */
    this.source = null;
    /** @type {number | undefined} */
    this.timer = undefined;
    this.call = "";
    document.addEventListener("visibilitychange", () => this.#watch());
  }

  /** @param {string} call whose time line is to be told as well */
  open(call) {
    this.close();
    this.call = call;
    const address = call ? `events?call=${encodeURIComponent(call)}` : "events";
    const source = new EventSource(address);
    this.source = source;
    source.onmessage = (event) => {
      this.onState(true, "");
      this.onChange(JSON.parse(event.data));
    };
    source.onerror = () => {
      if (source !== this.source) return;
      if (source.readyState === EventSource.CLOSED) void this.#refused(address);
      else this.onState(false, "The connection to the server is lost. Trying again ...");
    };
  }

  close() {
    clearTimeout(this.timer);
    this.source?.close();
    this.source = null;
  }

  /** An `EventSource` does not tell why. @param {string} address */
  async #refused(address) {
    this.close();
    const asking = new AbortController();
    let why = "The server does not answer.";
    try {
      const answer = await fetch(address, { signal: asking.signal });
      if (!answer.ok) why = await answer.text();
    } catch {
      // it does not
    }
    asking.abort();
    this.onState(false, `${why.trim()} Trying again ...`);
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.open(this.call), RETRY_MS);
  }

  #watch() {
    clearTimeout(this.timer);
    if (document.hidden) this.timer = setTimeout(() => this.close(), HIDDEN_MS);
    else if (this.source === null) this.open(this.call);
  }
}

/** @typedef {import("./types.js").Change} Change */
