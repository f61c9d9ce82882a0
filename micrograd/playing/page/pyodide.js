// The transport to Python in this page: Pyodide, in workers. One holds Play; programs of the reader run in others.

import { Lost } from "./session.js";

const SECONDS = { run: 5, grade: 20 }, START = 60, THOUSAND = 1000;
const MOST_PRINTED = 100_000;

const worker = role => new Worker(new URL("./pyodide-worker.js", import.meta.url), { type: "module", name: role });

export function connect(_, say) {
  const waiting = new Map(), python = worker("play");
  let isLost = "";
  const lose = text => {
    isLost = text;
    for (const { fail } of waiting.values()) fail(new Lost(text));
    waiting.clear();
  };
  python.onmessage = ({ data }) => {
    if (data.said) say(data.said);
    else if (data.problem) lose(data.problem);
    else if (waiting.has(data.id)) { waiting.get(data.id).done(data); waiting.delete(data.id); }
  };
  python.onerror = () => lose("Python could not be started in this page: a file is missing, or the browser is too old. If it is the page of micrograd play, open the whole address that it printed.");
  return function ask(request) {
    if (isLost) return Promise.reject(new Lost(isLost));
    if (request.do in SECONDS) return apart(request);
    return new Promise((done, fail) => { waiting.set(request.id, { done, fail }); python.postMessage(request); });
  };
}

// A program of the reader: a worker of its own, which is ended when it has answered or its time is over.
function apart({ id, do: wanted, code, upto = null }) {
  const reader = worker("reader"), seconds = SECONDS[wanted], begun = { at: 0 };
  let printed = "", timer = 0;
  return new Promise(done => {
    const end = told => {
      clearTimeout(timer);
      reader.terminate();
      const { error = null, line = null, graph = null, grades } = told, common = { id, ok: true, printed: printed.slice(0, MOST_PRINTED), error, line, graph };
      const report = grades ?? { report: error ?? "there is no answer", checks: [], passed: false };
      done({ ...common, seconds: begun.at ? (performance.now() - begun.at) / THOUSAND : 0, ...(wanted === "grade" ? report : {}) });
    };
    const limit = (time, error) => { clearTimeout(timer); timer = setTimeout(() => end({ error }), time * THOUSAND); };
    limit(START, "Python could not be started for the program; reload the page.");
    reader.onerror = event => end({ error: `the worker of the program has ended: ${event.message}` });
    reader.onmessage = ({ data }) => {
      if (data.problem) end({ error: data.problem });
      else if (data.ready) {
        begun.at = performance.now();
        limit(seconds, `TimeoutError: the program took more than ${seconds} seconds, and was ended; is there a loop or a recursion without an end?`);
      } else if (typeof data.printed === "string") printed += data.printed;
      else if (data.done) end(data);
    };
    reader.postMessage({ code, wanted, upto, seconds, megabytes: 256, characters: MOST_PRINTED, parent: 0 }); // it ends with this page
  });
}
