// The page: its state, buttons, keys, zoom.

import { Picture } from "./boxes.js";
import { CONSTANT, fullNamesOf, isSealed, namesOf } from "./numbers.js";
import { Panel, Table, sentenceOf } from "./panel.js";
import { layoutOf } from "./picture.js";
import { MOST_BOXES, MOST_OPEN, chainsOf, planOf } from "./plan.js";
import { html, render, useEffect, useLayoutEffect, useMemo, useRef, useState } from "./preact.js";
import { gradientsAfter, replay, usesOf } from "./replay.js";

const LEAST_SCALE = 0.72; // below that a phone shows texts too small to read
const SECOND = 1000;

function checked(graph) {
  if (graph.format !== "micrograd-graph" || graph.version !== 1)
    throw new Error(`This page shows version 1 of micrograd-graph, and not ${graph.format} ${graph.version}.`);
  graph.nodes.label ??= {}; graph.nodes.array ??= {}; graph.groups ??= []; graph.edges.adds ??= {};
  return graph;
}

export function pageOf(data) {
  const graph = checked(data);
  const names = namesOf(graph), title = (plan, box) => {
    const group = graph.groups[Number(box.slice(1))];
    return box[0] === "m" ? `The other samples of ${group.name}` : group.name;
  };
  return { graph, names, fullNames: fullNamesOf(graph, names), title, walk: replay(graph), uses: usesOf(graph), chains: chainsOf(graph) };
}

function viewOf(layout, size, look, place) {
  const fit = Math.min(size.width / layout.width, size.height / layout.height, 1.25);
  // What does not fit follows the step, and is never moved further than to its edge.
  const frame = layout.frames.find(f => `f${f.group}` === place), box = layout.boxes.get(place) ?? frame;
  const whole = frame ? Math.min(size.width / frame.width, size.height / frame.height) : 1; // what was just opened is seen whole
  const k = look.k ?? Math.max(fit, Math.min(LEAST_SCALE, Math.max(whole, 0.4)));
  if (look.x !== undefined) return { ...size, k, x: look.x, y: look.y };
  const roomX = size.width - k * layout.width, roomY = size.height - k * layout.height, along = (room, middle, length) =>
    (room >= 0 ? room / 2 : Math.min(0, Math.max(room, length / 2 - k * middle)));
  // Of a frame that is too large, its last box is seen: there its walk begins.
  const last = frame && [...layout.boxes.values()].filter(b => b.chain.includes(frame.group)).reduce((a, b) => (b.right > a.right ? b : a));
  const middle = !box ? 0 : frame ? Math.max((box.left + box.right) / 2, last.right + 60 - size.width / k / 2) : (box.left + box.right) / 2 - 80;
  const level = !box ? 0 : frame && k * frame.height > size.height ? last.middle : box.middle;
  return { ...size, k, x: along(roomX, middle, size.width), y: along(roomY, level, size.height) };
}

export function useTheme() {
  const [theme, setTheme] = useState("");
  const system = matchMedia("(prefers-color-scheme: dark)"), [, again] = useState(0);
  useEffect(() => {
    const look = () => again(n => n + 1);
    system.addEventListener("change", look);
    look(); // in a frame it may have changed since the first picture
  }, []);
  const isDark = theme ? theme === "dark" : system.matches;
  return [isDark, () => setTheme(document.documentElement.dataset.theme = isDark ? "light" : "dark")];
}

