// Sounds, made as they are needed: no file, and none before the player has touched the page, as browsers want it.

const LOUDNESS = 0.12; // a laptop's microphone hears its loudspeaker
const KEPT = "phonegame.demo.sound";

/** A note: hertz, when and for how long in seconds. @typedef {[number, number, number]} Note */

/** @type {Record<string, Note[]>} */
const TUNES = {
  came: [[880, 0, 0.12], [1175, 0.11, 0.2]],
  ready: [[1568, 0, 0.35]],
  baking: [[196, 0, 0.1]],
  served: [[659, 0, 0.1], [784, 0.08, 0.1], [1047, 0.16, 0.22]],
  given: [[659, 0, 0.12]],
  left: [[392, 0, 0.16], [311, 0.15, 0.3]],
  burnt: [[147, 0, 0.18], [110, 0.16, 0.4]],
  opened: [[523, 0, 0.1], [659, 0.1, 0.1], [784, 0.2, 0.25]],
  over: [[784, 0, 0.16], [659, 0.16, 0.16], [523, 0.32, 0.16], [1047, 0.5, 0.5]],
  hurry: [[1047, 0, 0.06]],
};

export class Sound {
  isOn = localStorage.getItem(KEPT) !== "off";
  /** @type {AudioContext | null} */
  #audio = null;

  /** @param {boolean} isOn */
  turn(isOn) {
    this.isOn = isOn;
    localStorage.setItem(KEPT, isOn ? "on" : "off");
  }

  /** @param {string} name Of `TUNES`. */
  play(name) {
    const audio = this.isOn ? this.#open() : null;
    if (audio === null) return;
    for (const [hertz, at, seconds] of TUNES[name]) {
      const begin = audio.currentTime + at;
      const tone = new OscillatorNode(audio, { type: hertz < 250 ? "sawtooth" : "triangle", frequency: hertz });
      const loudness = new GainNode(audio, { gain: 0 });
      loudness.gain.setValueAtTime(0, begin);
      loudness.gain.linearRampToValueAtTime(LOUDNESS, begin + 0.012);
      loudness.gain.exponentialRampToValueAtTime(0.001, begin + seconds + 0.12);
      tone.connect(loudness).connect(audio.destination);
      tone.start(begin);
      tone.stop(begin + seconds + 0.14);
    }
  }

  #open() {
    if (this.#audio === null && navigator.userActivation?.hasBeenActive !== false) this.#audio = new AudioContext();
    return this.#audio;
  }
}
