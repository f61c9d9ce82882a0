// The fourth screen: the reader's own program or engine, its graph, and the grader's words.

import { FreshGraph } from "./inside.js";
import { html, useEffect, useRef, useState } from "./see/preact.js";
import { Choice } from "./settings.js";
import { TEMPLATES } from "./templates.js";

const SIGN = { right: "✓", wrong: "✗", follows: "↳", limit: "!", absent: "○" };
const WORD = { right: "right", wrong: "not yet", follows: "follows from an earlier one", limit: "right, within limits", absent: "not there, and not asked for" };
const kindOf = check => (!check.ok ? (check.follows ? "follows" : "wrong") : ["limit", "absent"].includes(check.status) ? check.status : "right");

function Check({ check }) {
  const kind = kindOf(check), advice = check.follows ? [] : check.advice ?? [];
  return html`<li class=${kind}><b>${SIGN[kind]} ${WORD[kind]}:</b> ${check.name}${check.said && html`<pre>${check.said}</pre>`}
    ${advice.map(text => html`<p>${text}</p>`)}
    ${check.follows && html`<p class="caption">Follows from: ${String(check.follows)}</p>`}</li>`;
}

function Report({ answer }) {
  const asked = answer.checks.filter(check => kindOf(check) !== "absent"), right = asked.filter(check => check.ok).length;
  return html`<section aria-label="The grader's report"><h2>The grader</h2>
    <p role="status">${answer.passed ? "All checks passed." : `${right} of ${asked.length} checks are right. Begin with the first that is not.`}</p>
    <ol class="checks">${answer.checks.map((check, i) => html`<${Check} key=${i} check=${check} />`)}</ol>
    ${!answer.checks.length && html`<pre>${answer.report}</pre>`}</section>`;
}

function Result({ answer, onGo }) {
  return html`<section aria-label="What the program gave"><h2>What it gave</h2>
    ${answer.printed && html`<div class="scroll" tabindex="0" role="group" aria-label="What the program printed"><pre class="printed">${answer.printed}</pre></div>`}
    ${answer.error ? html`<div class="problem" role="alert"><pre>${answer.error}</pre>
      ${answer.line > 0 && html`<button type="button" onClick=${() => onGo(answer.line)}>Go to line ${answer.line}</button>`}</div>`
      : html`<p role="status">It ran to its end${Number.isFinite(answer.seconds) ? `, in ${answer.seconds.toFixed(2)} s` : ""}.${answer.printed ? "" : " It printed nothing."}</p>`}
    ${answer.graph ? html`<${FreshGraph} graph=${answer.graph} />` : !answer.error && html`<p class="caption">There is no graph to show: give a Value the name loss.</p>`}</section>`;
}

export function OwnScreen({ session }) {
  const code = session.now.code ?? TEMPLATES[0].code, field = useRef();
  const [shownAnswer, setAnswer] = useState(null), [waits, setWaits] = useState("");
  const ask = async word => {
    setWaits(word); setAnswer(null);
    const answer = await session.request({ do: word, code: field.current.value });
    setAnswer({ word, code: field.current?.value, ...answer }); setWaits("");
  };
  useEffect(() => { if (session.now.starts) { session.set({ starts: false }); ask("run"); } }, []); // who sent the reader here
  const go = line => {
    const lines = field.current.value.split("\n"), start = lines.slice(0, line - 1).join("\n").length + (line > 1 ? 1 : 0);
    field.current.focus();
    field.current.setSelectionRange(start, start + (lines[line - 1] ?? "").length);
  };
  const press = e => { // a new line begins below the one before
    if (e.key !== "Enter" || e.ctrlKey || e.metaKey || e.altKey || e.shiftKey) return;
    const before = field.current.value.slice(0, field.current.selectionStart).split("\n").at(-1), room = /^ */.exec(before)[0];
    e.preventDefault();
    document.execCommand("insertText", false, `\n${room}${/:\s*$/.test(before) ? "    " : ""}`);
  };
  const answer = shownAnswer, isOld = answer && answer.code !== code;
  return html`<div class="columns own"><section aria-label="Your program"><h2>Your program</h2>
      <${Choice} label="Begin with" value="" choices=${[["", "choose a template"], ...TEMPLATES.map(({ name }, i) => [i, name])]}
        onChoose=${i => i !== "" && session.set({ code: TEMPLATES[i].code })} />
      <label class="code">Python <textarea ref=${field} rows="24" wrap="off" spellcheck=${false} autocapitalize="off" value=${code} onKeyDown=${press}
        onInput=${e => session.set({ code: e.target.value })}></textarea></label>
      <p class="buttons"><button type="button" class="run" disabled=${waits !== ""} onClick=${() => ask("run")}>Run</button>
        <button type="button" disabled=${waits !== ""} onClick=${() => ask("grade")}>Grade</button>
        <span role="status">${waits && (waits === "run" ? "The program runs …" : "The engine is graded …")}</span></p>
      <p class="caption">Run shows what the program prints, and the graph of the Value that is called loss, L or out, or was named last. Grade looks for a class Value, and checks it. A program that does
        not end is stopped after some seconds.</p></section>
    <div>${isOld && html`<p class="problem">The program was changed since. This is what it gave before.</p>`}
      ${answer && !answer.ok && html`<p class="problem" role="alert">${answer.error}</p>`}
      ${answer?.ok && answer.word === "run" && html`<${Result} answer=${answer} onGo=${go} />`}
      ${answer?.ok && answer.word === "grade" && html`<${Report} answer=${answer} />`}
      ${!answer && !waits && html`<p class="caption">What the program gives is shown here: press Run.</p>`}</div></div>`;
}
