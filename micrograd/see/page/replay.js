// The walk back, from the local derivatives, in the engine's own order: users before inputs.

import { CONSTANT, number } from "./numbers.js";

export function replay(graph) {
  const { op } = graph.nodes, { start, from, local, adds = {}, after = {} } = graph.edges;
  const grad = op.map(() => null), steps = [];
  grad[graph.root] = number(graph.seed ?? 1);
  for (let node = op.length - 1; node >= 0; node -= 1) {
    if (op[node] < 0) continue;
    const arrived = grad[node], parts = [];
    for (let edge = start[node]; arrived !== null && edge < start[node + 1]; edge += 1) {
      const input = from[edge], factor = number(local[edge]);
      // What a product does not give stands in adds: of arrays, and 0 times inf where nobody asked.
      const part = adds[edge] !== undefined ? number(adds[edge]) : factor === null ? null : arrived * factor;
      if (op[input] === CONSTANT || part === null) continue;
      const before = grad[input];
      // The sums of arrays are texts as well; where they are not told, no number is made up.
      const isText = typeof part === "string" || typeof before === "string";
      grad[input] = after[edge] ?? (before === null ? part : isText ? "a sum of arrays" : before + part);
      parts.push({ edge, input, local: factor, part, before, after: grad[input] });
    }
    steps.push({ node, arrived, parts });
  }
  return { steps, grad };
}

// The gradients after these steps; null where there is none yet.
export function gradientsAfter(graph, steps) {
  const grad = graph.nodes.op.map(() => null);
  if (steps.length) grad[graph.root] = number(graph.seed ?? 1);
  for (const step of steps) for (const part of step.parts) grad[part.input] = part.after;
  return grad;
}

// How often each node is used, among the nodes that pass a gradient on.
export function usesOf(graph) {
  const uses = graph.nodes.op.map(() => 0);
  for (const input of graph.edges.from) uses[input] += 1;
  return uses;
}
