/** The operator's page: what the server tells, handed to the parts that show it. */

import { Calls } from "./calls.js";
import { byId, element, setText } from "./dom.js";
import { TimeLine } from "./line.js";
import { Stream } from "./stream.js";

/** @typedef {import("./types.js").Change} Change */

/** Seconds from this page's clock to the server's. */
let clockOffset = 0;
const now = () => performance.now() / 1000 + clockOffset;

const calls = new Calls((id) => choose(id), now);
const line = new TimeLine(now);
const stream = new Stream(take, showState);

/** @param {Change} change */
function take(change) {
  clockOffset = change.now - performance.now() / 1000;
  calls.take(change);
  if (change.games) showGames(change.games);
  const chosen = calls.chosen;
  if (change.line && change.line.call === chosen) line.take(change.line);
  const isNamed = (change.calls ?? []).some((call) => call.id === chosen);
  if (chosen && (change.whole || isNamed || change.gone?.includes(chosen))) line.show(calls.calls.get(chosen));
}

/** @param {boolean} isLive @param {string} why */
function showState(isLive, why) {
  const link = byId("link");
  link.hidden = false;
  link.classList.toggle("good", isLive);
  link.classList.toggle("warn", !isLive);
  setText(link, isLive ? "live" : why);
}

/** @param {import("./types.js").Game[]} games */
function showGames(games) {
  const items = games.map((game) => {
    const item = element("li", "", element("strong", "number", game.code));
    if (game.is_away) item.append(" ", element("span", "badge warn", "away"));
    return item;
  });
  byId("games").replaceChildren(...items);
  setText(byId("games-count"), String(games.length));
  byId("no-games").hidden = games.length > 0;
}

/** @param {string} id @param {{ remembers?: boolean, shows?: boolean }} [how] */
function choose(id, { remembers = true, shows = true } = {}) {
  line.clear();
  calls.choose(id);
  byId("call").hidden = !id;
  document.querySelector("main")?.classList.toggle("has-call", Boolean(id));
  if (remembers) history.pushState(null, "", id ? `./?call=${encodeURIComponent(id)}` : "./");
  stream.open(id);
  if (!id) return;
  line.show(calls.calls.get(id));
  if (shows) {
    byId("call").focus({ preventScroll: true });
    byId("call").scrollIntoView({ block: "nearest" });
  }
}

/** @param {string} notice @param {string} fault */
function tell(notice, fault) {
  for (const [id, text] of [["notice", notice], ["fault", fault]]) {
    setText(byId(id), text);
    byId(id).hidden = !text;
  }
}

/**
 * Sends a form without leaving the page.
 * @param {HTMLFormElement} form @param {(told: Record<string, string>) => string} notice
 */
async function send(form, notice) {
  const button = /** @type {HTMLButtonElement} */ (form.querySelector("button"));
  button.disabled = true;
  try {
    const body = new URLSearchParams(/** @type {any} */ (new FormData(form)));
    const answer = await fetch(form.action, { method: "POST", body, headers: { Accept: "application/json" } });
    const isJson = answer.headers.get("Content-Type")?.startsWith("application/json");
    const told = isJson ? await answer.json() : { error: (await answer.text()).trim() };
    if (answer.ok) form.reset();
    tell(answer.ok ? notice(told) : "", answer.ok ? "" : told.error);
  } catch {
    tell("", "The server has not answered. Whether it has done it is not known: look at the calls.");
  } finally {
    button.disabled = false;
  }
}

/** @param {string} id @param {(told: Record<string, string>) => string} notice */
function takeOver(id, notice) {
  const form = /** @type {HTMLFormElement | null} */ (document.getElementById(id));
  form?.addEventListener("submit", (event) => {
    event.preventDefault();
    void send(form, notice);
  });
}

function chosenInAddress() {
  return new URLSearchParams(location.search).get("call") ?? "";
}

takeOver("dial-form", ({ callSid }) => `Calling. ${callSid}`);
takeOver("end-form", () => "The call is being ended.");
byId("close-call").addEventListener("click", (event) => {
  event.preventDefault();
  const row = calls.rows.get(calls.chosen);
  choose("");
  row?.link.focus();
});
const find = /** @type {HTMLInputElement} */ (byId("find"));
/** @type {HTMLElement} */ (find.closest("label")).hidden = false;
find.addEventListener("input", () => calls.find(find.value));
addEventListener("popstate", () => choose(chosenInAddress(), { remembers: false }));
// a reload would send a form again
if (!location.pathname.endsWith("/")) history.replaceState(null, "", "./");
choose(chosenInAddress(), { remembers: false, shows: false });
