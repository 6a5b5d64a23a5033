// A game in Node that does what it reads: a line of JSON is a call of a method; each event and each answer is printed.
// node driver.mjs CLIENT URL OPTIONS

import { createInterface } from "node:readline";

const [client, url, options] = process.argv.slice(2);
const { Phonegame, TO_GAME } = await import(client);
const print = (told) => console.log(JSON.stringify(told));
const game = new Phonegame(url, JSON.parse(options));
for (const type of [...TO_GAME, "state"]) game.on(type, (detail) => print({ event: type, detail }));
game.handle("bake", ({ count }) => {
  if (count > 6) throw new Error("too many");
  return { minutes: 2 * count };
});

for await (const line of createInterface({ input: process.stdin })) {
  const { id, method, args } = JSON.parse(line);
  if (method === "play") args[0] = Uint8Array.from(Buffer.from(args[0], "base64"));
  Promise.resolve(game[method](...args)).then(
    (value) => print({ answer: id, value: value ?? null }),
    ({ code, message }) => print({ answer: id, error: code ?? "", message }),
  );
}
game.close();
