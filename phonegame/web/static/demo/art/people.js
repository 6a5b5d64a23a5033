// Guido and his guests, drawn around the point where they stand.

/** @typedef {CanvasRenderingContext2D} Context */

const SKINS = ["#f4c9a0", "#e0a878", "#b97a4b", "#8a5633", "#f7d9bd"];
const HAIRS = ["#3a2417", "#1d1a1a", "#a5642a", "#d9b25f", "#8d8a88", "#b0391f"];
const CLOTHES = ["#3f7fbf", "#2f9e84", "#8b5fbf", "#d98324", "#c2476b", "#4f6d3a"];

/** The same for the same guest. @param {string[]} of @param {number} id @param {number} factor */
function pick(of, id, factor) {
  return of[(id * factor) % of.length];
}

/**
 * @param {Context} to
 * @param {number} id
 * @param {number} mood 1 happy, 0 about to leave.
 * @param {number} time Seconds.
 */
export function drawGuest(to, id, mood, time) {
  const skin = pick(SKINS, id, 7);
  const hair = pick(HAIRS, id, 5);
  const clothes = pick(CLOTHES, id, 11);
  const sway = Math.sin(time * (mood < 0.3 ? 7 : 1.6) + id) * (mood < 0.3 ? 2 : 1.2);
  to.save();
  to.translate(sway, 0);
  to.fillStyle = clothes;
  to.beginPath();
  to.roundRect(-38, -48, 76, 80, [30, 30, 8, 8]);
  to.fill();
  to.fillStyle = skin;
  to.fillRect(-9, -62, 18, 20);
  drawHead(to, skin, hair, id, mood, time);
  to.restore();
}

/** @param {Context} to @param {string} skin @param {string} hair @param {number} id @param {number} mood @param {number} time */
function drawHead(to, skin, hair, id, mood, time) {
  to.fillStyle = hair;
  if (id % 3 === 0) {
    // long
    to.beginPath();
    to.roundRect(-31, -112, 62, 66, 28);
    to.fill();
  }
  to.fillStyle = skin;
  to.beginPath();
  to.ellipse(0, -82, 25, 28, 0, 0, Math.PI * 2);
  to.fill();
  to.fillStyle = hair;
  to.beginPath();
  if (id % 3 === 1) to.ellipse(0, -104, 27, 15, 0, Math.PI, 0);
  else to.ellipse(0, -99, 27, 18, 0, Math.PI * 0.97, Math.PI * 0.03);
  to.fill();
  if (id % 3 === 2) {
    to.beginPath();
    to.arc(0, -119, 11, 0, Math.PI * 2);
    to.fill();
  }
  drawFace(to, mood, (time + id) % 4 < 0.14);
}

/** @param {Context} to @param {number} mood @param {boolean} blinks */
function drawFace(to, mood, blinks) {
  to.fillStyle = "#2a1a12";
  for (const x of [-9, 9]) {
    to.beginPath();
    to.ellipse(x, -84, 3, blinks ? 0.6 : 3.6, 0, 0, Math.PI * 2);
    to.fill();
  }
  to.strokeStyle = "#2a1a12";
  to.lineWidth = 2.6;
  to.lineCap = "round";
  const bend = (mood - 0.42) * 13;
  to.beginPath();
  to.moveTo(-8, -68 - bend * 0.3);
  to.quadraticCurveTo(0, -68 + bend, 8, -68 - bend * 0.3);
  to.stroke();
  if (mood < 0.3) {
    to.beginPath();
    to.moveTo(-15, -94);
    to.lineTo(-5, -90);
    to.moveTo(15, -94);
    to.lineTo(5, -90);
    to.stroke();
  }
}

/**
 * @param {Context} to
 * @param {{ isOnPhone: boolean, isTalking: boolean, isListening: boolean }} cook
 * @param {number} time
 */
