// Prints random Automerge changes, one JSON object a line:
//   {"raw": base64 of the chunk, "decoded": what A.decodeChange says of it}
// Usage: node random-changes.mjs SEED COUNT [2]
// With 2, Automerge 2 writes them: the one that automerge-repo 1.2.1 uses.
// See README.md beside this file.
import { createRequire } from "node:module";

const [seed, count, version = 3] = process.argv.slice(2).map(Number);
if (!Number.isInteger(seed) || !Number.isInteger(count) || ![2, 3].includes(version)) {
  console.error("usage: node random-changes.mjs SEED COUNT [2]");
  process.exit(2);
}
const home = new URL(version === 2 ? "../../node_modules/automerge-repo-v1/package.json" : import.meta.url, import.meta.url);
const A = createRequire(home)(version === 2 ? "@automerge/automerge/next" : "@automerge/automerge");
const ImmutableString = A.ImmutableString ?? A.RawString;

// mulberry32
let state = seed >>> 0;
function random() {
  state = (state + 0x6d2b79f5) >>> 0;
  let t = state;
  t = Math.imul(t ^ (t >>> 15), t | 1);
  t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
  return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
}
const below = (n) => Math.floor(random() * n);
const pick = (list) => list[below(list.length)];
const chance = (p) => random() < p;

const letters = [..."abc xyz\n\"\\<0é߀अ水😀👩‍👧\u0301\u200f\u0000"];
const word = (max) => Array.from({ length: below(max + 1) }, () => pick(letters)).join("");
const bytes = (n) => Uint8Array.from({ length: n }, () => below(256));
const hex = (n) => Buffer.from(bytes(n)).toString("hex");

const scalars = [
  () => null,
  () => chance(0.5),
  () => pick([0, 1, -1, 63, 64, -64, -65, 8191, 2 ** 31, -(2 ** 40), 2 ** 53 - 1, 1 - 2 ** 53, below(1e6)]),
  () => pick([0.5, -1.25, 1e-320, random()]),
  () => new ImmutableString(word(12)),
  () => new Date(pick([0, -1, 1e12, below(2 ** 40)])),
  () => bytes(pick([0, 1, 7, 130])),
  () => new A.Counter(below(10) - 5),
  () => word(8),
];

// Inside a fresh map or list these would become maps themselves.
const wrapped = [
  () => new A.Float64(pick([-0, 3, 1e300, NaN, Infinity, -Infinity, below(100)])),
  () => new A.Int(below(1e9) - 5e8),
  () => new A.Uint(pick([0, 127, 128, 2 ** 53 - 1, below(1e9)])),
];
const assigned = (depth) => (chance(0.2) ? pick(wrapped)() : value(depth));

function value(depth) {
  if (depth > 0 && chance(0.15)) return Array.from({ length: below(4) }, () => value(depth - 1));
  if (depth > 0 && chance(0.15)) {
    return Object.fromEntries(Array.from({ length: below(4) }, () => [word(4), value(depth - 1)]));
  }
  return pick(scalars)();
}

const rootKeys = ["name", "budget", "notes", "date", "venue", "list", "tags", "", "ключ"];
const leaves = [Date, Uint8Array, A.Counter, ImmutableString];
const isObject = (v) => typeof v === "object" && v !== null && !Array.isArray(v) && !leaves.some((c) => v instanceof c);
const isCounter = (v) => v instanceof A.Counter;

function editMap(d, path, map) {
  const keys = Object.keys(map);
  const key = path.length === 0 ? pick(rootKeys) : keys.length && chance(0.6) ? pick(keys) : word(3);
  const held = map[key];
  if (held !== undefined && chance(0.15)) delete map[key];
  else if (isCounter(held) && chance(0.7)) held.increment(below(7) - 3);
  else if (typeof held === "string" && chance(0.8)) editText(d, [...path, key], held);
  else if (Array.isArray(held) && chance(0.85)) editList(d, [...path, key], held);
  else if (isObject(held) && chance(0.8)) editMap(d, [...path, key], held);
  else map[key] = assigned(3);
}

