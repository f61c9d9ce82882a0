// The network at the chosen point: activations in the neurons, weights or gradients as lines.

import { number, shown } from "./see/numbers.js";
import { html } from "./see/preact.js";
import { hiddenOf, parameterOf, pathsOf } from "./session.js";

const ACROSS = 116, DOWN = 46, RADIUS = 18, LEFT = 44, TOP = 34;
const short = x => { const n = number(x); return Number.isFinite(n) ? shown(Math.abs(n) < 9.995 ? Number(n.toFixed(2)) : Number(n.toPrecision(3))) : shown(n); };

// What a parameter is, in words.
export function described(layers, path) {
  const found = parameterOf(layers, path);
  if (!found) return "";
  const { layer, neuron, input } = found, to = `neuron ${neuron} of layer ${layer}`;
  if (input < 0) return `the bias of ${to}`;
  return `the weight from ${layer ? `neuron ${input} of layer ${layer - 1}` : ["x", "y"][input]} to ${to}`;
}

function placesOf(sizes) {
  const most = Math.max(...sizes), height = TOP + (most - 1) * DOWN + TOP + 14;
  const places = sizes.map((count, l) => Array.from({ length: count }, (_, j) =>
    ({ x: LEFT + l * ACROSS, y: TOP + ((most - count) / 2 + j) * DOWN })));
  return { places, width: 2 * LEFT + (sizes.length - 1) * ACROSS, height };
}

function Neuron({ x, y, value, most, name }) {
  const n = number(value ?? NaN), size = Number.isFinite(n) ? Math.min(1, Math.abs(n) / most) : 0;
  return html`<g class="neuron"><title>${name}</title><circle class="ground" cx=${x} cy=${y} r=${RADIUS} />
    <circle class=${n < 0 ? "minus" : "plus"} cx=${x} cy=${y} r=${RADIUS} fill-opacity=${(0.05 + 0.3 * size).toFixed(3)} />
    <text x=${x} y=${y + 4} text-anchor="middle">${value === undefined || value === null ? "–" : short(value)}</text></g>`;
}

export function Network({ session }) {
  const { state, path, shows } = session.now, { layers, activations, chosen } = state, hidden = shows === "weights" ? "" : hiddenOf(session.now);
  const sizes = [2, ...layers.map(layer => layer.b.length)], { places, width, height } = placesOf(sizes);
  const of = name => { const p = parameterOf(layers, name); return number((shows === "weights" ? p.value : name === hidden ? null : p.slope) ?? NaN); };
  const paths = pathsOf(layers), most = Math.max(...paths.map(name => Math.abs(of(name))).filter(Number.isFinite), 1e-300);
  const choose = name => session.set({ path: name });
  const lines = paths.map(name => {
    const { layer, neuron, input } = parameterOf(layers, name), value = of(name), to = places[layer + 1][neuron];
    const kind = `${name === hidden ? "unknown" : value < 0 ? "minus" : "plus"}${name === path ? " chosen" : ""}`, size = Math.abs(value) / most || 0;
    const title = `${name}: ${name === hidden ? "predict its gradient first" : shown(value)}`;
    if (input < 0) {
      const x = to.x - 13, y = to.y + 18; // a bias is a square below its neuron
      return html`<g key=${name} class=${`bias ${kind}`} data-path=${name} onClick=${() => choose(name)}>
        <title>${title}</title><rect class="hit" x=${x - 7} y=${y - 7} width="22" height="20" />
        <rect x=${x} y=${y} width="7" height="7" fill-opacity=${(0.15 + 0.85 * size).toFixed(3)} /></g>`;
    }
    const from = places[layer][input], bend = ACROSS / 2.4;
    const d = `M${from.x + RADIUS},${from.y}C${from.x + bend},${from.y} ${to.x - bend},${to.y} ${to.x - RADIUS},${to.y}`;
    return html`<g key=${name} class=${`weight ${kind}`} data-path=${name} onClick=${() => choose(name)}>
      <title>${title}</title><path class="hit" d=${d} />
      <path class="drawn" d=${d} stroke-width=${(0.5 + 5.5 * size).toFixed(2)} /></g>`;
  });
  const told = chosen < 0 ? "No point is chosen, so the neurons are empty." : `The neurons show their activations at point ${chosen}.`;
  const heads = sizes.map((_, l) => (l === 0 ? "inputs" : l === sizes.length - 1 ? "score" : `layer ${l - 1}`));
  return html`<svg class="network" viewBox=${`0 0 ${width} ${height}`} role="img"
      aria-label=${`The network: ${sizes.join(", ")} neurons per layer. ${told} The lines show its ${shows}.`}>
    ${heads.map((text, l) => html`<text class="head" x=${LEFT + l * ACROSS} y="11" text-anchor="middle">${text}</text>`)}
    ${lines}
    ${places.map((column, l) => column.map(({ x, y }, j) => html`<${Neuron} key=${`${l}.${j}`} x=${x} y=${y} value=${activations?.[l][j]}
      most=${Math.max(1, ...(activations?.[l] ?? []).map(a => Math.abs(number(a)) || 0))} name=${l ? `neuron ${j} of layer ${l - 1}` : ["x", "y"][j]} />`))}
    ${places[0].map(({ x, y }, j) => html`<text class="input" x=${x - RADIUS - 6} y=${y + 4} text-anchor="end">${["x", "y"][j]}</text>`)}
  </svg>`;
}

// The same numbers as a table; a button chooses the parameter.
export function Parameters({ session }) {
  const { state: { layers }, path } = session.now, hidden = hiddenOf(session.now);
  return html`<table><caption>All weights and biases, and the gradient of the whole loss by each</caption>
    <thead><tr>${["parameter", "value", "gradient", ""].map(text => (text ? html`<th scope="col">${text}</th>` : html`<td></td>`))}</tr></thead>
    <tbody>${pathsOf(layers).map(name => { const { value, slope } = parameterOf(layers, name); return html`<tr key=${name}>
      <th scope="row">${name}</th><td>${shown(number(value))}</td><td>${name === hidden ? "?" : shown(number(slope))}</td>
      <td><button type="button" aria-pressed=${String(name === path)} aria-label=${`Choose ${name}`}
        onClick=${() => session.set({ path: name })}>Choose</button></td></tr>`; })}</tbody></table>`;
}
