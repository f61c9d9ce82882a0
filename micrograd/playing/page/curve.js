// Curves as SVG: axes, lines, marks.

import { number, shown } from "./see/numbers.js";
import { html } from "./see/preact.js";

const LEFT = 48, RIGHT = 12, TOP = 24, BOTTOM = 36, WIDTH = 380, HEIGHT = 220;
const MOST_TICKS = 6;

// Round numbers within an interval, at most six of them.
function ticksOf(least, most) {
  const rough = (most - least) / MOST_TICKS, size = 10 ** Math.floor(Math.log10(rough));
  const step = size * [1, 2, 5, 10].find(n => n * size >= rough), found = [];
  for (let i = Math.ceil(least / step); i * step <= most + step * 1e-9; i += 1) found.push(Number((i * step).toPrecision(12)));
  return found;
}

// Of a log axis, whose numbers are exponents of 10.
function decadesOf(least, most) {
  const step = Math.ceil((most - least) / (MOST_TICKS + 1)), found = [];
  for (let i = Math.ceil(least); i <= most; i += 1) if (i % step === 0) found.push(i);
  return found;
}

const POWERS = { "-": "⁻", 0: "⁰", 1: "¹", 2: "²", 3: "³", 4: "⁴", 5: "⁵", 6: "⁶", 7: "⁷", 8: "⁸", 9: "⁹" };
const power = n => `10${[...String(n)].map(sign => POWERS[sign]).join("")}`;

// An interval around all finite numbers, a little wider than they need.
export function around(numbers, room = 0.06) {
  const finite = numbers.map(number).filter(Number.isFinite);
  if (!finite.length) return [0, 1];
  const least = Math.min(...finite), most = Math.max(...finite), more = (most - least) * room || Math.abs(most) * 0.1 || 1;
  return [least - more, most + more];
}

// A path through the points; where one is not finite there is a gap.
function pathOf(xs, ys, X, Y) {
  let isOpen = false;
  return xs.map((x, i) => {
    const y = number(ys[i]);
    if (!Number.isFinite(y) || !Number.isFinite(number(x))) { isOpen = false; return ""; }
    const word = isOpen ? "L" : "M";
    isOpen = true;
    return `${word}${X(number(x)).toFixed(2)},${Math.max(-1e4, Math.min(1e4, Y(y))).toFixed(2)}`;
  }).join("");
}

// lines: [{ xs, ys, kind }]; marks: [{ x, y, kind, text }]; box: [x0, x1, y0, y1] in the numbers of the axes.
export function Plot({ name, label, box, xTitle, yTitle, lines = [], marks = [], isLog = false }) {
  const [x0, x1, y0, y1] = box, textOf = isLog ? power : shown, ticks = isLog ? decadesOf : ticksOf;
  const X = x => LEFT + ((x - x0) / (x1 - x0 || 1)) * (WIDTH - LEFT - RIGHT);
  const Y = y => HEIGHT - BOTTOM - ((y - y0) / (y1 - y0 || 1)) * (HEIGHT - TOP - BOTTOM);
  const inside = mark => mark.x >= x0 && mark.x <= x1 && mark.y >= y0 && mark.y <= y1;
  return html`<svg class="plot" viewBox=${`0 0 ${WIDTH} ${HEIGHT}`} role="img" aria-label=${label}>
    <clipPath id=${`clip-${name}`}><rect x=${LEFT} y=${TOP} width=${WIDTH - LEFT - RIGHT} height=${HEIGHT - TOP - BOTTOM} /></clipPath>
    <g class="axes">
      ${ticks(x0, x1).map(x => html`<path d=${`M${X(x)},${TOP}V${HEIGHT - BOTTOM}`} />
        <text x=${X(x)} y=${HEIGHT - BOTTOM + 14} text-anchor="middle">${textOf(x)}</text>`)}
      ${ticks(y0, y1).map(y => html`<path d=${`M${LEFT},${Y(y)}H${WIDTH - RIGHT}`} />
        <text x=${LEFT - 5} y=${Y(y) + 4} text-anchor="end">${textOf(y)}</text>`)}
      <text class="title" x=${(LEFT + WIDTH - RIGHT) / 2} y=${HEIGHT - 4} text-anchor="middle">${xTitle}</text>
      <text class="title" x=${LEFT} y="13">${yTitle}</text>
    </g>
    <g clip-path=${`url(#clip-${name})`}>
      ${lines.map(line => html`<path class=${`curve ${line.kind}`} d=${pathOf(line.xs, line.ys, X, Y)} />`)}</g>
    ${marks.filter(inside).map(mark => html`<g class=${`mark ${mark.kind}`}><circle cx=${X(mark.x)} cy=${Y(mark.y)} r=${mark.kind === "next" ? 7 : 4.5} />
        ${mark.text && html`<text x=${X(mark.x) + (X(mark.x) > WIDTH * 0.7 ? -9 : 9)} y=${Math.max(TOP + 24, Y(mark.y) - 10)}
          text-anchor=${X(mark.x) > WIDTH * 0.7 ? "end" : "start"}>${mark.text}</text>`}</g>`)}</svg>`;
}
