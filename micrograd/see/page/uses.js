// Why += : the parts that come to a value that is used more than once.

// The parts of each value, in the order of the steps: found once for each plan.
const comings = new WeakMap();
function partsTo(plan, input) {
  if (!comings.has(plan)) {
    const all = new Map();
    plan.steps.forEach((step, at) => { for (const part of step.parts) {
      if (!all.has(part.input)) all.set(part.input, []);
      all.get(part.input).push({ ...part, at });
    } });
    comings.set(plan, all);
  }
  return comings.get(plan).get(input) ?? [];
}

const often = n => (n === 2 ? "twice" : `${n} times`);

const spoken = part => (typeof part.part === "string" ? "a part" : shown(part.part));

// Where a part comes from: the value that uses this one, or the closed box that it is in.
function placeOf(page, plan, part) {
  const { box, inner, parts } = plan.steps[part.at];
  if (box[0] !== "n") return page.title(plan, box);
  const { node } = inner[0], isOne = parts.filter(other => other.input === part.input).length === 1;
  return isOne ? page.fullNames[node] : `${page.fullNames[node]} (input ${part.edge - page.graph.edges.start[node] + 1})`;
}

const MOST_TOLD = 3;

// "10 came from L, 6 from z", or their sum where there are many.
function cameBefore(page, plan, before, sum) {
  if (before.length > MOST_TOLD) return `${typeof sum === "string" ? "a part" : shown(sum)} came from ${before.length} uses before`;
  return before.map((part, i) => `${spoken(part)} ${i ? "" : "came "}from ${placeOf(page, plan, part)}`).join(", ");
}

// Which part came from which use; of a step to predict, only what came in earlier steps.
function useOf(page, plan, count, part, hidden) {
  const all = partsTo(plan, part.input);
  if (page.uses[part.input] < 2 || all.length < 2) return "";
  const n = all.findIndex(other => other.edge === part.edge), before = all.slice(0, n).filter(other => !hidden || other.at < count - 1);
  const head = `${page.fullNames[part.input]} is used ${often(page.uses[part.input])}`;
  const came = before.length ? cameBefore(page, plan, before, before.at(-1).after) : "";
  if (hidden) return came ? `${head}: ${came}.` : `${head}.`;
  const now = `${spoken(part)} comes now from ${placeOf(page, plan, all[n])}`, rest = all.length - n - 1;
  const later = came || !rest ? "" : ` The other ${rest > 1 ? "parts are" : "part is"} added later.`;
  return `${head}: ${came ? `${came}, ` : ""}${now}.${later}`;
}

// Said once in a step that adds to what is there.
function whyAdded(page, step) {
  const last = new Map(step.parts.filter(part => part.before !== null).map(part => [part.input, part]));
  if (!last.size) return "";
  const { graph, names, fullNames } = page, told = [...last.values()].slice(0, MOST_TOLD);
  const wrong = told.filter(part => typeof part.after === "number" && shown(part.part) !== shown(part.after))
    .map(part => `${names[part.input]}.grad would be ${shown(part.part)}, not ${shown(part.after)}`);
  return `A change of ${told.map(part => fullNames[part.input]).join(" or ")} reaches ${fullNames[graph.root]} through each use, so the parts are added (+=). `
    + `With = here, the new part would replace the old${wrong.length ? `: ${wrong.join("; ")}` : ""}.`;
}
