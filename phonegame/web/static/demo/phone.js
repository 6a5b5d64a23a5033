// The phone beside the game: a page of the local carrier's, in a frame, that asks for the number which the game chooses.

/**
 * Gives the number. It is this window's until the page goes: no other window of this browser chooses it.
 * @param {HTMLIFrameElement} frame Its `data-address` is the phone's page, its `data-numbers` those to choose from.
 */
export async function placePhone(frame) {
  const { address, numbers = "" } = frame.dataset;
  const number = await choose(numbers.split(" "));
  const page = new URL(/** @type {string} */ (address));
  page.searchParams.set("own", number);
  frame.src = page.href;
  return number;
}

/** @param {string[]} numbers */
async function choose(numbers) {
  // another browser's windows begin elsewhere
  const first = Math.floor(Math.random() * numbers.length);
  const inOrder = [...numbers.slice(first), ...numbers.slice(0, first)];
  for (const number of inOrder) {
    if (await take(number)) return number;
  }
  return inOrder[0];
}

/** Whether it is this page's then. @param {string} number @returns {Promise<boolean>} */
function take(number) {
  // only where the page is secure; elsewhere chance must do
  if (!navigator.locks) return Promise.resolve(true);
  return new Promise((tell) => {
    void navigator.locks.request(`phonegame.demo ${number}`, { ifAvailable: true }, (lock) => {
      tell(lock !== null);
      // kept until the page goes
      return lock && new Promise(() => {});
    });
  });
}