function editList(d, path, list) {
  const at = below(list.length + 1);
  const held = list[at];
  if (at === list.length || chance(0.3)) list.insertAt(at, ...Array.from({ length: 1 + below(3) }, () => value(2)));
  else if (chance(0.25)) list.deleteAt(at, 1 + below(Math.min(3, list.length - at)));
  else if (isCounter(held) && chance(0.7)) held.increment(1 + below(3));
  else if (typeof held === "string" && chance(0.6)) editText(d, [...path, at], held);
  else if (isObject(held) && chance(0.7)) editMap(d, [...path, at], held);
  else if (Array.isArray(held) && chance(0.7)) editList(d, [...path, at], held);
  else list[at] = assigned(2);
}

function editText(d, path, text) {
  if (path.includes("")) return; // splice does not find it
  const at = below(text.length + 1);
  const rest = text.length - at;
  const range = { start: at, end: at + below(rest + 1), expand: pick(["none", "before", "after", "both"]) };
  const roll = random();
  if (roll < 0.5) A.splice(d, path, at, below(Math.min(rest, 4) + 1), word(8));
  else if (roll < 0.6) A.updateText(d, path, word(12));
  else if (roll < 0.75 && range.end > range.start) A.mark(d, path, range, pick(["bold", "link", ""]), pick([true, null, "x", -3, 0.5]));
  else if (roll < 0.82 && range.end > range.start) A.unmark(d, path, range, "bold");
  else if (roll < 0.9) A.splitBlock(d, path, at, { type: pick(["p", "h1"]), attrs: { level: below(4) } });
  else if (rest > 0) A.splice(d, path, at, rest, "");
}

function options() {
  const time = pick([0, -1, 63, 64, 1_700_000_000, below(2 ** 31)]);
  return chance(0.4) ? { time, message: word(pick([5, 5, 200])) } : { time };
}

function edit(doc) {
  if (chance(0.05)) return A.emptyChange(doc, options());
  const edits = pick([1, 1, 1, 2, 5, 20]);
  const run = (d) => {
    for (let i = 0; i < edits; i++) editMap(d, [], d);
  };
  const heads = pick(seenHeads.get(A.getActorId(doc)) ?? [null]);
  if (heads && chance(0.1)) return A.changeAt(doc, heads, options(), run).newDoc;
  return A.change(doc, options(), run);
}

// Text and lists beyond 10,000 operations, and their deletion again.
function bulk(doc) {
  doc = A.change(doc, options(), (d) => {
    d.bulk = Array.from({ length: 6000 }, () => pick(letters)).join("");
    d.many = Array.from({ length: 6000 }, (_, i) => (i % 100 < 50 ? 7 : i));
  });
  return A.change(doc, options(), (d) => {
    A.splice(d, ["bulk"], 100, 5000);
    d.many.deleteAt(10, 5900);
  });
}

let printed = 0;
let seenHeads = new Map();

// What JSON cannot say of a float is said by its bits.
function floatBits(op) {
  if (op.datatype !== "float64") return op;
  const b = Buffer.alloc(8);
  b.writeDoubleBE(op.value);
  return { ...op, value: b.toString("hex") };
}

function print(doc) {
  for (const raw of A.getAllChanges(doc).slice(0, count - printed)) {
    const decoded = A.decodeChange(raw);
    decoded.ops = decoded.ops.map(floatBits);
    console.log(JSON.stringify({ raw: Buffer.from(raw).toString("base64"), decoded }));
    printed++;
  }
}

function tell(story) {
  seenHeads = new Map();
  let docs = Array.from({ length: 1 + below(4) }, () => A.init({ actor: hex(pick([1, 16, 16, 32])) }));
  for (let step = 0; step < 40; step++) {
    const i = below(docs.length);
    const other = docs[below(docs.length)];
    if (other !== docs[i] && chance(0.25)) docs[i] = A.merge(docs[i], other);
    else docs[i] = edit(docs[i]);
    const actor = A.getActorId(docs[i]);
    seenHeads.set(actor, [...(seenHeads.get(actor) ?? []), A.getHeads(docs[i])].slice(-8));
  }
  if (story % 100 === 50) docs[0] = bulk(docs[0]);
  for (let i = 1; i < docs.length; i++) docs[0] = A.merge(docs[0], docs[i]);
  print(edit(docs[0]));
}

let failed = 0;
for (let story = 0; printed < count; story++) {
  try {
    tell(story);
  } catch (e) {
    // Both versions now and then fail at documents that they wrote themselves.
    console.error(`story ${story} left out: ${String(e).split("\n")[0]}`);
    if (++failed > 100) throw e;
  }
}
