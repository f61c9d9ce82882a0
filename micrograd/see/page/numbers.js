// Numbers, names and formulas as text. A text of the user's goes into text nodes only.

const LEAF = -1, CONSTANT = -2;

// JSON has no nan and no inf: they come as texts.
const NAMED = { nan: NaN, inf: Infinity, "-inf": -Infinity };
const number = x => (Object.hasOwn(NAMED, x) ? NAMED[x] : x);

// Four digits, as everywhere in micrograd; an array is a text already.
function shown(x) {
  if (x === null || x === undefined) return "–";
  if (typeof x === "string") return x;
  if (typeof x === "boolean") return x ? "True" : "False";
  if (!Number.isFinite(x)) return x !== x ? "nan" : x > 0 ? "inf" : "−inf";
  const text = Number.isInteger(x) && Math.abs(x) < 1e6 ? String(x) : String(Number(x.toPrecision(4)));
  return text.replaceAll("-", "−");
}

const isPlain = text => /^[\p{L}\p{N}_.]+$/u.test(text);
const held = text => (isPlain(text) ? text : `(${text})`);
const slope = (root, name) => `∂${held(root)}/∂${held(name)}`;

const pretty = text =>
  text.replace(/\^([23])(?![\d.])/g, (_, digit) => (digit === "2" ? "²" : "³")).replaceAll(" * ", " × ").replaceAll("-", "−");

// A formula with texts in the place of {x}, {y}, {z}; in parentheses where they need some.
function filled(formula, texts) {
  return pretty(formula).replace(/\{(\w+)\}/g, (whole, name, at, all) => {
    const text = texts[name] ?? name, before = all[at - 1], after = all[at + whole.length];
    const isEnclosed = (before === undefined || before === "(" || all.slice(at - 2, at) === ", ")
      && (after === undefined || after === ")" || after === ",");
    return isEnclosed ? text : held(text);
  });
}

// "a = b = c", in which a piece that says the same as the one before is left out.
const equated = pieces => pieces.filter((piece, i) => piece && piece !== pieces[i - 1]).join(" = ");

// What each node is called: its label, its number if it is a constant, or else v1, v2 ...
function namesOf(graph) {
  const { op, data, label, array } = graph.nodes, taken = new Set(Object.values(label));
  let count = 0;
  return op.map((kind, i) => {
    if (label[i]) return label[i];
    if (kind === CONSTANT) return array[i] ? array[i].shown : shown(number(data[i]));
    do count += 1; while (taken.has(`v${count}`));
    return `v${count}`;
  });
}

// In sentences, where many neurons have an "out" or a "sum": whose it is.
function fullNamesOf(graph, names) {
  const { group, op } = graph.nodes, count = new Map();
  names.forEach((name, i) => { if (op[i] !== CONSTANT) count.set(name, (count.get(name) ?? 0) + 1); });
  return names.map((name, i) => (group[i] >= 0 && count.get(name) > 1 ? `${graph.groups[group[i]].name} > ${name}` : name));
}

// The inputs of an op are called x, y, w, x3, x4 ... in its formula.
const inputNames = count => ["x", "y", "w", ...Array.from({ length: Math.max(0, count - 3) }, (_, i) => `x${i + 3}`)];

// How many values a group has; one whose inside is not in this page says so itself.
const sizeOf = (graph, group, members) => graph.groups[group].count ?? members;
const isSealed = (graph, group) => graph.groups[group].count !== undefined;

const valueOf = (graph, i) => (graph.nodes.array[i] ? graph.nodes.array[i].shown : number(graph.nodes.data[i]));

// What stands for the letters of a node's formula: its inputs' names, or their numbers.
function letters(graph, node, textOf, arrived) {
  const { start, from } = graph.edges, inputs = from.slice(start[node], start[node + 1]);
  const texts = { z: textOf(node), g: arrived };
  inputNames(inputs.length).forEach((name, i) => { if (i < inputs.length) texts[name] = textOf(inputs[i]); });
  return texts;
}
