// The transport to the server of `micrograd play`, on this machine.

import { Gone, Lost } from "./session.js";

const KEPT = "micrograd play: token"; // for a reload, in this tab only
const ENDED = "The server does not answer: it was ended. Start it again in a terminal: micrograd play. "
  + "Then open the address that it prints, and put what stands after # in this one behind it.";
const OTHER = "The server was started again, and does not know this page. Open the address that it printed last.";

// The token, from #token=... of the printed address, which then leaves the address; null where there is no server.
export function takeToken() {
  const [, token, rest] = /^#token=([^&]+)&?(.*)$/.exec(location.hash) ?? [];
  if (token) {
    sessionStorage.setItem(KEPT, token);
    history.replaceState(null, "", `#${rest}`);
  }
  return sessionStorage.getItem(KEPT);
}

export function connect(token) {
  const page = crypto.randomUUID();
  return async function ask(request) {
    let response;
    try {
      response = await fetch("play", { method: "POST", body: JSON.stringify(request),
        headers: { "Content-Type": "application/json", "X-Micrograd-Token": token, "X-Micrograd-Page": page } });
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
