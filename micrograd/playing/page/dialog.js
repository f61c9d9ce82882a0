// A text over the page, with a button that copies it.

import { html, useEffect, useRef, useState } from "./see/preact.js";

export async function copied(text) {
  try { await navigator.clipboard.writeText(text); return "Copied."; } catch { return "The browser does not allow it: select the text, and copy it by hand."; }
}

export function Dialog({ title, answer, field, about, onClose }) {
  const box = useRef(), [said, setSaid] = useState(""), text = answer?.ok ? answer[field] : "";
  useEffect(() => { box.current.showModal(); }, []);
  return html`<dialog ref=${box} aria-label=${title} onClose=${onClose} aria-busy=${String(!answer)}>
    <div class="bar"><h2>${title}</h2><button type="button" onClick=${() => box.current.close()}>Close</button></div>
    <p>${about}</p>
    ${!answer && html`<p role="status">Waiting for the text …</p>`}
    ${answer && !answer.ok && html`<p class="problem" role="alert">${answer.error}</p>`}
    ${text && html`<pre tabindex="0">${text}</pre>
      <p class="buttons"><button type="button" onClick=${async () => setSaid(await copied(text))}>Copy</button> <span role="status">${said}</span></p>`}
  </dialog>`;
}
