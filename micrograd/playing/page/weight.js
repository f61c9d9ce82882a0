// One weight: the reader predicts, then sees the loss along it, its tangent, and a step against the gradient.

import { Plot, around } from "./curve.js";
import { described } from "./network.js";
import { number, shown } from "./see/numbers.js";
import { html, useState } from "./see/preact.js";
import { Choice, NumberEntry } from "./settings.js";
import { allOf, counted, hiddenOf, parameterOf, pathsOf, predictionOf, useAnswer } from "./session.js";

const WIDE = 1; // the curve goes so far to both sides
const inBrackets = text => (text.startsWith("−") ? `(${text})` : text);

// The rate of a step: a number, or that of text 001, which gets smaller.
export const rateOf = (rate, step) => (rate === "decay" ? Math.max(0.1, 1 - (0.9 * step) / 100) : rate);

function verdict(said, slope) {
  const way = slope > 0 ? "up" : slope < 0 ? "down" : "flat";
  const truth = { up: "goes up", down: "goes down", flat: "does not change" }[way];
  const because = `the gradient is ${shown(slope)}, so the loss ${truth} when this number grows a little.`;
  return said === way ? `✓ As you said: ${because}` : `You said ${{ up: "up", down: "down", flat: "it stays" }[said]}; ${because}`;
}

function Question({ onSay }) {
  return html`<fieldset class="predicts"><legend>Predict: if this number grows a little, will the loss go up or down?</legend>
    ${[["up", "↑ Up"], ["down", "↓ Down"], ["flat", "It stays"]].map(([word, text]) =>
      html`<button type="button" onClick=${() => onSay(word)}>${text}</button>`)}</fieldset>`;
}

function Slice({ session, name, value, slope, next }) {
  const { revision, path, state } = session.now, { answer, isFresh } = useAnswer(session, { do: "slice", path, lo: value - WIDE, hi: value + WIDE }, revision);
  if (!answer || (!isFresh && answer.path !== path)) return html`<p class="waiting">The curve is computed …</p>`;
  if (!answer.ok) return html`<p class="problem">${answer.error}</p>`;
  const xs = answer.xs.map(number), [y0, y1] = around([...answer.losses, state.loss]);
  const at = number(state.loss), tangent = xs.map(x => at + slope * (x - value));
  const lowest = answer.losses.map(number).reduce((best, y, i, all) => (y < all[best] ? i : best), 0);
  return html`<div aria-busy=${String(!isFresh)}><${Plot} name="slice" box=${[xs[0], xs.at(-1), y0, y1]} xTitle=${name} yTitle="loss"
      label=${`The loss along ${name} alone, from ${shown(xs[0])} to ${shown(xs.at(-1))}. It is ${shown(at)} here, and lowest near ${shown(xs[lowest])}.`}
      lines=${[{ xs, ys: answer.losses, kind: "main" }, { xs, ys: tangent, kind: "tangent" }]}
      marks=${[{ x: next, y: at + slope * (next - value), kind: "next" }, { x: value, y: at, kind: "here", text: "here" }]} />
    <p class="caption">The loss over all points along this number alone. Dashed: the tangent; its slope is the gradient. Ring: where the step goes.</p></div>`;
}

export function Weight({ session, onExplain }) {
  const { state, path, rate, runs, revision, asks } = session.now, { layers, step, points, settings } = state, [taken, setTaken] = useState(null);
  const { input, value: given, slope: found } = parameterOf(layers, path), value = number(given), slope = number(found);
  const name = input < 0 ? "b" : "w", said = predictionOf(session.now), isOpen = !hiddenOf(session.now);
  const factor = rateOf(rate, step), next = value - factor * slope, isFinite = Number.isFinite(slope);
  const take = async () => {
    const before = number(state.loss), answer = await session.change({ do: "set", path, value: next });
    if (answer) setTaken({ revision: session.now.revision, text: `The loss was ${shown(before)}. It is ${shown(number(answer.loss))} now.` });
  };
  const isPlain = settings.optimiser === "sgd" && !(settings.batch > 0 && settings.batch < points.length);
  return html`<section class="one" aria-label="One weight"><h2>One weight</h2>
    <${Choice} label="Which" value=${path} choices=${pathsOf(layers).map(other => [other, other])} onChoose=${other => session.set({ path: other })} />
    <p class="caption">${name} is ${described(layers, path)}.</p>
    <label class="field long">${name} = <${NumberEntry} value=${value} onChange=${to => session.change({ do: "set", path, value: to })} /></label>
    ${taken?.revision === revision && html`<p class="said">${taken.text}</p>`}
    ${!isFinite && html`<p class="problem">The loss is ${shown(number(state.loss))}, so there is no gradient. Go back some steps, or start again with a smaller rate.</p>`}
    ${isFinite && runs && html`<p class="caption">Pause the run to see the loss along this weight.</p>`}
    ${isFinite && !runs && !isOpen && html`<${Question} onSay=${word => session.set({ predicted: { key: `${path} ${revision}`, word } })} />`}
    ${isFinite && !runs && isOpen && html`
      ${said && html`<p class="said" role="status">${verdict(said, slope)}</p>`}
      <p class="slope">∂loss/∂${name} = <b>${shown(slope)}</b> <span>of the whole loss, over ${allOf(points)}</span></p>
      <p class="caption">Every point uses ${name} once, so one part for each of ${counted(points)} is <b>added</b> to this gradient${
        settings.l2 ? "; the penalty adds its own" : ""}. Explain lists the parts.</p>
      <${Slice} session=${session} name=${name} value=${value} slope=${slope} next=${next} />
      <p class="formula">${name} − rate × gradient<br />= ${shown(value)} − ${shown(factor)} × ${inBrackets(shown(slope))}<br />= <b>${shown(next)}</b></p>
      <p class="buttons"><button type="button" onClick=${take}>Take the step</button><button type="button" onClick=${onExplain}>Explain</button></p>
      <p class="caption">This step moves ${name} alone. The button Step above moves every weight so${isPlain ? "." : `; with ${settings.optimiser}${
        settings.batch ? ` and batches of ${settings.batch}` : ""} it goes another way than the plain rule.`}</p>`}
    <label class="check"><input type="checkbox" checked=${asks} onChange=${e => session.set({ asks: e.target.checked })} /> Predict first</label></section>`;
}
