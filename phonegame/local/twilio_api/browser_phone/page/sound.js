/**
 * Microphone, loudspeaker and bell of the page.
 *
 * @module
 */

import { PlainLoudspeaker } from "./plain-loudspeaker.js";
import { Tones } from "./tones.js";

/** What keeps the microphone from being used. */
/** @typedef {"refused" | "absent" | "in use" | "not secure" | "failed"} MicrophoneFault */

/** @typedef {{ play: (mulaw: Uint8Array<ArrayBuffer>) => void, clear: () => void }} Loudspeaker */

/** @type {Record<string, MicrophoneFault>} */
const FAULTS = {
  NotAllowedError: "refused",
  SecurityError: "refused",
  NotFoundError: "absent",
  OverconstrainedError: "absent",
  NotReadableError: "in use",
  AbortError: "in use",
};

/** The first use must be in answer to a click or a key: before that browsers play nothing. */
export class Sound {
  #onFrame;
  #onLevel;
  /** @type {Promise<Opened> | null} */
  #opening = null;
  /** @type {Opened | null} */
  #opened = null;
  /** @type {Microphone | null} */
  #microphone = null;

  /**
   * @param {(mulaw: Uint8Array<ArrayBuffer>) => void} onFrame 20 ms from the microphone, while it is on
   * @param {(which: "microphone" | "loudspeaker", level: number) => void} onLevel root mean square, of 1
   */
  constructor(onFrame, onLevel) {
    this.#onFrame = onFrame;
    this.#onLevel = onLevel;
  }

  /** @returns {boolean} whether a browser would play anything: somebody has touched the page */
  get isAllowed() {
    return navigator.userActivation?.hasBeenActive ?? true;
  }

  /** @returns {Promise<Tones | null>} null: the carrier is not there to give its parts; it may be tried again */
  async open() {
    this.#opening ??= open((level) => this.#onLevel("loudspeaker", level));
    try {
      this.#opened = await this.#opening;
    } catch {
      this.#opening = null;
      return null;
    }
    await this.#opened.context.resume();
    return this.#opened.tones;
  }

  /** Does nothing where no sound has been opened. */
  get tones() {
    return this.#opened?.tones ?? null;
  }

  /** @param {Uint8Array<ArrayBuffer>} mulaw 20 ms */
  play(mulaw) {
    this.#opened?.loudspeaker.play(mulaw);
  }

  clear() {
    this.#opened?.loudspeaker.clear();
  }

  /**
   * Asks for the microphone, which is on from then on.
   *
   * @returns {Promise<MicrophoneFault | null>}
   */
  async openMicrophone() {
    if (!window.isSecureContext || !navigator.mediaDevices) {
      return "not secure";
    }
    await this.open();
    if (this.#opened === null) {
      return "failed";
    }
    const opened = this.#opened;
    const wanted = { channelCount: 1, echoCancellation: true, noiseSuppression: true, autoGainControl: true };
    /** @type {MediaStream} */
    let stream;
    try {
      stream = await navigator.mediaDevices.getUserMedia({ audio: wanted });
    } catch (error) {
      return FAULTS[/** @type {DOMException} */ (error).name] ?? "failed";
    }
    this.closeMicrophone();
    const node = new AudioWorkletNode(opened.context, "microphone", { numberOfOutputs: 0 });
    node.port.onmessage = ({ data }) => {
      this.#onFrame(data.mulaw);
      this.#onLevel("microphone", data.level);
    };
    const source = new MediaStreamAudioSourceNode(opened.context, { mediaStream: stream });
    source.connect(node);
    this.#microphone = { stream, source, node };
    return null;
  }

  /** The browser then shows no more that it is listened to. */
  closeMicrophone() {
    if (this.#microphone === null) {
      return;
    }
    const { stream, source, node } = this.#microphone;
    this.#microphone = null;
    for (const track of stream.getTracks()) {
      track.stop();
    }
    source.disconnect();
    node.port.onmessage = null;
    node.port.postMessage("close");
    this.#onLevel("microphone", 0);
  }

  /** @param {boolean} isMuted */
  mute(isMuted) {
    for (const track of this.#microphone?.stream.getAudioTracks() ?? []) {
      track.enabled = !isMuted;
    }
  }
}

/** @typedef {{ stream: MediaStream, source: MediaStreamAudioSourceNode, node: AudioWorkletNode }} Microphone */

/** @typedef {{ context: AudioContext, loudspeaker: Loudspeaker, tones: Tones }} Opened */

/**
 * @param {(level: number) => void} onLevel of the loudspeaker
 * @returns {Promise<Opened>}
 */
async function open(onLevel) {
  const context = new AudioContext({ latencyHint: "interactive" });
  const output = new GainNode(context);
  output.connect(context.destination);
  try {
    const loudspeaker = await openLoudspeaker(context, output, onLevel);
    return { context, loudspeaker, tones: new Tones(context, output) };
  } catch (error) {
    await context.close();
    throw error;
  }
}

/**
 * @param {AudioContext} context
 * @param {AudioNode} output
 * @param {(level: number) => void} onLevel
 * @returns {Promise<Loudspeaker>}
 */
async function openLoudspeaker(context, output, onLevel) {
  if (!context.audioWorklet) {
    return new PlainLoudspeaker(context, output, onLevel);
  }
  const modules = ["./microphone-worklet.js", "./loudspeaker-worklet.js"];
  await Promise.all(modules.map((module) => context.audioWorklet.addModule(new URL(module, import.meta.url))));
  const node = new AudioWorkletNode(context, "loudspeaker", { numberOfInputs: 0, outputChannelCount: [1] });
  node.port.onmessage = ({ data }) => onLevel(data.level);
  node.connect(output);
  return { play: (mulaw) => node.port.postMessage(mulaw, [mulaw.buffer]), clear: () => node.port.postMessage("clear") };
}
