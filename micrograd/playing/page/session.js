// What the page knows, and its one queue of requests. Play holds the numbers; the page shows its last answer.

import { read, written } from "./address.js";
import { useEffect, useState } from "./see/preact.js";

export class Lost extends Error {} // nobody answers any more
export class Gone extends Error {} // somebody answers who does not know this page's network

const FIRST = { screen: "play", settings: {}, step: 0, chosen: 0, path: "layers.0.neurons.0.w.0", shows: "weights",
  expression: "3*x**2 - 4*x + 5", values: { x: 3 }, of: "x", power: 0, code: null };
const PAUSE = 400; // milliseconds from a change to the new address
const TRIES = 10_000; // messages that a link may take to be at its step

const frame = () => new Promise(done => { requestAnimationFrame(done); });

export class Session {
  #ask; #queue = []; #isAsking = false; #listeners = new Set(); #timer = 0; #count = 0;
  #wanted = null; // the settings that were asked for last, until they are answered
  #chosen = 0; // the point; a new network forgets it

  constructor(ask) {
    this.#ask = ask;
    // state: the last answer that has the whole state; revision: how many there were. asks: whether the reader predicts
    // first; predicted: the last prediction, and for what it was made.
    this.now = { ...FIRST, state: null, revision: 0, waits: "", runs: false, starts: false, asks: true, predicted: { key: "", word: "" },
      said: "", error: "", lost: "", rate: 0.1 };
  }

  // The store

  set(change) {
    this.now = { ...this.now, ...change };
    for (const listener of this.#listeners) listener();
    clearTimeout(this.#timer);
    if (this.now.state && !this.now.runs) this.#timer = setTimeout(() => this.#keepAddress(), PAUSE);
  }

  watch(listener) {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  // The queue: one request at a time, so that an answer belongs to what was asked last.

  // A request with a key takes the place of one with the same key that still waits; that one gets null.
  request(message, key = "") {
    return new Promise(done => {
      const old = key && this.#queue.find(item => item.key === key);
      if (old) { old.done(null); Object.assign(old, { message, done }); }
      else this.#queue.push({ message, key, done });
      this.#pump();
    });
  }

  async #pump() {
    if (this.#isAsking) return;
    this.#isAsking = true;
    while (this.#queue.length) {
      const { message, done } = this.#queue.shift();
      if (this.now.waits !== message.do && !this.now.runs) this.set({ waits: message.do }); // a run shows each answer
      done(this.now.lost ? { ok: false, error: this.now.lost } : await this.#answer(message));
    }
    this.#isAsking = false;
    if (this.now.waits) this.set({ waits: "" });
  }

  async #answer(message) {
    try {
      return await this.#send(message).catch(async error => {
        if (!(error instanceof Gone)) throw error;
        const wrong = await this.#restart(this.#place());
        return wrong ? { ok: false, error: wrong } : this.#send(message);
      });
    } catch (error) {
      this.set({ lost: error.message, runs: false });
      return { ok: false, error: error.message };
    }
  }

  async #send(message) {
    const answer = await this.#ask({ id: this.#count += 1, ...message });
    if (answer.ok && answer.layers) this.set({ state: answer, revision: this.now.revision + 1 });
    if (answer.ok && answer.layers && message.do !== "new") this.#chosen = answer.chosen;
    if (answer.ok && (message.do === "new" || message.do === "goto")) this.set({ rate: answer.rate });
    return answer;
  }

  // What changes the network

  // A change; an error is said. Gives the answer; null after an error, or where a later request took its place.
  async change(message, key = "") {
    const answer = await this.request(message, key);
    if (!answer) return null;
    const error = answer.ok ? "" : answer.error;
    if (error !== this.now.error) this.set({ error });
    return answer.ok ? answer : null;
  }

  step() { return this.change({ do: "step", n: 1, rate: this.now.rate }); }

