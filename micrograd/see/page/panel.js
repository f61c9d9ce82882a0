// What a step says: in the panel, as a sentence, in the table.

const times = (a, b) => `${shown(a)} × ${held(shown(b))}`;

// The formula of a node, with the names of its inputs.
function formulaOf(graph, names, node) {
  const { op, array } = graph.nodes, result = array[node] ? array[node].shown : shown(number(graph.nodes.data[node]));
  const made = filled(graph.ops[op[node]].formula, letters(graph, node, i => names[i], "arrived"));
  return equated([names[node], made, result]);
}

// The local derivative: its formula, the same with numbers, and the result.
function localOf(graph, names, node, part) {
  const { op, array } = graph.nodes, rule = graph.ops[op[node]].rules[part.edge - graph.edges.start[node]];
  if (rule === null || rule === undefined) return part.local === null ? "" : shown(part.local);
  const formula = filled(rule, letters(graph, node, i => names[i], "arrived"));
  if (part.local === null) return formula;
  const isLarge = rule.length > 60 || [node, part.input].some(i => array[i]);
  const numbers = isLarge ? "" : filled(rule, letters(graph, node, i => shown(valueOf(graph, i)), "arrived"));
  return equated([formula, numbers, shown(part.local)]);
}

function productOf(part, arrived) {
  if (part.local === null) return shown(part.part);
  const product = arrived * part.local;
  if (Object.is(product, part.part) || product === part.part) return `${times(arrived, part.local)} = ${shown(part.part)}`;
  return `${times(arrived, part.local)} counts as ${shown(part.part)}`;
}

function sumOf(part) {
  if (typeof part.after === "string") return shown(part.after);
  return `${shown(part.before ?? 0)} + ${held(shown(part.part))} = ${shown(part.after)}`;
}

// What arrived at the node of a step is complete: all its users came before.
function wholeOf(page, plan, node) {
  const parts = partsTo(plan, node);
  if (node === page.graph.root) return ": the walk starts here";
  if (page.uses[node] < 2) return "";
  const sum = parts.length > 1 && parts.length <= 4 && parts.every(part => typeof part.part === "number")
    ? `${parts.map((part, i) => (i ? held(shown(part.part)) : shown(part.part))).join(" + ")}, ` : "";
  return `: ${sum}the sum of the parts of its ${page.uses[node]} uses`;
}

function sentenceOf(page, plan, count, hidden) {
  const { graph, names } = page, total = plan.steps.length, where = `Step ${count} of ${total}.`;
  if (!count) return `${where} Forward is done: every box has its data. No gradient yet.`;
  const { box, inner, parts } = plan.steps[count - 1], end = count === total ? " Every gradient is complete." : "";
  if (box[0] !== "n") return `${where} ${page.title(plan, box)}: ${isSealed(graph, box.slice(1)) ? "its values are taken whole" : `${inner.length.toLocaleString("en")} steps, taken together`}.${end}`;
  const { node, arrived } = inner[0], given = `${where} ${formulaOf(graph, names, node)}. Gradient ${shown(arrived)} arrived.`;
  if (hidden) return `${given} Predict what each input gets, then choose Show.`;
  const added = parts.map(part => (part.before === null ? `${page.fullNames[part.input]} gets ${shown(part.part)}, and has ${shown(part.after)} now.`
    : `${page.fullNames[part.input]} gets ${shown(part.part)} more, added to ${shown(part.before)}, and has ${shown(part.after)} now.`));
  return `${given} ${added.join(" ")}${end}`;
}

function Guess({ part, name, text, isShown, onInput, onShow }) {
  const said = Number(text.trim().replace(",", ".").replaceAll("−", "-"));
  const isRight = text.trim() !== "" && Math.abs(said - part.part) <= 0.01 * Math.abs(part.part);
  if (isShown) return text.trim() === "" ? null : html`<p class="said">${isRight ? "✓ as you said" : `you said ${text.trim()}`}</p>`;
  return html`<label class="guess">What is added to ${name}.grad?
    <input type="text" inputmode="decimal" autocomplete="off" value=${text} onInput=${e => onInput(part.edge, e.target.value)}
      onKeyDown=${e => e.key === "Enter" && onShow()} /></label>`;
}

function Part({ page, plan, count, step, part, hidden, predicts, guesses, onGuess, onShow }) {
  const { graph, names } = page, { node, arrived } = step, name = names[part.input];
  const isArray = part.local === null, local = localOf(graph, names, node, part), use = useOf(page, plan, count, part, hidden);
  const many = step.parts.filter(other => other.input === part.input).length > 1;
  const place = many ? `, input ${part.edge - graph.edges.start[node] + 1}` : "";
  const guess = predicts && typeof part.part === "number" && html`<${Guess} part=${part} name=${name}
    text=${guesses[part.edge] ?? ""} isShown=${!hidden} onInput=${onGuess} onShow=${onShow} />`;
  const rows = isArray
    ? [["shape", shapeOf(graph, part.input)], ["rule", local], !hidden && ["adds", shown(part.part)], !hidden && ["grad now", sumOf(part)]]
    : [["local", html`${slope(names[node], name)} = ${local}`], !hidden && ["product", productOf(part, arrived)],
      !hidden && ["grad +=", html`${sumOf(part)}`]];
  return html`<section class="part"><h3>to <b>${page.fullNames[part.input]}</b>${place}</h3>
    <dl>${rows.filter(row => row && row[1]).map(([term, text]) => html`<div><dt>${term}</dt>
      <dd class=${term.startsWith("grad") ? "sum" : ""}>${text}</dd></div>`)}</dl>
    ${guess}${use && html`<p class="why">${use}</p>`}<${Note} graph=${graph} node=${part.input} /></section>`;
}

