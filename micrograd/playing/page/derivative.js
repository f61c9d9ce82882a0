// The third screen: a derivative as a slope, as the limit of secants, and why the smallest h is not the best one.

import { Plot, around } from "./curve.js";
import { number, shown } from "./see/numbers.js";
import { html } from "./see/preact.js";
import { useAnswer } from "./session.js";
import { Choice, Entry, NumberField } from "./settings.js";

const EXAMPLES = [["3*x**2 - 4*x + 5", { x: 3 }, "x"], ["a*b + c", { a: 2, b: -3, c: 10 }, "a"], ["tanh(w*x + b)", { w: -0.8, x: 1.5, b: 0.4 }, "w"],
  ["exp(-x**2)", { x: 0.5 }, "x"], ["relu(x)", { x: 0 }, "x"], ["sin(x) / x", { x: 2 }, "x"]];
const CONSTANTS = ["pi", "e"], STEPS = Array.from({ length: 16 }, (_, k) => Number(`1e-${k}`)), ROUNDING = 2 ** -53;
const WIDE = 3, SMALL = 1e-17;
const full = x => { const n = number(x); return Number.isFinite(n) ? String(n).replaceAll("-", "−") : shown(n); };

const brief = x => { const n = number(x); return n && Math.abs(n) < 1e-3 ? Number(n.toPrecision(4)).toExponential().replaceAll("-", "−") : shown(n); };

