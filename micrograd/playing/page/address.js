// The whole state in the address after #: JSON in base64url, so that a link gives the same page.

const VERSION = 1;
export const SCREENS = { play: "Play", inside: "Step inside", derivative: "Derivative", own: "Your own" };

export function written(place) {
  const bytes = new TextEncoder().encode(JSON.stringify({ v: VERSION, ...place }));
  let text = "";
  for (const byte of bytes) text += String.fromCharCode(byte);
  return btoa(text).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}

const isText = x => typeof x === "string";
const isWhole = least => x => Number.isInteger(x) && x >= least;
const isObject = x => typeof x === "object" && x !== null && !Array.isArray(x);
// What a place may hold. The settings are checked by Play.
const FIELDS = {
  screen: x => Object.hasOwn(SCREENS, x), settings: isObject, step: isWhole(0), chosen: isWhole(-1), path: isText,
  shows: x => x === "weights" || x === "gradients", rate: x => Number.isFinite(x) || x === "decay", expression: isText, of: isText,
  code: isText, values: x => isObject(x) && Object.values(x).every(Number.isFinite), power: x => isWhole(0)(x) && x <= 15,
};

// The place that an address holds; null where there is none.
export function read(hash) {
  const text = hash.replace(/^#/, "");
  if (!text) return null;
  const wrong = new Error("The link of this page cannot be read: a part of it is missing. The page starts anew.");
  let place;
  try {
    const bytes = Uint8Array.from(atob(text.replaceAll("-", "+").replaceAll("_", "/")), sign => sign.charCodeAt(0));
    place = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
  } catch {
    throw wrong;
  }
  if (!isObject(place)) throw wrong;
  const { v, ...fields } = place;
  if (v !== VERSION) throw new Error(`The link is of version ${v}, and this page reads ${VERSION}. The page starts anew.`);
  for (const [name, x] of Object.entries(fields)) if (!Object.hasOwn(FIELDS, name) || !FIELDS[name](x)) throw wrong;
  return fields;
}
