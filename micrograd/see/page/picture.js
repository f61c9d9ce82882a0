// The picture: dagre says where boxes lie; lines and boxes are drawn here.

import { CONSTANT, number, shown, sizeOf } from "./numbers.js";

export const CHAR = 7.4, ROW = 18, LONGEST = 26, MANY = 60;
export const cut = text => (text.length > LONGEST ? `${text.slice(0, LONGEST - 1)}…` : text);
const SIGNS = { "*": "×", "-": "−", "/": "÷" };
const badgeText = symbol => (symbol.length > 14 ? `${symbol.slice(0, 13)}…` : SIGNS[symbol] ?? symbol);

// What stands in a box, without its gradient.
function contents(graph, names, box) {
  const { op, array } = graph.nodes, i = box.node;
  if (i < 0) {
    const { name } = graph.groups[box.group], isRest = box.id[0] === "m";
    const values = `${sizeOf(graph, box.group, box.members.length).toLocaleString("en")} values`;
    if (!isRest) return { title: name, data: values, sign: "" };
    const inside = new Set(box.members.map(m => graph.nodes.group[m]).map(g => sampleOf(graph, g)));
    return { title: `${inside.size} more samples`, data: values, sign: "" };
  }
  const data = array[i] ? arrayText(array[i]) : `data ${shown(number(graph.nodes.data[i]))}`;
  return { title: names[i], data, sign: op[i] >= 0 ? badgeText(graph.ops[op[i]].symbol) : "" };
}

// A short row is its numbers. Of another array the shape, with a word: "data 2" would be taken for a number.
function arrayText({ shape, shown }) {
  return shape.length < 2 && shown.length <= 12 ? shown : `array of ${shape.join(" × ")}`;
}

function sampleOf(graph, g) {
  while (g >= 0 && graph.groups[g].kind !== "sample") g = graph.groups[g].parent ?? -1;
  return g;
}

export const gradText = (graph, i, g) => (graph.nodes.array[i] && g !== null ? "here" : shown(g));

function measured(graph, names, walk, box) {
  const text = contents(graph, names, box), isConstant = graph.nodes.op[box.node] === CONSTANT;
  const isGroup = box.node < 0, grad = isGroup ? "" : `grad ${gradText(graph, box.node, walk.grad[box.node])}`;
  const lines = isConstant ? (graph.nodes.label[box.node] ? 2 : 1) : isGroup ? 2 : 3; // a number is the name of a constant without one
  const widest = Math.max(...[cut(text.title), lines > 1 ? text.data : "", lines > 2 ? grad : ""].map(t => t.length), isConstant ? 2 : 8);
  const badge = text.sign ? Math.max(28, text.sign.length * CHAR + 14) : 0, indent = badge ? badge / 2 + 5 : 11;
  const inner = indent + widest * CHAR + 11, height = lines * ROW + (lines > 1 ? 14 : 8);
  return { ...box, ...text, lines, isConstant, isGroup, badge, indent, inner, width: inner + badge / 2, height };
}

export function layoutOf(graph, names, walk, plan) {
  const g = new dagre.graphlib.Graph({ multigraph: true, compound: true });
  g.setGraph({ rankdir: "LR", nodesep: 16, ranksep: 18, edgesep: 12, marginx: 12, marginy: 12 });
  const boxes = plan.boxes.map(box => measured(graph, names, walk, box));
  for (const box of boxes) g.setNode(box.id, { width: box.width, height: box.height });
  for (const box of boxes) {
    box.chain.forEach((group, at) => {
      if (!g.hasNode(`f${group}`)) g.setNode(`f${group}`, {});
      if (at) g.setParent(`f${group}`, `f${box.chain[at - 1]}`);
    });
    if (box.chain.length) g.setParent(box.id, `f${box.chain.at(-1)}`);
  }
  // Lines from parameters to closed boxes go nearly everywhere: they are seen when one end is chosen.
  const kindOf = id => graph.groups[id[0] === "n" ? graph.nodes.group[id.slice(1)] : id.slice(1)]?.kind;
  const isAside = link => kindOf(link.from) === "parameters" && (link.from[0] === "g" || link.to[0] !== "n");
  // From the end: dagre then puts first inputs above second ones.
  for (const link of [...plan.links].reverse()) if (!isAside(link)) g.setEdge(link.from, link.to, { width: 74, height: 22, labelpos: "c" }, link.key);
  layOut(g, plan.boxes.length > MANY);
  const placed = new Map(boxes.map(box => {
    const { x, y } = g.node(box.id), left = x - box.width / 2;
    return [box.id, { ...box, x: left + box.badge / 2, y: y - box.height / 2, middle: y, left, right: left + box.width }];
  }));
  const drawn = plan.links.map(link => {
    const a = placed.get(link.from), b = placed.get(link.to), begin = { x: a.right, y: a.middle }, end = { x: b.left, y: b.middle };
    if (isAside(link)) return { ...link, isAside: true, x: (begin.x + end.x) / 2, y: (begin.y + end.y) / 2, path: curve([begin, end]) };
    const { points, x, y } = g.edge(link.from, link.to, link.key);
    return { ...link, x, y, path: curve([begin, ...points.slice(1, -1), end]) };
  });
  const frames = [...new Set(boxes.flatMap(box => box.chain))].map(group => {
    const { x, y, width, height } = g.node(`f${group}`);
    return { group, left: x - width / 2, right: x + width / 2, top: y - height / 2, middle: y, width, height };
  });
  const { width, height } = g.graph();
  return { boxes: placed, links: drawn, frames, width: width || 100, height: height || 60 };
}

// The second way takes half of the time, and its lines cross more often.
function layOut(g, isLarge) {
  const rankers = ["network-simplex", "tight-tree"];
  for (const ranker of isLarge ? rankers.reverse() : rankers) {
    try { g.graph().ranker = ranker; dagre.layout(g); return; } catch { /* dagre fails where a bend falls on the middle of a box */ }
  }
  dagre.layout(g, { disableOptimalOrderHeuristic: true }); // the frames do not hold their boxes then
}

function curve([first, ...rest]) {
  let path = `M${first.x},${first.y}`, before = first;
  for (const to of rest) {
    const half = (before.x + to.x) / 2;
    path += `C${half},${before.y} ${half},${to.y} ${to.x},${to.y}`;
    before = to;
  }
  return path;
}

// What the chip on a line says: the sum of what goes along it in this step.
export function chipText(parts) {
  const inputs = new Set(parts.map(part => part.input));
  if (inputs.size > 1) return `+ ${inputs.size} parts`;
  if (typeof parts[0].part === "string") return "+ array";
  const sum = parts.reduce((total, part) => total + part.part, 0);
  return sum < 0 ? `− ${shown(-sum)}` : `+ ${shown(sum)}`;
}
