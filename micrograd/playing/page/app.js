// The page of `micrograd play`: its screens, and what stands above them.

import { SCREENS } from "./address.js";
import { DerivativeScreen } from "./derivative.js";
import { copied } from "./dialog.js";
import { InsideScreen } from "./inside.js";
import { OwnScreen } from "./own.js";
import { PlayScreen, sentence } from "./play.js";
import { useTheme } from "./see/page.js";
import { html, render, useEffect, useState } from "./see/preact.js";
import { Session, useSession } from "./session.js";
import { takeToken } from "./local.js";

const PAUSE = 1500; // milliseconds between two sentences of a run
const ABOUT = {
  play: html`A small network learns to tell two kinds of points apart. Each <b>Step</b> computes the gradient of the loss, over all points, and moves every
    weight a little against it. Add points, move them, step, and watch what changes.`,
  inside: html`This is how backpropagation computes the gradients of <b>one point</b>'s loss. Each step takes one box that has its whole gradient, and passes a
    part to each of its inputs. A value that is used twice gets two parts, and they are <b>added</b>.`,
  derivative: html`A derivative is a slope: how fast the result changes when one number changes. The <b>secant</b> goes through two points of the curve, h apart.
    Make h smaller, and it turns into the <b>tangent</b>.`,
  own: html`Write a program with micrograd's <b>Value</b>, and see its graph. Or write a class Value of your own, as in the tutorials, and let the grader say what is
    right and what is not yet.`,
};

const Part = { play: PlayScreen, inside: InsideScreen, derivative: DerivativeScreen, own: OwnScreen };

// What a screen reader hears: during a run only now and then.
function useSentence({ state, runs, said, screen }) {
  const now = said || (state && (screen === "play" || screen === "inside") ? sentence(state) : ""), [heard, setHeard] = useState({ text: "", at: 0 });
  useEffect(() => {
    if (!runs) { setHeard({ text: now, at: 0 }); return; }
    if (Date.now() - heard.at > PAUSE) setHeard({ text: now, at: Date.now() });
  }, [now, runs]);
  return heard.text;
}

function App({ session, isHosted }) {
  const now = useSession(session), { screen, state, lost, error, waits, runs } = now, [isDark, switchTheme] = useTheme(), [link, setLink] = useState("");
  const text = useSentence(now), Screen = Part[screen];
  const go = next => {
    if (next === screen) return;
    history.pushState(null, "", session.link());
    session.set({ screen: next, runs: false, error: "" });
  };
  const copyLink = async () => {
    history.replaceState(null, "", session.link());
    setLink(await copied(location.href));
    setTimeout(() => setLink(""), 4000);
  };
  return html`<header><h1>micrograd play</h1>
      <nav aria-label="Screens">${Object.entries(SCREENS).map(([word, name]) =>
        html`<button type="button" aria-current=${word === screen ? "page" : null} disabled=${!state} onClick=${() => go(word)}>${name}</button>`)}</nav>
      <div class="bar">${isHosted && state && html`<a href="docs/index.html">Docs</a>`}<button type="button" disabled=${!state} onClick=${copyLink}>Copy link</button>
        <button type="button" onClick=${switchTheme}>${isDark ? "Light" : "Dark"}</button><span role="status">${link}</span></div></header>
    <main class="screen" aria-busy=${String(waits !== "" || lost !== "")}>
      ${lost && html`<p class="problem lost" role="alert"><b>${state ? "What you see is old." : "The page cannot start."}</b> ${lost}</p>`}
      ${error && !lost && html`<p class="problem" role="alert">${error} <button type="button" onClick=${() => session.set({ error: "" })}>Close</button></p>`}
      <p class="about">${ABOUT[screen]}</p>
      <p class="sentence" role="status">${text}</p>
      <p class="awaited" aria-hidden="true">${waits !== "" && !runs && !lost ? "Waiting for the answer …" : ""}</p>
      ${state ? html`<${Screen} session=${session} theme=${isDark} />` : !lost && html`<p class="waiting">${now.said || "Loading …"}</p>`}</main>`;
}

async function start() {
  const token = await takeToken(), { connect } = await (token ? import("./local.js") : import("./pyodide.js"));
  const session = new Session(connect(token, said => session.set({ said })));
  const page = document.getElementById("page");
  page.textContent = "";
  render(html`<${App} session=${session} isHosted=${!token} />`, page);
  window.addEventListener("hashchange", () => session.open(location.hash));
  await session.open(location.hash);
}

start();
