// The plane: what the network says of each place as colours, its border as a line, and the points over them.

import { number, shown } from "./see/numbers.js";
import { html, useEffect, useRef, useState } from "./see/preact.js";
import { counted } from "./session.js";

const WIDTH = 420, NEAR = 14, STEP = 0.05, LARGE_STEP = 0.25;
const FULL = 2; // the score from which a colour is full

const colours = {}; // red, green and blue of each theme, asked for once
function coloursOf(canvas, theme) {
  const style = getComputedStyle(canvas), of = name => style.getPropertyValue(name).split(",").map(Number);
  return colours[theme] ??= ["--minus", "--zero", "--plus"].map(of);
}

// The colours: one channel after the other, mixed by the score.
function paint(canvas, grid, X, Y, theme) {
  const [minus, zero, plus] = coloursOf(canvas, theme), { n, box: [x0, x1, y0, y1] } = grid;
  const small = new OffscreenCanvas(n, n), inner = small.getContext("2d"), image = inner.createImageData(n, n);
  grid.scores.forEach((score, i) => {
    const part = Math.max(-1, Math.min(1, (number(score) || 0) / FULL)), end = part < 0 ? minus : plus;
    const at = 4 * ((n - 1 - Math.floor(i / n)) * n + (i % n)); // rows of an image go down
    for (let c = 0; c < 3; c += 1) image.data[at + c] = zero[c] + Math.abs(part) * (end[c] - zero[c]);
    image.data[at + 3] = 255;
  });
  inner.putImageData(image, 0, 0);
  const context = canvas.getContext("2d"), w = (X(x1) - X(x0)) / (n - 1), h = (Y(y0) - Y(y1)) / (n - 1);
  context.clearRect(0, 0, canvas.width, canvas.height);
  context.drawImage(small, X(x0) - w / 2, Y(y1) - h / 2, w * n, h * n); // a score belongs to the middle of its pixel
}

// Where the score is 0: in each cell of four scores, from one side that it crosses to another.
function border({ n, box: [x0, x1, y0, y1], scores }, X, Y) {
  const at = (i, j) => number(scores[j * n + i]);
  const place = (i, j) => [X(x0 + ((x1 - x0) * i) / (n - 1)), Y(y0 + ((y1 - y0) * j) / (n - 1))];
  let path = "";
  for (let j = 0; j < n - 1; j += 1) {
    for (let i = 0; i < n - 1; i += 1) {
      const corners = [[i, j], [i + 1, j], [i + 1, j + 1], [i, j + 1]], found = [];
      corners.forEach((from, k) => {
        const to = corners[(k + 1) % 4], a = at(...from), b = at(...to);
        if (!(a > 0) === !(b > 0) || !Number.isFinite(a - b)) return;
        const [[xa, ya], [xb, yb]] = [place(...from), place(...to)], part = a / (a - b);
        found.push(`${(xa + part * (xb - xa)).toFixed(1)},${(ya + part * (yb - ya)).toFixed(1)}`);
      });
      for (let k = 0; k + 1 < found.length; k += 2) path += `M${found[k]}L${found[k + 1]}`;
    }
  }
  return path;
}

function Mark({ x, y, label, isChosen, i }) {
  const shape = label > 0 ? html`<circle class="plus" cx=${x} cy=${y} r="6" />`
    : html`<rect class="minus" x=${x - 5.5} y=${y - 5.5} width="11" height="11" />`;
  return html`<g class="point" data-index=${i}>${isChosen && html`<circle class="ring" cx=${x} cy=${y} r="12" />`}${shape}</g>`;
}

export const kindOf = label => (label > 0 ? "● +1" : "■ −1");
export const sentenceOf = (points, i) =>
  (i < 0 ? "No point is chosen." : `Point ${i} is chosen: x ${shown(points[i][0])}, y ${shown(points[i][1])}, label ${shown(points[i][2])}.`);

