// What stands still: wall, window, oven, counter. Drawn once for each size and light, and kept.

/** @import { Palette } from "./palette.js" */
/** @import { Layout } from "./layout.js" */
/** @typedef {CanvasRenderingContext2D} Context */

/** @param {Context} to @param {Layout} layout @param {Palette} colours */
export function drawRoom(to, layout, colours) {
  const { width, height, counterY } = layout;
  const wall = to.createLinearGradient(0, 0, 0, counterY);
  wall.addColorStop(0, colours.wall);
  wall.addColorStop(1, colours.wallLow);
  to.fillStyle = wall;
  to.fillRect(0, 0, width, counterY);
  drawTiles(to, layout, colours);
  if (layout.window !== null) drawWindow(to, layout.window, colours);
  drawOven(to, layout, colours);
  drawLight(to, layout, colours);
  to.fillStyle = colours.floor;
  to.fillRect(0, counterY, width, height - counterY);
}

/** In front of the cook. @param {Context} to @param {Layout} layout @param {Palette} colours */
export function drawCounter(to, { width, counterY }, colours) {
  to.fillStyle = colours.counterTop;
  to.fillRect(0, counterY - 14, width, 18);
  to.fillStyle = colours.counter;
  to.fillRect(0, counterY + 4, width, 34);
  to.fillStyle = colours.shade;
  to.fillRect(0, counterY + 4, width, 7);
  to.fillRect(0, counterY + 38, width, 8);
}

/** @param {Context} to @param {Layout} layout @param {Palette} colours */
function drawTiles(to, { width, counterY }, colours) {
  to.strokeStyle = colours.tile;
  to.lineWidth = 2;
  to.beginPath();
  for (let y = counterY - 150, row = 0; y < counterY; y += 34, row += 1) {
    to.moveTo(0, y);
    to.lineTo(width, y);
    for (let x = row % 2 ? 0 : -34; x < width; x += 68) {
      to.moveTo(x + 34, y);
      to.lineTo(x + 34, y + 34);
    }
  }
  to.stroke();
}

/** @param {Context} to @param {{ x: number, y: number, width: number, height: number }} at @param {Palette} colours */
function drawWindow(to, at, colours) {
  to.fillStyle = colours.frame;
  to.beginPath();
  to.roundRect(at.x - 8, at.y - 8, at.width + 16, at.height + 16, 8);
  to.fill();
  const sky = to.createLinearGradient(0, at.y, 0, at.y + at.height);
  sky.addColorStop(0, colours.window);
  sky.addColorStop(1, colours.windowLow);
  to.fillStyle = sky;
  to.fillRect(at.x, at.y, at.width, at.height);
  to.fillStyle = colours.isNight ? "#f4e9c8" : "#ffd75e";
  to.beginPath();
  to.arc(at.x + at.width * 0.72, at.y + at.height * 0.28, at.height * 0.13, 0, Math.PI * 2);
  to.fill();
  drawTown(to, at, colours);
  to.fillStyle = colours.frame;
  to.fillRect(at.x + at.width / 2 - 3, at.y, 6, at.height);
  to.fillRect(at.x, at.y + at.height / 2 - 3, at.width, 6);
}

/** @param {Context} to @param {{ x: number, y: number, width: number, height: number }} at @param {Palette} colours */
function drawTown(to, at, colours) {
  const houses = [0.34, 0.22, 0.42, 0.28, 0.38];
  for (const [index, tall] of houses.entries()) {
    const wide = at.width / houses.length;
    const top = at.y + at.height * (1 - tall);
    to.fillStyle = colours.isNight ? "#0d1528" : "#9ab58f";
    to.fillRect(at.x + index * wide, top, wide, at.height * tall);
    if (!colours.isNight) continue;
    to.fillStyle = "#f6d98a";
    to.fillRect(at.x + index * wide + wide * 0.3, top + 8, 5, 6);
    to.fillRect(at.x + index * wide + wide * 0.62, top + 20, 5, 6);
  }
}

/** @param {Context} to @param {Layout} layout @param {Palette} colours */
function drawOven(to, layout, colours) {
  const { x, y, width, height } = layout.oven;
  const thick = layout.ovenWall;
  to.save();
  arch(to, x - thick, y - thick, width + 2 * thick, layout.counterY - y + thick);
  to.clip();
  drawBricks(to, x - thick, y - thick, width + 2 * thick, layout.counterY - y + thick, colours);
  to.restore();
  // the edge of the mouth, then the mouth
  to.fillStyle = colours.brickDark;
  arch(to, x - 12, y - 12, width + 24, height + 18);
  to.fill();
  const heat = to.createRadialGradient(x + width / 2, y + height, 20, x + width / 2, y + height * 0.8, width * 0.62);
  heat.addColorStop(0, "#f08a2c");
  heat.addColorStop(0.45, "#8d3214");
  heat.addColorStop(1, "#2a0f0a");
  to.fillStyle = heat;
  arch(to, x, y, width, height);
  to.fill();
}

/** @param {Context} to @param {number} x @param {number} y @param {number} width @param {number} height */
function arch(to, x, y, width, height) {
  const round = Math.min(width / 2, height * 0.62);
  to.beginPath();
  to.roundRect(x, y, width, height, [round, round, 10, 10]);
}

/** @param {Context} to @param {number} x @param {number} y @param {number} width @param {number} height @param {Palette} colours */
function drawBricks(to, x, y, width, height, colours) {
  to.fillStyle = colours.mortar;
  to.fillRect(x, y, width, height);
  const [wide, tall] = [46, 22];
  for (let row = 0; row * tall < height; row += 1) {
    for (let column = -1; column * wide < width; column += 1) {
      const shade = (row * 7 + column * 13) % 5;
      to.fillStyle = shade === 0 ? colours.brickLight : shade === 3 ? colours.brickDark : colours.brick;
      to.beginPath();
      to.roundRect(x + column * wide + (row % 2 ? wide / 2 : 0) + 1.5, y + row * tall + 1.5, wide - 3, tall - 3, 3);
      to.fill();
    }
  }
}

/** @param {Context} to @param {Layout} layout @param {Palette} colours */
function drawLight(to, { width, counterY, lampX }, colours) {
  const light = to.createRadialGradient(lampX, 34, 8, lampX, 60, counterY * 0.8);
  light.addColorStop(0, colours.lamp);
  light.addColorStop(1, "rgb(255 220 150 / 0%)");
  to.fillStyle = light;
  to.fillRect(0, 0, width, counterY);
  to.strokeStyle = colours.frame;
  to.lineWidth = 3;
  to.beginPath();
  to.moveTo(lampX, 0);
  to.lineTo(lampX, 20);
  to.stroke();
  to.fillStyle = colours.check;
  to.beginPath();
  to.arc(lampX, 44, 26, Math.PI, 0);
  to.fill();
  to.fillStyle = "#fff3c9";
  to.beginPath();
  to.arc(lampX, 46, 9, 0, Math.PI);
  to.fill();
}
