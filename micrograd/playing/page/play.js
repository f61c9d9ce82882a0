// The first screen: a network that learns, with its points, its loss and its numbers.

import { Plot, around } from "./curve.js";
import { Dialog } from "./dialog.js";
import { Network, Parameters } from "./network.js";
import { Plane, kindOf, sentenceOf } from "./plane.js";
import { number, shown } from "./see/numbers.js";
import { html, useState } from "./see/preact.js";
import { allOf, counted, useAnswer } from "./session.js";
import { Choice, NumberEntry, Rate, Settings } from "./settings.js";
import { Weight } from "./weight.js";

export function sentence(state) {
  const right = Math.round(state.accuracy * state.points.length);
  return `Step ${state.step}. The loss is ${shown(number(state.loss))}. ${right} of ${counted(state.points)} ${state.points.length === 1 ? "is" : "are"} on the right side. ${
    sentenceOf(state.points, state.chosen)}`;
}

function Controls({ session, onPython }) {
  const { state, runs } = session.now;
  return html`<div class="bar controls" role="group" aria-label="Steps">
    <button type="button" onClick=${() => session.step()} disabled=${runs}>Step</button>
    <button type="button" class="run" onClick=${() => session.run()}>${runs ? "Pause" : "Run"}</button>
    <button type="button" onClick=${() => session.startAgain()} title="Step 0, with the weights of the same seed">Start again</button>
    <${Rate} session=${session} />
    <label class="scrub">Step <b>${state.step}</b> of ${state.steps}<input type="range" min="0" max=${state.steps} value=${state.step}
      disabled=${state.steps === 0} aria-valuetext=${`Step ${state.step}, loss ${shown(number(state.loss))}`}
      onInput=${e => session.goto(Number(e.target.value))} /></label>
    <button type="button" onClick=${onPython}>Show me the Python</button></div>`;
}

function Loss({ state }) {
  const { losses, step, steps, loss, points } = state, xs = losses.map((_, i) => i), [, most] = around([...losses, 0]);
  return html`<section class="loss" aria-label="The loss"><h2>The loss</h2>
    <p class="big">${shown(number(loss))} <span>at step ${step}, of ${allOf(points)}</span></p>
    <${Plot} name="loss" box=${[0, Math.max(steps, 10), 0, most]} xTitle="step" yTitle="loss" lines=${[{ xs, ys: losses, kind: "main" }]}
      marks=${[{ x: step, y: number(loss), kind: "here" }]} label=${`The loss at ${steps + 1} steps, from ${shown(number(losses[0]))} to ${shown(number(losses.at(-1)))}.`} /></section>`;
}

function PointRow({ session, point: [x, y, label], i, isChosen }) {
  const move = (dx, dy) => session.change({ do: "move", index: i, x: dx, y: dy });
  const cell = (name, value, go) => html`<td><${NumberEntry} aria-label=${`${name} of point ${i}`} value=${value} onChange=${go} /></td>`;
  return html`<tr><th scope="row">${i}</th>${cell("x", x, to => move(to, y))}${cell("y", y, to => move(x, to))}<td>${kindOf(label)}</td>
    <td><button type="button" aria-pressed=${String(isChosen)} aria-label=${`Choose point ${i}`}
      onClick=${() => session.change({ do: "choose", index: i })}>Choose</button>
      <button type="button" aria-label=${`Delete point ${i}`} onClick=${() => session.change({ do: "delete", index: i })}>Delete</button></td></tr>`;
}

