// The transport to the server of `micrograd play`, on this machine.

import { Gone, Lost } from "./session.js";

const KEPT = "micrograd play: token"; // for a reload, and for a link in another tab
const ENDED = "The server does not answer: it was ended. Start it again in a terminal: micrograd play. "
  + "Then open the address that it prints, with & and all that stands after # here put behind it.";
const OTHER = "The server was started again, and does not know this page. Open the address that it printed last.";

const page = crypto.randomUUID();
const post = (token, request) => fetch("play", { method: "POST", body: JSON.stringify(request),
  headers: { "Content-Type": "application/json", "X-Micrograd-Token": token, "X-Micrograd-Page": page } });

// The token, from #token=... of the printed address, which then leaves the address; null where there is no such server.
export async function takeToken() {
  const [, token, rest] = /^#token=([^&]+)&?(.*)$/.exec(location.hash) ?? [];
  if (token) {
    localStorage.setItem(KEPT, token);
    history.replaceState(null, "", `#${rest}`);
    return token;
  }
  const kept = localStorage.getItem(KEPT), answer = kept && await post(kept, { id: 0, do: "new", grid: 0 }).catch(() => null);
  if (answer && !answer.ok) localStorage.removeItem(KEPT); // another server now has this address
  return answer?.ok ? kept : null;
}

export function connect(token) {
  return async function ask(request) {
    let response;
    try {
      response = await post(token, request);
    } catch {
      throw new Lost(ENDED);
    }
    if (response.status === 403) throw new Lost(OTHER);
    if (response.status === 410) throw new Gone();
    const answer = await response.json().catch(() => ({ error: "It is no server of micrograd play." }));
    if (!response.ok) throw new Lost(`The server answers with status ${response.status}. ${answer.error}`);
    return answer;
  };
}
