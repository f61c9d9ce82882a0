// Python in a worker: Pyodide, micrograd from its wheel, and Play; or, by its name, one program of the reader.

import { loadPyodide } from "./pyodide/pyodide.mjs";

const START = `
import json
from micrograd.playing import Play
play = Play()
lambda text: json.dumps(play.handle(json.loads(text)), allow_nan=False)
`;
const READER = `
import json
from micrograd.sandboxed.inside import main
lambda text: main(json.loads(text))
`;
const NET = ["fetch", "XMLHttpRequest", "WebSocket", "EventSource", "Worker", "importScripts", "indexedDB", "caches", "BroadcastChannel"];

async function bytesOf(path, options) {
  const response = await fetch(new URL(path, import.meta.url), options);
  if (!response.ok) throw new Error(`the server answers ${response.status} for ${path}`);
  return response;
}

// Pyodide waits for ever where one of its files is missing, so each is asked for before.
const FILES = ["pyodide.asm.mjs", "pyodide.asm.wasm", "python_stdlib.zip", "pyodide-lock.json"].map(name => `./pyodide/${name}`);

async function start(isReader) {
  if (typeof WebAssembly !== "object") throw new Error("this browser has no WebAssembly, or it is switched off");
  await Promise.all(FILES.map(path => bytesOf(path, { method: "HEAD" })));
  const wheels = bytesOf("./wheels/wheels.json").then(list => list.json())
    .then(names => Promise.all(names.map(name => bytesOf(`./wheels/${name}`).then(wheel => wheel.arrayBuffer()))));
  const python = await loadPyodide({ indexURL: new URL("./pyodide/", import.meta.url).href, ...(isReader ? { jsglobals: Object.create(null) } : {}) });
  for (const wheel of await wheels) python.unpackArchive(wheel, "wheel");
  return python;
}

const asText = error => `Python could not be loaded: ${error.message}.`;

async function play() {
  self.postMessage({ said: "Python is being loaded: 6 MB, the first time …" });
  const python = await start(false), answer = python.runPython(START);
  return request => self.postMessage(JSON.parse(answer(JSON.stringify(request))));
}

// It says lines of JSON, as the process of sandboxed/ does.
async function reader() {
  const python = await start(true), run = python.runPython(READER);
  python.setStdout({ batched: line => { try { self.postMessage(JSON.parse(line)); } catch { /* no line of JSON: not ours */ } } });
  for (const name of NET) Object.defineProperty(self, name, { value: undefined }); // the program has no network
  return asked => {
    try { run(JSON.stringify(asked)); } catch (error) { self.postMessage({ problem: `the program has ended Python: ${error.message}` }); }
  };
}

// What arrives before Python does waits.
const early = [];
self.onmessage = ({ data }) => early.push(data);
(self.name === "reader" ? reader() : play()).then(handle => {
  self.onmessage = ({ data }) => handle(data);
  early.forEach(handle);
}, error => self.postMessage({ problem: asText(error) }));