export function Plane({ session, label, theme }) {
  const { state } = session.now, { grid, points, chosen } = state, canvas = useRef(), svg = useRef(), drag = useRef(null);
  const moved = useRef(null), [, redraw] = useState(0); // where a point is that the answer does not have there yet
  const box = drag.current?.box ?? grid.box, [x0, x1, y0, y1] = box;
  const height = Math.max(240, Math.min(WIDTH, (WIDTH * (y1 - y0)) / (x1 - x0)));
  const X = x => ((x - x0) / (x1 - x0)) * WIDTH, Y = y => height - ((y - y0) / (y1 - y0)) * height;
  useEffect(() => {
    const print = matchMedia("print"), draw = () => paint(canvas.current, grid, X, Y, print.matches ? "print" : theme);
    draw();
    print.addEventListener("change", draw);
    return () => print.removeEventListener("change", draw);
  }, [grid, height, theme, box.join()]);

  const change = message => session.change(message);
  const move = async (index, place) => {
    const to = { index, ...place };
    moved.current = to;
    redraw(n => n + 1);
    await session.change({ do: "move", ...to }, "move");
    if (moved.current === to) { moved.current = null; redraw(n => n + 1); }
  };
  const pointOf = i => ({ x: points[i]?.[0], y: points[i]?.[1] });
  const tidy = x => Number(x.toFixed(3));
  const placeOf = e => {
    const r = svg.current.getBoundingClientRect(), within = part => Math.max(0.005, Math.min(0.995, part));
    return { x: tidy(x0 + within((e.clientX - r.left) / r.width) * (x1 - x0)), y: tidy(y1 - within((e.clientY - r.top) / r.height) * (y1 - y0)) };
  };
  const near = e => {
    const r = svg.current.getBoundingClientRect(), k = WIDTH / r.width, px = (e.clientX - r.left) * k, py = (e.clientY - r.top) * k;
    const away = points.map(([x, y]) => Math.hypot(X(x) - px, Y(y) - py)), i = away.indexOf(Math.min(...away));
    return away[i] < NEAR ? i : -1;
  };
  const grab = e => {
    if (e.button) return;
    const index = near(e);
    drag.current = { index, box, startX: e.clientX, startY: e.clientY, isMoved: false };
    svg.current.setPointerCapture(e.pointerId);
  };
  const pull = e => {
    const from = drag.current;
    if (!from || from.index < 0) return;
    from.isMoved ||= Math.hypot(e.clientX - from.startX, e.clientY - from.startY) > 4;
    if (!from.isMoved) return;
    move(from.index, placeOf(e));
  };
  const drop = async e => {
    const from = drag.current;
    if (!from) return;
    if (from.isMoved) { await move(from.index, placeOf(e)); await change({ do: "choose", index: from.index }); }
    else if (from.index >= 0) { await change(e.shiftKey ? { do: "delete", index: from.index } : { do: "choose", index: from.index }); }
    else if (Math.hypot(e.clientX - from.startX, e.clientY - from.startY) < 5) { await change({ do: "add", ...placeOf(e), label }); }
    drag.current = null;
  };
  const press = e => {
    const by = e.shiftKey ? LARGE_STEP : STEP, [dx, dy] = { ArrowLeft: [-by, 0], ArrowRight: [by, 0], ArrowUp: [0, by], ArrowDown: [0, -by] }[e.key] ?? [0, 0];
    const { x, y } = moved.current?.index === chosen ? moved.current : pointOf(chosen), next = { n: 1, p: -1 }[e.key];
    if (e.ctrlKey || e.metaKey || e.altKey) return;
    if ((dx || dy) && chosen >= 0) move(chosen, { x: tidy(x + dx), y: tidy(y + dy) });
    else if ((e.key === "Delete" || e.key === "Backspace") && chosen >= 0) change({ do: "delete", index: chosen });
    else if (next) change({ do: "choose", index: chosen < 0 ? 0 : (chosen + next + points.length) % points.length });
    else if (e.key === "a") change({ do: "add", x: tidy((x0 + x1) / 2), y: tidy((y0 + y1) / 2), label });
    else return;
    e.preventDefault();
  };
  const places = points.map(([x, y], i) => (moved.current?.index === i ? [moved.current.x, moved.current.y] : [x, y]));
  return html`<div class="plane"><canvas ref=${canvas} width=${WIDTH} height=${Math.round(height)} aria-hidden="true"></canvas>
    <svg ref=${svg} viewBox=${`0 0 ${WIDTH} ${height}`} tabindex="0" role="application" aria-describedby="plane-keys"
      aria-label=${`The plane with ${counted(points)}. ${sentenceOf(points, chosen)}`} onKeyDown=${press}
      onPointerDown=${grab} onPointerMove=${pull} onPointerUp=${drop} onPointerCancel=${() => { drag.current = null; }}>
      <path class="border" d=${border(grid, X, Y)} />
      ${places.map(([x, y], i) => html`<${Mark} key=${i} i=${i} x=${X(x)} y=${Y(y)} label=${points[i][2]} isChosen=${i === chosen} />`)}
    </svg></div>`;
}