// The names that need a value: not those of functions, and not those that the text assigns.
export function namesIn(text) {
  const found = [...text.matchAll(/(?<![\w.])([\p{L}_][\p{L}\p{N}_]*)(\s*\()?/gu)].filter(match => !match[2]).map(match => match[1]);
  const made = new Set([...text.matchAll(/(?:^|[;\n])\s*([\p{L}_][\p{L}\p{N}_]*)\s*=(?!=)/gu)].map(match => match[1]));
  return [...new Set(found)].filter(name => !made.has(name) && !CONSTANTS.includes(name));
}

function Variable({ name, value, onChange }) {
  const most = Math.max(5, Math.ceil(Math.abs(value)));
  return html`<div class="variable"><${NumberField} label=${`${name} =`} value=${value} onChange=${onChange} /><input type="range" aria-label=${name} min=${-most} max=${most} step="0.01" value=${value} onInput=${e => onChange(Number(e.target.value))} /></div>`;
}

function Curve({ derived, of, at, h, second }) {
  const xs = derived.xs.map(number), y = number(derived.value), slope = number(derived.gradients[of]), [y0, y1] = around(derived.ys);
  const secant = second && Number.isFinite(number(second[1])) ? number(second[1]) : NaN;
  const line = m => ({ xs: [xs[0], at, xs.at(-1)], ys: [xs[0], at, xs.at(-1)].map(x => y + m * (x - at)) });
  return html`<${Plot} name="curve" box=${[xs[0], xs.at(-1), y0, y1]} xTitle=${of} yTitle="result"
    label=${`The curve of the expression along ${of}. At ${shown(at)} it is ${shown(y)}, and its slope is ${shown(slope)}.`}
    lines=${[{ xs, ys: derived.ys, kind: "main" }, { ...line(secant), kind: "secant" }, { ...line(slope), kind: "tangent" }]}
    marks=${[{ x: at + h, y: y + secant * h, kind: "next", text: "" }, { x: at, y, kind: "here", text: "" }]} />
    <p class="legend-of-curves"><span class="main">the expression</span> <span class="tangent">tangent</span> <span class="secant">secant</span></p>`;
}

function Errors({ rows, value, power }) {
  const seen = rows.map(([h, , error]) => ({ x: Math.log10(h), error: number(error) })).filter(row => row.error > 0 && Number.isFinite(row.error));
  const xs = seen.map(row => row.x), ys = seen.map(row => Math.log10(row.error));
  const rounding = STEPS.map(h => Math.log10(Math.max(SMALL, (ROUNDING * Math.abs(number(value))) / h)));
  const [y0, y1] = around([...ys, ...rounding]), exact = rows.filter(([, , error]) => number(error) === 0).length, now = seen.find(row => Math.round(row.x) === -power);
  return html`<${Plot} name="errors" isLog=${true} box=${[-15.5, 0.5, y0, y1]} xTitle="h" yTitle="error of the secant"
    label=${`The error of the secant against h, both on log axes. It is ${seen.map(row => `${shown(row.error)} at 1e${Math.round(row.x)}`).join(", ")}.`}
    lines=${[{ xs, ys, kind: "main" }, { xs: STEPS.map(h => Math.log10(h)), ys: rounding, kind: "rounding" }]}
    marks=${[...seen.map(row => ({ x: row.x, y: Math.log10(row.error), kind: "dot" })), ...(now ? [{ x: now.x, y: Math.log10(now.error), kind: "here" }] : [])]} />
    <p class="legend-of-curves"><span class="main">error</span> <span class="rounding">rounding: 1e−16 × |result| / h</span></p>
    ${exact > 0 && html`<p class="caption">At ${exact} of the ${rows.length} h the error is 0, which a log axis cannot show.</p>`}`;
}

function Secants({ rows, power }) {
  return html`<div class="scroll" tabindex="0" role="group" aria-label="Table of the secants"><table class="numbers">
    <caption>The secant for each h</caption><thead><tr>${["h", "secant", "error"].map(text => html`<th scope="col">${text}</th>`)}</tr></thead>
    <tbody>${rows.map(([, secant, error], k) => html`<tr class=${k === power ? "at" : ""}><th scope="row">${k ? `1e−${k}` : "1"}</th>
      <td>${full(secant)}</td><td>${brief(error)}</td></tr>`)}</tbody></table></div>`;
}

export function DerivativeScreen({ session }) {
  const { expression, values, of, power } = session.now;
  const names = namesIn(expression), given = Object.fromEntries(names.map(name => [name, values[name] ?? 1])), by = names.includes(of) ? of : names[0];
  const at = given[by], asked = names.length > 0 && { expression, values: given, of: by };
  const { answer: derived, isFresh } = useAnswer(session, asked && { do: "derive", ...asked, lo: at - WIDE, hi: at + WIDE });
  const { answer: secants, isFresh: areFresh } = useAnswer(session, asked && { do: "secant", ...asked, h: STEPS });
  const setValue = (name, x) => session.set({ values: { ...given, [name]: x } });
  const choose = i => { const [next, numbers, name] = EXAMPLES[i]; session.set({ expression: next, values: numbers, of: name }); };
  const problem = !asked ? "The expression has no variable: write one, as x**2." : derived && !derived.ok ? derived.error : secants && !secants.ok ? secants.error : "";
  const h = STEPS[power], row = secants?.ok ? secants.rows[power] : null, isReady = derived?.ok && derived.of === by && Object.hasOwn(derived.gradients, by);
  return html`<div class="columns two"><section aria-label="Expression and curve"><h2>The expression</h2>
      <label class="field wide">Expression <${Entry} type="text" value=${expression} onChange=${text => session.set({ expression: text })} /></label>
      <${Choice} label="Examples" value="" choices=${[["", "choose one"], ...EXAMPLES.map(([name], i) => [i, name])]} onChoose=${i => i !== "" && choose(i)} />
      ${names.map(name => html`<${Variable} key=${name} name=${name} value=${given[name]} onChange=${x => setValue(name, x)} />`)}
      ${names.length > 1 && html`<${Choice} label="Differentiate by" value=${by} choices=${names.map(name => [name, name])} onChoose=${name => session.set({ of: name })} />`}
      ${problem && html`<p class="problem" role="alert">${problem}</p>`}
      ${isReady && html`<div aria-busy=${String(!isFresh)}><p class="big">${shown(number(derived.value))} <span>the result</span></p>
        <p class="slope">derivative by ${by}: <b>${full(derived.gradients[by])}</b></p>
        <p class="formula">d/d${by} = ${derived.rule.replace(/(\d)\.0(?![\d.e])/g, "$1")}</p>
        ${names.length > 1 && html`<p class="caption">All gradients: ${names.map(name => `${name} ${shown(number(derived.gradients[name]))}`).join(", ")}.</p>`}
        <${Curve} derived=${derived} of=${by} at=${number(at)} h=${h} second=${row} />
        <details><summary>The graph as text</summary><div class="scroll" tabindex="0" role="group" aria-label="The graph as text"><pre>${derived.tree}</pre></div></details></div>`}
    </section><section aria-label="The secant"><h2>The secant, as h shrinks</h2>
      <label class="scrub">h = <b>${power ? `1e−${power}` : "1"}</b><input type="range" min="0" max="15" value=${power} aria-valuetext=${`h is 1e-${power}`}
        onInput=${e => session.set({ power: Number(e.target.value) })} /></label>
      ${row && isReady && html`<div aria-busy=${String(!areFresh)}><p class="formula">(f(${by} + h) − f(${by})) / h<br />= <b class="secant-now">${full(row[1])}</b></p>
        <p class="caption">The derivative is ${full(secants.slope)}. The secant is off by ${brief(row[2])}.</p>
        <${Errors} rows=${secants.rows} value=${derived.value} power=${power} />
        <p>From the right: with a smaller h the secant comes nearer to the tangent, and the error shrinks with h. Then it grows again. A number holds about
          16 digits. When h is tiny, f(${by}) and f(${by} + h) have nearly all digits in common. Their difference keeps only the few others, and the division by h
          makes their rounding large. So h = 1e−14 is worse than 1e−8. Backpropagation takes no h: it is exact to the last digits.</p>
        <${Secants} rows=${secants.rows} power=${power} /></div>`}</section></div>`;
}
