// Which boxes are shown when some groups are open, and the steps of the walk between them.

import { LEAF, number } from "./numbers.js";

export const MOST_BOXES = 400, MOST_OPEN = 60, SAMPLES_AT_ONCE = 4;

// Groups around each node, the outermost first.
export function chainsOf(graph) {
  const { groups } = graph, chains = groups.map(() => null);
  const chain = g => (g < 0 ? [] : (chains[g] ??= [...chain(groups[g].parent ?? -1), g]));
  return graph.nodes.group.map(chain);
}

// The largest gradient in each group: it is asked for by every plan, so it is found once.
const sizes = new WeakMap();
function sizesOf(graph, chains) {
  if (!sizes.has(graph)) {
    const size = graph.groups.map(() => 0);
    graph.nodes.grad.forEach((g, i) => { const own = Math.abs(number(g) ?? 0) || 0; for (const k of chains[i]) if (own > size[k]) size[k] = own; });
    sizes.set(graph, size);
  }
  return sizes.get(graph);
}

// Of more than 5 samples the ones with the largest gradients are shown, and a box for the rest.
function samplesShown(graph, chains, open, more) {
  const { groups } = graph, kept = new Map();
  groups.forEach((group, k) => {
    if (group.kind !== "samples" || !open.has(k)) return;
    const size = sizesOf(graph, chains), inside = groups.flatMap((other, i) => (other.parent === k && other.kind === "sample" ? [i] : []));
    const count = inside.length > SAMPLES_AT_ONCE + 1 ? SAMPLES_AT_ONCE * (1 + (more.get(k) ?? 0)) : inside.length;
    kept.set(k, new Set(inside.sort((a, b) => size[b] - size[a] || a - b).slice(0, count)));
  });
  return kept;
}

function boxOfEach(graph, chains, open, more) {
  const { op, group } = graph.nodes, { start, from } = graph.edges, kept = samplesShown(graph, chains, open, more);
  // The closed box around what is in a group; null where all around it is open. Parents stand first.
  const closed = [];
  graph.groups.forEach(({ kind, parent = -1 }, g) => {
    const around = parent < 0 ? null : closed[parent], isRest = kept.has(parent) && kind === "sample" && !kept.get(parent).has(g);
    closed.push(around ?? (isRest ? `m${parent}` : open.has(g) ? null : `g${g}`));
  });
  const boxOf = op.map((_, i) => closed[group[i]] ?? `n${i}`);
  // A parameter stands beside the open neuron that uses it.
  op.forEach((_, i) => {
    if (boxOf[i][0] !== "n") return;
    for (const x of from.slice(start[i], start[i + 1]))
      if (op[x] === LEAF && boxOf[x][0] === "g" && graph.groups[boxOf[x].slice(1)].kind === "parameters") boxOf[x] = `n${x}`;
  });
  return boxOf;
}

// Users before inputs, each box once; null where boxes use each other in a circle.
function orderOfBoxes(graph, walk, boxOf) {
  const { start, from } = graph.edges, users = new Map(), inputs = new Map();
  for (const { node } of walk.steps) {
    const box = boxOf[node];
    if (!inputs.has(box)) inputs.set(box, new Set());
    for (const x of from.slice(start[node], start[node + 1]))
      if (boxOf[x] !== box && graph.nodes.op[x] >= 0 && !inputs.get(box).has(boxOf[x])) {
        inputs.get(box).add(boxOf[x]);
        users.set(boxOf[x], (users.get(boxOf[x]) ?? 0) + 1);
      }
  }
  const place = new Map([...inputs.keys()].map((box, i) => [box, i])), order = [];
  const ready = [...inputs.keys()].filter(box => !users.get(box));
  while (ready.length) {
    const box = ready.splice(ready.reduce((best, b, i) => (place.get(b) < place.get(ready[best]) ? i : best), 0), 1)[0];
    order.push(box);
    for (const x of inputs.get(box)) {
      users.set(x, users.get(x) - 1);
      if (!users.get(x)) ready.push(x);
    }
  }
  return order.length === inputs.size ? order : null;
}

// A closed box is one step, taken whole; in a circle, each run of the engine's own order in it is one.
function stepsOf(graph, walk, boxOf) {
  const runs = [], order = walk.steps.every(s => boxOf[s.node][0] === "n") ? null : orderOfBoxes(graph, walk, boxOf);
  if (order) {
    const byBox = new Map(order.map(box => [box, []]));
    for (const step of walk.steps) byBox.get(boxOf[step.node]).push(step);
    runs.push(...byBox);
  } else {
    for (const step of walk.steps) {
      const box = boxOf[step.node], last = runs.at(-1);
      if (last && last[0] === box) last[1].push(step);
      else runs.push([box, [step]]);
    }
  }
  if (!order) return runs.map(([box, inner]) => ({ box, inner, parts: inner.flatMap(s => s.parts) }));
  const sum = graph.nodes.op.map(() => null), left = graph.nodes.op.map(() => 0);
  for (const { parts } of walk.steps) for (const { input } of parts) left[input] += 1;
  return runs.map(([box, inner]) => ({ box, inner, parts: inner.flatMap(s => s.parts).map(part => {
    const { input } = part, before = sum[input], isLast = (left[input] -= 1) === 0;
    const isText = typeof part.part === "string";
    sum[input] = isText ? (isLast ? walk.grad[input] : "a part of it") : before === null ? part.part : before + part.part;
    return { edge: part.edge, input, local: part.local, part: part.part, before, after: sum[input] };
  }) }));
}

export function planOf(graph, walk, chains, open, more) {
  const { op } = graph.nodes, { start, from } = graph.edges, boxOf = boxOfEach(graph, chains, open, more);
  const boxes = new Map(), links = new Map();
  op.forEach((_, i) => {
    const id = boxOf[i];
    if (!boxes.has(id)) boxes.set(id, { id, node: id[0] === "n" ? i : -1, group: id[0] === "n" ? -1 : Number(id.slice(1)), members: [], chain: [] });
    boxes.get(id).members.push(i);
    if (id[0] === "n") boxes.get(id).chain = chains[i].filter(g => open.has(g));
    else boxes.get(id).chain = chains[i].slice(0, chains[i].indexOf(Number(id.slice(1))) + (id[0] === "m" ? 1 : 0));
  });
  op.forEach((_, i) => {
    for (let edge = start[i]; edge < start[i + 1]; edge += 1) {
      const a = boxOf[from[edge]], b = boxOf[i];
      if (a === b) continue;
      const key = a[0] === "n" && b[0] === "n" ? `e${edge}` : `${a}-${b}`;
      if (!links.has(key)) links.set(key, { key, from: a, to: b, edges: new Set() });
      links.get(key).edges.add(edge);
    }
  });
  return { boxOf, boxes: [...boxes.values()], links: [...links.values()], steps: stepsOf(graph, walk, boxOf) };
}