  async run() {
    if (this.now.runs) { this.set({ runs: false, waits: this.#isAsking ? "step" : "" }); return; } // a last step comes
    this.set({ runs: true });
    let answer = this.step();
    while (await answer && this.now.runs) {
      answer = this.step(); // while this one is computed, the one before is shown
      await frame();
    }
    if (this.now.runs) this.set({ runs: false });
  }

  goto(step) { this.set({ runs: false }); return this.change({ do: "goto", step }, "goto"); }

  // The same start: the weights of the same seed, the points and the rate of now.
  startAgain() {
    const { settings: { edits }, points } = this.now.state, isOwn = edits.some(edit => edit.do !== "rate" && edit.do !== "set");
    return this.start(() => (isOwn ? { data: { name: "own", points } } : {}));
  }

  // A new network; change gives what is new in the settings. The chosen point stays chosen, if it is there.
  async start(change) {
    this.set({ runs: false });
    const { edits, ...settings } = this.#wanted ?? this.now.state.settings, chosen = this.#chosen;
    const wanted = { ...settings, rate: this.now.rate, ...change(settings) };
    this.#wanted = wanted; // a change that comes before the answer goes on from here
    const state = await this.change({ do: "new", ...wanted });
    if (this.#wanted === wanted) this.#wanted = null;
    if (!state) return null;
    const path = pathsOf(state.layers).includes(this.now.path) ? this.now.path : FIRST.path;
    this.set({ path });
    return this.change({ do: "choose", index: Math.min(Math.max(chosen, -1), state.points.length - 1) });
  }

  // Places: what an address holds

  #place() {
    const { state, screen, path, shows, rate, expression, values, of, power, code } = this.now;
    const place = { screen, settings: state.settings, step: state.step, chosen: state.chosen, path, shows, rate,
      expression, values, of, power };
    return code === null ? place : { ...place, code };
  }

  link() { return `#${written(this.#place())}`; }

  #keepAddress() { if (!this.now.lost) history.replaceState(null, "", this.link()); }

  // The page of an address; the first page where it holds none.
  async open(hash) {
    let place = {}, error = "";
    try { place = read(hash) ?? {}; } catch (wrong) { error = wrong.message; }
    place = { ...FIRST, ...place };
    const { screen, path, shows, expression, values, of, power, code } = place;
    this.set({ screen, path, shows, expression, values, of, power, code, runs: false, error, said: "" });
    try {
      const wrong = await this.#restart(place);
      if (!wrong) return;
      await this.#restart(FIRST);
      this.set({ error: `The link of this page is not right, so the page starts anew. ${wrong}` });
    } catch (lost) {
      this.set({ lost: lost.message });
    }
  }

  // Play at a place, without the queue; gives what is wrong with the place.
  async #restart({ settings, step, chosen, rate }) {
    let answer = await this.#ask({ id: 0, do: "new", ...settings, grid: step || chosen >= 0 ? 0 : 28 });
    for (let tries = 0; answer.ok && answer.step < step && tries < TRIES; tries += 1) {
      this.set({ said: `The link is at step ${step}. Now at step ${answer.step}.` });
      answer = await this.#ask({ id: 0, do: "step", n: Math.min(step - answer.step, 2000), grid: 0 });
    }
    if (answer.ok) answer = await this.#send({ do: "choose", index: chosen });
    if (!answer.ok) return answer.error;
    const paths = pathsOf(answer.layers);
    this.set({ said: "", rate: rate ?? answer.rate, path: paths.includes(this.now.path) ? this.now.path : paths[0] });
    return "";
  }
}

// How many points, in words

export const counted = points => `${points.length} ${points.length === 1 ? "point" : "points"}`;
export const allOf = points => (points.length === 1 ? "the one point" : `all ${points.length} points`);

// Names of parameters, in the order of micrograd's own

export const pathsOf = layers => layers.flatMap((layer, i) => layer.w.flatMap((w, j) =>
  [...w.map((_, k) => `layers.${i}.neurons.${j}.w.${k}`), `layers.${i}.neurons.${j}.b`]));

export function parameterOf(layers, path) {
  const [, i, , j, kind, k] = path.split("."), layer = layers[i];
  if (!layer?.w[j]) return null;
  const [value, slope] = kind === "b" ? [layer.b[j], layer.gb?.[j]] : [layer.w[j][k], layer.gw?.[j][k]];
  return { layer: Number(i), neuron: Number(j), input: kind === "b" ? -1 : Number(k), value, slope: slope ?? null };
}

// The prediction that the reader has made of the chosen parameter, as it is now; "" for none.
export const predictionOf = ({ path, revision, predicted }) => (predicted.key === `${path} ${revision}` ? predicted.word : "");

// The parameter whose gradient is not shown yet: the reader predicts it first.
export const hiddenOf = now => (now.asks && !now.runs && !predictionOf(now) ? now.path : "");

// Hooks

export function useSession(session) {
  const [, again] = useState(0);
  useEffect(() => session.watch(() => again(n => n + 1)), [session]);
  return session.now;
}

// The answer to a question about what is shown: asked again when the question or the numbers change.
// isFresh is false while the answer to an older question is shown.
export function useAnswer(session, message, revision = 0) {
  const key = message && JSON.stringify([message, revision]), [got, setGot] = useState({ key: null, answer: null });
  useEffect(() => {
    if (!key) return undefined;
    let isWanted = true;
    session.request(message, `ask ${message.do}`).then(answer => { if (isWanted && answer) setGot({ key, answer }); });
    return () => { isWanted = false; };
  }, [key]);
  return { answer: key ? got.answer : null, isFresh: got.key === key };
}
