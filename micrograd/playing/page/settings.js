// What a run starts from: data, network, loss, optimiser. Each change starts again.

import { html, useMemo, useState } from "./see/preact.js";
import { counted } from "./session.js";

const DATA = { moons: "moons", circles: "circles", spiral: "spiral", xor: "XOR", own: "own points" };
const LARGEST_FILE = 20_000; // characters that Play takes
const RATES = [0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1, 3];

export function Choice({ label, value, choices, onChoose }) {
  const id = `choice-${label.replaceAll(" ", "-")}`; // a run renders often: options that are the same are made once
  const options = useMemo(() => choices.map(([word, text]) => html`<option value=${word}>${text}</option>`), [JSON.stringify(choices)]);
  return html`<span class="field"><label for=${id}>${label}</label> <select id=${id} value=${value} onChange=${e => onChoose(e.target.value)}>${options}</select></span>`;
}

// An input whose text counts when the reader leaves it or presses Enter. Until then nothing else changes the text.
export function Entry({ value, onChange, ...more }) {
  const [text, setText] = useState(null);
  const change = e => {
    const given = e.target.value.trim();
    setText(null);
    if (given && given !== String(value)) onChange(given);
  };
  return html`<input autocomplete="off" spellcheck=${false} ...${more} value=${text ?? value} onInput=${e => setText(e.target.value)} onChange=${change} />`;
}

export const NumberEntry = ({ onChange, ...more }) => html`<${Entry} type="number" step="any" ...${more} onChange=${text => onChange(Number(text))} />`;
export const NumberField = ({ label, ...more }) => html`<label class="field">${label} <${NumberEntry} ...${more} /></label>`;

export function Rate({ session }) {
  const { rate } = session.now, rates = RATES.includes(rate) || rate === "decay" ? RATES : [...RATES, rate].sort((a, b) => a - b);
  return html`<${Choice} label="Rate" value=${rate} choices=${[...rates.map(r => [r, String(r)]), ["decay", "1 to 0.1"]]}
    onChoose=${text => session.set({ rate: text === "decay" ? text : Number(text) })} />`;
}

function Own({ session, onUse }) {
  const { points, settings } = session.now.state, [text, setText] = useState(null), [problem, setProblem] = useState("");
  const shownText = text ?? points.map(point => point.join(",")).join("\n");
  const pick = async e => {
    const [file] = e.target.files;
    if (!file) return;
    e.target.value = ""; // the same file can be picked again, when it was changed
    if (file.size > LARGEST_FILE) { setProblem(`The file has ${file.size.toLocaleString("en")} bytes, and may have ${LARGEST_FILE.toLocaleString("en")}.`); return; }
    const read = await file.text();
    setProblem(""); setText(read); onUse(read);
  };
  return html`<div class="csv"><label>Points, a line for each: x,y,label
      <textarea rows="6" spellcheck=${false} value=${shownText} onInput=${e => setText(e.target.value)}></textarea></label>
    <p class="buttons"><button type="button" onClick=${() => onUse(shownText)}>Use these points</button>
      <label class="file">or a CSV file <input type="file" accept=".csv,.txt,text/csv" onChange=${pick} /></label></p>
    ${problem && html`<p class="problem" role="alert">${problem}</p>`}
    ${settings.data.name !== "own" && html`<p class="caption">The file is read in this page; it goes nowhere else.</p>`}</div>`;
}

const layersOf = text => text.split(/[\s,;]+/).filter(Boolean).map(Number);

export function Settings({ session }) {
  const { settings, points } = session.now.state, { data } = settings, [isOwn, setOwn] = useState(false);
  const start = change => session.start(() => change), showsOwn = isOwn || data.name === "own";
  const setData = change => session.start(now => ({ data: { ...(now.data.name === "own" ? {} : now.data), ...change } }));
  const chooseData = name => { setOwn(name === "own"); if (name !== "own") setData({ name }); };
  const summary = `${DATA[data.name]}, ${counted(points)} · ${settings.layers.join(", ")} ${settings.activation} · ${settings.loss} · ${settings.optimiser}`;
  return html`<details class="settings"><summary>Data and network <span>${summary}</span></summary>
    <p class="caption">Each change here starts again at step 0.</p>
    <div class="fields">
      <${Choice} label="Data" value=${showsOwn ? "own" : data.name} choices=${Object.entries(DATA)} onChoose=${chooseData} />
      ${!showsOwn && html`<${NumberField} label="Points" min="1" max="200" value=${data.n} onChange=${n => setData({ n })} />
        <${NumberField} label="Noise" min="0" max="2" step="0.05" value=${data.noise} onChange=${noise => setData({ noise })} />
        <${NumberField} label="Seed of the points" min="0" step="1" value=${data.seed} onChange=${seed => setData({ seed })} />`}
      <label class="field">Hidden layers <${Entry} type="text" value=${settings.layers.join(", ")}
        onChange=${text => start({ layers: layersOf(text) })} /></label>
      <${NumberField} label="Seed of the weights" min="0" step="1" value=${settings.seed} onChange=${seed => start({ seed })} />
      <${Choice} label="Activation" value=${settings.activation} choices=${[["tanh", "tanh"], ["relu", "ReLU"]]} onChoose=${activation => start({ activation })} />
      <${Choice} label="Loss" value=${settings.loss} choices=${[["max-margin", "max-margin (text 001)"], ["squares", "squares"], ["logistic", "logistic"]]}
        onChoose=${loss => start({ loss })} />
      <${NumberField} label="L2" min="0" max="1" step="any" value=${settings.l2} onChange=${l2 => start({ l2 })} />
      <${NumberField} label="Batch (0: all)" min="0" max="200" step="1" value=${settings.batch} onChange=${batch => start({ batch })} />
      <${Choice} label="Optimiser" value=${settings.optimiser} choices=${[["sgd", "SGD"], ["momentum", "momentum"], ["adam", "Adam"]]}
        onChoose=${optimiser => start({ optimiser })} /></div>
    ${showsOwn && html`<${Own} session=${session} onUse=${csv => start({ data: { name: "own", csv } })} />`}</details>`;
}