function Points({ session, label, onLabel, theme }) {
  const { state } = session.now, { points, chosen } = state, [isOpen, setOpen] = useState(false);
  return html`<section class="points" aria-label="The points"><h2>The points</h2>
    <${Plane} session=${session} label=${label} theme=${theme} />
    <p class="legend-of-points"><span class="plus">● label +1</span> <span class="minus">■ label −1</span> <span>the line: score 0</span></p>
    <${Choice} label="A click adds" value=${label} choices=${[[1, "● label +1"], [-1, "■ label −1"]]} onChoose=${text => onLabel(Number(text))} />
    <p class="caption" id="plane-keys">Click: add or choose. Drag: move. Shift-click: delete. Keys: N and P choose, arrows move
      (with Shift further), Delete deletes, A adds one in the middle.</p>
    <details onToggle=${e => setOpen(e.target.open)}><summary>Points as a table</summary>
      ${isOpen && html`<div class="scroll" tabindex="0" role="group" aria-label="Table of the points"><table><caption>All points</caption>
        <thead><tr>${["point", "x", "y", "label"].map(text => html`<th scope="col">${text}</th>`)}<td></td></tr></thead>
        <tbody>${points.map((point, i) => html`<${PointRow} key=${i} session=${session} point=${point} i=${i} isChosen=${i === chosen} />`)}</tbody></table></div>`}
    </details></section>`;
}

function Middle({ session }) {
  const { state, shows } = session.now, { points, chosen, score } = state, [isOpen, setOpen] = useState(false), point = points[chosen];
  return html`<section class="net" aria-label="The network"><h2>The network</h2>
    <fieldset class="switch"><legend>Lines show</legend>${["weights", "gradients"].map(word => html`<label class="check">
      <input type="radio" name="shows" value=${word} checked=${shows === word} onChange=${() => session.set({ shows: word })} /> ${word}</label>`)}</fieldset>
    <div class="scroll" tabindex="0" role="group" aria-label="Picture of the network"><${Network} session=${session} /></div>
    <p class="legend-of-lines"><span class="plus">above 0</span> <span class="minus">below 0, dashed</span> <span>thick: far from 0</span></p>
    <p class="caption">${point ? html`<b>Of point ${chosen}</b> (${shown(point[0])}, ${shown(point[1])}): the numbers in the neurons. Its score is ${shown(number(score))},
      its label ${shown(point[2])}.` : html`<b>No point is chosen</b>: the neurons are empty. Click a point.`}</p>
    <p class="caption">${shows === "weights" ? html`<b>The same for all points:</b> the lines are the weights, the squares the biases.`
      : html`<b>Of the whole loss</b>, over ${allOf(points)}: the lines are the gradients of the weights, the squares those of the biases.`} Click one to choose it.</p>
    <details onToggle=${e => setOpen(e.target.open)}><summary>Weights and gradients as a table</summary>
      ${isOpen && html`<div class="scroll" tabindex="0" role="group" aria-label="Table of the weights"><${Parameters} session=${session} /></div>`}</details></section>`;
}

function Explained({ session, onClose }) {
  const { path, revision } = session.now, { answer, isFresh } = useAnswer(session, { do: "explain", path }, revision);
  return html`<${Dialog} title=${`Why the gradient of ${path} is what it is`} answer=${isFresh ? answer : null} field="text" onClose=${onClose}
    about="The whole loss, over all points, differentiated by this one number." />`;
}

function Python({ session, onClose }) {
  const { answer, isFresh } = useAnswer(session, { do: "python" }, session.now.revision);
  return html`<${Dialog} title="Show me the Python" answer=${isFresh ? answer : null} field="code" onClose=${onClose}
    about="This program does just what the page did. It prints the same losses." />`;
}

export function PlayScreen({ session, theme }) {
  const [label, setLabel] = useState(1), [dialog, setDialog] = useState(""), close = () => setDialog("");
  return html`<${Controls} session=${session} onPython=${() => setDialog("python")} /><${Settings} session=${session} />
    <div class="columns"><div><${Points} session=${session} label=${label} onLabel=${setLabel} theme=${theme} /><${Loss} state=${session.now.state} /></div>
      <${Middle} session=${session} /><${Weight} session=${session} onExplain=${() => setDialog("explain")} /></div>
    ${dialog === "python" && html`<${Python} session=${session} onClose=${close} />`}
    ${dialog === "explain" && html`<${Explained} session=${session} onClose=${close} />`}`;
}