export function drawCook(to, cook, time) {
  const nod = cook.isTalking ? Math.sin(time * 9) * 1.6 : Math.sin(time * 1.8) * 1;
  to.save();
  to.translate(0, nod * 0.4);
  drawJacket(to);
  to.translate(0, nod);
  to.fillStyle = "#efbf94";
  to.beginPath();
  to.ellipse(0, -112, 36, 38, 0, 0, Math.PI * 2);
  to.fill();
  drawHat(to);
  drawCookFace(to, cook, time);
  drawPhone(to, cook, time);
  to.restore();
}

/** @param {Context} to */
function drawJacket(to) {
  to.fillStyle = "#fbf7f0";
  to.beginPath();
  to.roundRect(-62, -72, 124, 112, [44, 44, 0, 0]);
  to.fill();
  to.fillStyle = "#c6342a";
  to.beginPath();
  to.moveTo(-24, -74);
  to.lineTo(24, -74);
  to.lineTo(0, -48);
  to.closePath();
  to.fill();
  to.fillStyle = "#c9bfb2";
  for (const y of [-30, -6, 18]) {
    for (const x of [-12, 12]) {
      to.beginPath();
      to.arc(x, y, 4, 0, Math.PI * 2);
      to.fill();
    }
  }
}

/** @param {Context} to */
function drawHat(to) {
  to.fillStyle = "#fffdf9";
  for (const [x, y, radius] of [[-24, -172, 20], [0, -180, 25], [24, -172, 20]]) {
    to.beginPath();
    to.arc(x, y, radius, 0, Math.PI * 2);
    to.fill();
  }
  to.fillRect(-33, -172, 66, 36);
  to.fillStyle = "#e6ded2";
  to.fillRect(-33, -142, 66, 6);
}

/** @param {Context} to @param {{ isTalking: boolean }} cook @param {number} time */
function drawCookFace(to, cook, time) {
  to.fillStyle = "#2a1a12";
  const isBlinking = time % 3.7 < 0.13;
  for (const x of [-12, 12]) {
    to.beginPath();
    to.ellipse(x, -116, 3.6, isBlinking ? 0.7 : 4.6, 0, 0, Math.PI * 2);
    to.fill();
  }
  to.fillStyle = "#e2a273";
  to.beginPath();
  to.ellipse(0, -105, 8, 7, 0, 0, Math.PI * 2);
  to.fill();
  const open = cook.isTalking ? 3 + Math.abs(Math.sin(time * 11)) * 6 : 2;
  to.fillStyle = "#7a2418";
  to.beginPath();
  to.ellipse(0, -88, 9, open, 0, 0, Math.PI * 2);
  to.fill();
  to.fillStyle = "#3a2417";
  to.beginPath();
  to.moveTo(0, -99);
  to.quadraticCurveTo(-20, -108, -31, -94);
  to.quadraticCurveTo(-16, -90, 0, -95);
  to.quadraticCurveTo(16, -90, 31, -94);
  to.quadraticCurveTo(20, -108, 0, -99);
  to.fill();
}

/** @param {Context} to @param {{ isOnPhone: boolean, isTalking: boolean, isListening: boolean }} cook @param {number} time */
function drawPhone(to, cook, time) {
  if (!cook.isOnPhone) return;
  to.fillStyle = "#efbf94";
  to.beginPath();
  to.arc(47, -98, 13, 0, Math.PI * 2);
  to.fill();
  to.save();
  to.translate(43, -110);
  to.rotate(0.28);
  to.fillStyle = "#1f2a36";
  to.beginPath();
  to.roundRect(-8, -28, 16, 58, 8);
  to.fill();
  to.restore();
  if (!cook.isListening && !cook.isTalking) return;
  to.strokeStyle = cook.isListening ? "#2f9e55" : "#e09a16";
  to.lineWidth = 3.5;
  to.lineCap = "round";
  for (const ring of [0, 1, 2]) {
    to.globalAlpha = 0.25 + 0.75 * ((time * 2.2 + (cook.isListening ? 2 - ring : ring) / 3) % 1);
    to.beginPath();
    to.arc(52, -118, 18 + ring * 10, -0.8, 0.5);
    to.stroke();
  }
  to.globalAlpha = 1;
}
