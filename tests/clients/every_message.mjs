// Calls every method of the client at a websocket that is none, and hands it every message that the server may send.
// Prints what was sent, and which events came.  node every_message.mjs CLIENT

const { Phonegame, TO_GAME } = await import(process.argv[2]);
const sent = [];
const sockets = [];

class Socket {
  constructor(url, protocol) {
    sockets.push(this);
    setTimeout(() => {
      this.onopen({});
      const resumed = sockets.length > 1;
      this.tell({ type: "welcome", phone_number: "+15550100", code: "42", resume_token: "t", resumed, away_seconds: 60 });
    });
  }

  send(text) {
    const message = JSON.parse(text);
    sent.push(message);
    if (message.type === "ping") this.tell({ type: "pong", id: message.id ?? null });
  }

  tell(message) {
    queueMicrotask(() => this.onmessage({ data: JSON.stringify(message) }));
  }

  close() {}
}

const game = new Phonegame("ws://127.0.0.1:1/game", { key: "k e y", WebSocket: Socket });
const events = [];
for (const type of TO_GAME) game.on(type, () => events.push(type));
await game.connect();

void game.say("Hello.", { to: "c", sayId: "s", voice: "v", priority: "now", interruptible: false, startWithin: 1 });
void game.play(new Uint8Array([1, 2, 3]), { to: 2, format: "mulaw", afterTone: true });
void game.dial("+12025550123", { dialId: "d", character: "guido" });
void game.record({ to: [1, 2] });
await Promise.all([
  game.clear("c"),
  game.hangup({ to: "c", atOnce: true }),
  game.vocabulary(new Set(["one", "two"])),
  game.accept(3),
  game.character({ name: "Guido", persona: "A cook." }),
  game.characterStop(1),
  game.actionResult({ action_id: "a", call_id: "c" }, { minutes: 3 }, { failed: true }),
  game.recordStop(),
  game.ping(),
]);

for (const [seq, type] of TO_GAME.entries()) {
  if (type !== "welcome" && type !== "pong") sockets[0].tell({ type, seq: seq + 1, code: "a_new_one" });
}
sockets[0].tell({ type: "of tomorrow", seq: 100 });
sockets[0].tell("no message");
await new Promise((done) => setTimeout(done));

game.on("state", ({ state }) => {
  if (state !== "connected") return;
  console.log(JSON.stringify({ sent, events }));
  process.exit(0);
});
sockets[0].onclose({ code: 1006, reason: "" });