// The graph, the panel, the buttons and the table: a page of its own, or a part of one.
export function Stepper({ page }) {
  const { graph, names, walk, chains } = page;
  const all = () => new Set([...graph.groups.keys()].filter(g => graph.nodes.op.length <= MOST_OPEN && !isSealed(graph, g)));
  const [open, setOpen] = useState(all), [more, setMore] = useState(new Map()), [said, setSaid] = useState("");
  const [count, setCount] = useState(0), [plays, setPlays] = useState(false), [chosen, choose] = useState(null);
  const [predicts, setPredicts] = useState(false), [guesses, setGuesses] = useState({}), [seen, setSeen] = useState(new Set());
  const [hovered, hover] = useState(null), [place, setPlace] = useState(null), [look, setLook] = useState({}), [size, setSize] = useState({ width: 800, height: 420 });
  const [hasTable, setHasTable] = useState(false), svg = useRef(), panel = useRef(), grabbed = useRef(null);

  const [plan, setPlan] = useState(() => planOf(graph, walk, chains, open, more));
  const layout = useMemo(() => layoutOf(graph, names, walk, plan), [plan]);
  const total = plan.steps.length, step = count ? plan.steps[count - 1] : null;
  const hidden = predicts && step !== null && !seen.has(count);
  const grads = useMemo(() => gradientsAfter(graph, hidden ? [...plan.steps.slice(0, count - 1), { parts: [] }] : plan.steps.slice(0, count)),
    [plan, count, hidden]);
  const view = viewOf(layout, size, look, place ?? (step ? step.box : plan.boxOf[graph.root]));

  const go = to => { setCount(Math.max(0, Math.min(total, to))); setSaid(""); setPlace(null); if (look.x !== undefined && look.k) setLook({ k: look.k }); };
  useLayoutEffect(() => { panel.current.scrollTop = 0; }, [count]);
  useEffect(() => {
    if (!plays) return undefined;
    if (count >= total || hidden) { setPlays(false); return undefined; }
    const timer = setTimeout(() => go(count + 1), 1.2 * SECOND);
    return () => clearTimeout(timer);
  }, [plays, count, total, hidden]);
  const play = () => { if (!plays && count >= total) setCount(0); setPlays(!plays); };

  // A step of the new plan that is as far as the old one was.
  const change = (opened, morer, place) => {
    const next = planOf(graph, walk, chains, opened, morer);
    if (next.boxes.length > MOST_BOXES) { setSaid(`That would be ${next.boxes.length} boxes; at most ${MOST_BOXES} can be shown. Close others first.`); return; }
    const done = new Set(plan.steps.slice(0, count).flatMap(s => s.inner.map(i => i.node)));
    let at = 0;
    while (at < next.steps.length && next.steps[at].inner.every(i => done.has(i.node))) at += 1;
    setPlan(next); setOpen(opened); setMore(morer); setCount(at); setSeen(new Set()); setGuesses({}); setPlays(false); setLook({}); setSaid(""); setPlace(place);
  };
  const openBox = box => (isSealed(graph, box.group) ? setSaid(`${page.title(plan, box.id)} cannot be opened: this page has the top level alone.`)
    : box.id[0] === "m" ? change(open, new Map([...more, [box.group, (more.get(box.group) ?? 0) + 1]]), box.id)
    : change(new Set([...open, box.group]), more, `f${box.group}`));
  const closeGroup = group => change(new Set([...open].filter(g => g !== group)), more, `g${group}`);

  const zoom = (factor, at) => {
    const k = Math.max(0.05, Math.min(4, view.k * factor)), p = at ?? { x: size.width / 2, y: size.height / 2 };
    setLook({ k, x: p.x - (k / view.k) * (p.x - view.x), y: p.y - (k / view.k) * (p.y - view.y) });
  };
  const wheel = useRef(); wheel.current = e => { e.preventDefault(); const r = svg.current.getBoundingClientRect();
    zoom(Math.exp(-e.deltaY / 400), { x: e.clientX - r.left, y: e.clientY - r.top }); };
  useLayoutEffect(() => {
    const measure = () => { const { width, height } = svg.current.getBoundingClientRect(); if (width) setSize({ width, height }); };
    const turn = e => wheel.current(e), watcher = new ResizeObserver(measure);
    measure(); watcher.observe(svg.current); svg.current.addEventListener("wheel", turn, { passive: false });
    return () => watcher.disconnect();
  }, []);

  const order = [...layout.boxes.values()].sort((a, b) => a.x - b.x || a.y - b.y).map(box => box.id);
  const chooseNext = by => { const at = order.indexOf(chosen);
    const next = order[at < 0 ? 0 : (at + by + order.length) % order.length];
    choose(next); setPlace(next); };
  const keyInGraph = e => {
    const box = layout.boxes.get(chosen);
    if (e.key === "ArrowDown" || e.key === "ArrowUp") chooseNext(e.key === "ArrowDown" ? 1 : -1);
    else if (e.key === "Enter" && box?.isGroup) openBox(box);
    else if (e.key === "Escape" && box?.chain.length) closeGroup(box.chain.at(-1));
    else return;
    e.preventDefault(); e.stopPropagation();
  };
  const keys = useRef(); keys.current = e => {
    if (e.ctrlKey || e.metaKey || e.altKey || /^(INPUT|TEXTAREA|SELECT)$/.test(e.target.tagName)) return;
    const isButton = /^(BUTTON|A|SUMMARY)$/.test(e.target.tagName);
    const move = { ArrowRight: () => go(count + 1), ArrowLeft: () => go(count - 1), Home: () => go(0), End: () => go(total),
      " ": isButton ? null : play, Escape: () => choose(null) }[e.key];
    if (move) { move(); e.preventDefault(); }
  };
  useEffect(() => {
    const press = e => keys.current(e);
    document.addEventListener("keydown", press);
    return () => document.removeEventListener("keydown", press);
  }, []);

  const on = { ref: svg, key: keyInGraph, choose: id => choose(id === chosen ? null : id), open: openBox, close: closeGroup, hover,
    grab: e => { grabbed.current = { x: e.clientX, y: e.clientY, view }; },
    drag: e => { const from = grabbed.current;
      if (from && e.buttons) setLook({ k: from.view.k, x: from.view.x + e.clientX - from.x, y: from.view.y + e.clientY - from.y }); },
    drop: () => { grabbed.current = null; } };
  const sentence = said || sentenceOf(page, plan, count, hidden);
  const button = (label, text, act, isOff) => html`<button type="button" aria-label=${label} title=${label} onClick=${act} disabled=${isOff}>${text}</button>`;
  const closed = plan.boxes.filter(box => box.node < 0).length;
  return html`<div class="middle"><section class="graph" aria-label="Graph">
        <${Picture} ...${{ graph, plan, layout, view, grads, hidden, chosen, hovered, on, count, uses: page.uses }} current=${step} />
        <div class="foot"><p class="legend"><span class="data">data</span> <span class="grad">gradient</span> <span class="at">this step</span>
          <span class="gets">receives</span>${page.uses.some((n, i) => n > 1 && graph.nodes.op[i] !== CONSTANT) && html` <span class="came">came before</span>`}${closed > 0 && html` <span class="group">${closed} closed, each taken whole</span>`}</p>
          <div class="zoom">${button("Zoom in", "+", () => zoom(1.25))}${button("Zoom out", "−", () => zoom(0.8))}
          <button type="button" onClick=${() => setLook({ k: Math.min(size.width / layout.width, size.height / layout.height, 1.25) })}>Fit</button></div></div>
      </section>
      <section class="panel" aria-label="This step" tabindex="0" ref=${panel}><${Panel} ...${{ page, plan, count, hidden, predicts, guesses }}
        onGuess=${(edge, text) => setGuesses({ ...guesses, [edge]: text })} onShow=${() => setSeen(new Set([...seen, count]))} /></section></div>
      <div class="controls" role="group" aria-label="Steps">
        ${button("Start", icon("M3 3h2v10H3zM13 3v10L6 8z"), () => go(0), !count)}${button("Back", icon("M12 2v12L3 8z"), () => go(count - 1), !count)}
        ${button(plays ? "Pause" : "Play", plays ? icon("M3 3h4v10H3zM9 3h4v10H9z") : icon("M2 3l6 5-6 5zM9 3h2v10H9zM13 3h2v10h-2z"), play)}
        ${button("On", icon("M4 2l9 6-9 6z"), () => go(count + 1), count >= total)}
        ${button("End", icon("M3 3v10l7-5zM11 3h2v10h-2z"), () => go(total), count >= total)}
        <input type="range" aria-label="Step" min="0" max=${total} value=${count} aria-valuetext=${sentence} onInput=${e => go(Number(e.target.value))} />
        <label class="predict"><input type="checkbox" checked=${predicts} onChange=${e => setPredicts(e.target.checked)} /> Predict first</label></div>
      <p class="status" role="status">${sentence}</p>
      <section class="steps" aria-label="All steps"><button type="button" aria-expanded=${String(hasTable)} onClick=${() => setHasTable(!hasTable)}>
        All steps as a table</button>
        <div class=${hasTable ? "table" : "table closed"} tabindex="0" role="group" aria-label="Table of all steps">
          <${Table} page=${page} plan=${plan} upTo=${predicts ? (hidden ? count - 1 : count) : total} /></div></section>`;
}

function App({ page }) {
  const { graph, names } = page, [isDark, switchTheme] = useTheme();
  return html`<header><h1>${graph.title || `The backward pass of ${names[graph.root]}`}</h1>
      <button type="button" onClick=${switchTheme}>${isDark ? "Light" : "Dark"}</button></header>
    <main><${Stepper} page=${page} /></main>`;
}

const icon = path => html`<svg class="icon" viewBox="0 0 16 16" width="16" height="16" aria-hidden="true"><path d=${path} /></svg>`;

function start() {
  const root = document.getElementById("page");
  try {
    render(html`<${App} page=${pageOf(JSON.parse(document.getElementById("graph").textContent))} />`, root);
  } catch (error) {
    root.textContent = error.message;
  }
}
