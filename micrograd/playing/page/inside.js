// The second screen: the backward pass of the chosen point's loss, step by step. And the stepper of any graph.

import { Stepper, pageOf } from "./see/page.js";
import { html, useMemo } from "./see/preact.js";
import { useAnswer } from "./session.js";
import { Choice } from "./settings.js";
import { kindOf } from "./plane.js";
import { shown } from "./see/numbers.js";
import { TWICE } from "./templates.js";

export function Graph({ graph }) {
  const made = useMemo(() => { try { return { page: pageOf(graph) }; } catch (error) { return { problem: error.message }; } }, [graph]);
  return made.problem ? html`<p class="problem" role="alert">${made.problem}</p>` : html`<div class="stepper"><${Stepper} page=${made.page} /></div>`;
}

let shownGraphs = 0; // a graph that is new gets a stepper that is new
const numbers = new WeakMap();
const numberOf = graph => { if (!numbers.has(graph)) numbers.set(graph, shownGraphs += 1); return numbers.get(graph); };
export const FreshGraph = ({ graph }) => html`<${Graph} key=${numberOf(graph)} graph=${graph} />`;

export function InsideScreen({ session }) {
  const { state, revision } = session.now, { points, chosen, step } = state;
  const { answer, isFresh } = useAnswer(session, chosen < 0 ? null : { do: "graph", index: chosen }, revision);
  const choices = [...(chosen < 0 ? [[-1, "none"]] : []), ...points.map(([x, y, label], i) => [i, `${i}: (${shown(x)}, ${shown(y)}), ${kindOf(label)}`])];
  return html`<div class="bar"><${Choice} label="Point" value=${chosen} choices=${choices}
      onChoose=${text => session.change({ do: "choose", index: Number(text) })} />
      <button type="button" onClick=${() => session.step()}>Step of the training</button> <span>step ${step}</span>
      <button type="button" onClick=${() => session.set({ screen: "own", code: TWICE, starts: true })}>A value that is used twice</button></div>
    <p class="caption">This is the loss of one point, without the mean over the others and without the penalty. So a gradient here is a part of
      the gradient of the whole loss. Click a closed box to open it; open a neuron to see its products and its sum.</p>
    ${chosen < 0 && html`<p class="problem">Choose a point first.</p>`}
    ${chosen >= 0 && !isFresh && html`<p class="waiting" role="status">The graph is made …</p>`}
    ${chosen >= 0 && isFresh && !answer.ok && html`<p class="problem" role="alert">${answer.error}</p>`}
    ${chosen >= 0 && isFresh && answer.ok && html`<${FreshGraph} graph=${answer.graph} />`}`;
}