function shapeOf(graph, i) {
  const array = graph.nodes.array[i];
  return array ? `${array.shape.join(" × ") || "one number"}, ${array.dtype}` : "one number";
}

const Note = ({ graph, node }) => graph.notes?.nodes?.[node] && html`<p class="note">${graph.notes.nodes[node]}</p>`;

// A closed box, taken whole: what it adds to the boxes around it.
function Whole({ page, plan, step, hidden }) {
  const outside = new Map();
  for (const part of step.parts) if (plan.boxOf[part.input] !== step.box) outside.set(part.input, part);
  const shownOnes = [...outside.values()].slice(0, 12), rest = outside.size - shownOnes.length;
  const group = Number(step.box.slice(1)), size = sizeOf(page.graph, group, 0).toLocaleString("en");
  const all = plan.steps.reduce((sum, other) => sum + (other.box === step.box ? other.inner.length : 0), 0), count = step.inner.length;
  const how = count === all ? html`Its ${count.toLocaleString("en")} steps are taken whole, inside in the engine's own order.`
    : html`Boxes here use each other in a circle, so all goes in the engine's own order: now ${count.toLocaleString("en")} of its ${all.toLocaleString("en")} steps.`;
  return html`<p><b>${page.title(plan, step.box)}</b> is closed. ${isSealed(page.graph, group)
    ? `Its ${size} values are not in this page: they are taken whole.` : html`${how} Open it to see them.`}</p>
    ${hidden ? null : html`<dl class="whole">${shownOnes.map(part => html`<div><dt>${page.fullNames[part.input]}</dt>
      <dd>grad ${shown(part.after)} now</dd></div>`)}</dl>${rest > 0 && html`<p>and ${rest} more.</p>`}`}`;
}

function Panel({ page, plan, count, hidden, predicts, guesses, onGuess, onShow }) {
  const { graph, names } = page, total = plan.steps.length, heading = html`<h2>step ${count} of ${total}</h2>`;
  const whole = graph.notes?.whole && html`<p class="note">${graph.notes.whole}</p>`;
  if (!count) {
    return html`${heading}<p>Forward is done: every box has its data, and no box has a gradient yet.</p>
      <p>The walk back starts at <b>${names[graph.root]}</b>. Each step takes one box that has its whole gradient, and
      multiplies it by the local derivatives of the op that made it.</p>${whole}<${Note} graph=${graph} node=${graph.root} />`;
  }
  const step = plan.steps[count - 1], end = count === total && !hidden
    && html`<p class="end">The walk is complete: each value has its gradient.</p>${whole}`;
  const show = hidden && html`<button type="button" class="show" onClick=${onShow}>Show</button>`;
  if (step.box[0] !== "n") return html`${heading}<${Whole} page=${page} plan=${plan} step=${step} hidden=${hidden} />${show}${end}`;
  const inner = step.inner[0], { node, arrived } = inner, added = hidden ? "" : whyAdded(page, step);
  return html`${heading}<p class="formula">${formulaOf(graph, names, node)}</p>
    <p class="arrived"><span>arrived</span> ${slope(names[graph.root], names[node])} = <b>${shown(arrived)}</b>${wholeOf(page, plan, node)}</p>
    ${step.parts.map(part => html`<${Part} key=${part.edge} ...${{ page, plan, count, part, hidden, predicts, guesses, onGuess, onShow }} step=${{ ...inner, parts: step.parts }} />`)}
    ${!step.parts.length && html`<p>Nothing goes on from here: its inputs are constants, or the op has no rule.</p>`}
    ${added && html`<p class="why added">${added}</p>`}${show}${end}`;
}

const MOST_ROWS = 1000;

function Table({ page, plan, upTo }) {
  const { graph, names } = page, rows = plan.steps.slice(0, MOST_ROWS).flatMap((step, i) => {
    const head = [i + 1, step.box[0] === "n" ? formulaOf(graph, names, step.inner[0].node) : `${page.title(plan, step.box)}, taken whole`];
    if (i >= upTo) return [[...head, "?", "?", "?", "?", "?"]];
    if (step.box[0] !== "n") return [[...head, "", "", "", "", ""]];
    const { node, arrived } = step.inner[0];
    return step.parts.length ? step.parts.map(part => [...head, shown(arrived), names[part.input], localOf(graph, names, node, part),
      productOf(part, arrived), sumOf(part)]) : [[...head, shown(arrived), "", "", "", ""]];
  });
  return html`<table><caption>All steps of the backward pass</caption><thead><tr>
    ${["step", "op", "arrived", "to", "local", "product", "grad +="].map(text => html`<th scope="col">${text}</th>`)}</tr></thead>
    <tbody>${rows.map(row => html`<tr>${row.map((text, i) => (i ? html`<td>${text}</td>` : html`<th scope="row">${text}</th>`))}</tr>`)}</tbody></table>
    ${plan.steps.length > MOST_ROWS && html`<p>and ${plan.steps.length - MOST_ROWS} more steps.</p>`}`;
}
