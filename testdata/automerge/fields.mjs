// Makes random concurrent histories of a client record and prints what
// Automerge shows of its fields, one JSON object a line and history:
//   {"chunks": [base64, …], "heads": [hex, …], "views": [{"heads": [hex, …], "fields": {path: value}}, …],
//    "conflicts": {key: {"counter@actor": value}}}
// The views are that of each change, of some pairs of changes, and of all.
//
// With --show it reads lines {"chunks": [base64, …]} instead and prints, for
// each, what Automerge makes of them: {"heads", "fields"}.
//
//   node fields.mjs SEED HISTORIES
//   node fields.mjs --show
import * as A from "@automerge/automerge";
import readline from "node:readline";

const paths = ["date", "name", "count", "venue.name", "venue.city.name", "venue", "list"];

// tagged is a value with its kind, as far as JavaScript tells kinds apart.
function tagged(v) {
  if (v === undefined) return { missing: true };
  if (v === null) return { null: true };
  if (typeof v === "boolean") return { bool: v };
  if (typeof v === "number" || typeof v === "bigint") return { number: String(v) };
  if (typeof v === "string") return { text: v };
  if (v instanceof Date) return { timestamp: v.getTime() };
  if (v instanceof Uint8Array) return { bytes: Buffer.from(v).toString("base64") };
  if (A.isImmutableString(v)) return { str: v.toString() };
  if (A.isCounter(v)) return { counter: v.value };
  if (Array.isArray(v)) return { list: v.map(tagged) };
  return { map: Object.fromEntries(Object.entries(v).map(([k, x]) => [k, tagged(x)])) };
}

// at is the value at a path; only maps have keys.
function at(doc, path) {
  for (const key of path.split(".")) {
    if (!isMap(doc)) return undefined;
    doc = Object.hasOwn(doc, key) ? doc[key] : undefined;
  }
  return doc;
}

const leaves = [Date, Uint8Array, A.Counter, A.ImmutableString];
const isMap = (v) => typeof v === "object" && v !== null && !Array.isArray(v) && !leaves.some((c) => v instanceof c);
const fields = (doc) => Object.fromEntries(paths.map((p) => [p, tagged(at(doc, p))]));

// mulberry32
let state = 0;
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

const words = ["Rosenhof", "Schloß", "💒 chapel", "", "Rosengarten", "naïve"];
const dates = ["2027-06-12", "2027-06-13", "2028-01-01"];

const scalar = () =>
  pick([
    () => pick(words),
    () => pick(dates),
    () => new A.ImmutableString(pick(dates)),
    () => new Date(below(4e12)),
    () => below(20000),
    () => random() * 100,
    () => chance(0.5),
    () => new A.Counter(below(50)),
    () => new Uint8Array([below(256), 1]),
  ])();
const venue = () => ({ name: scalar(), ...(chance(0.5) ? { city: { name: scalar() } } : {}), stars: below(6) });

function edit(d) {
  const path = pick(paths.slice(0, 5)).split(".");
  const key = path.pop();
  const roll = random();
  if (roll < 0.1) return (d.venue = chance(0.8) ? venue() : scalar());
  if (roll < 0.13) return delete d.venue;
  if (roll < 0.25) return editList(d);
  const parent = path.length === 0 ? d : at(d, path.join("."));
  if (!isMap(parent)) return;
  const held = Object.hasOwn(parent, key) ? parent[key] : undefined;
  if (held !== undefined && chance(0.1)) delete parent[key];
  else if (held instanceof A.Counter && chance(0.8)) held.increment(below(9) - 3);
  else if (typeof held === "string" && chance(0.8)) editText(d, [...path, key], held);
  else parent[key] = key === "count" ? new A.Counter(below(9)) : scalar();
}

function editText(d, path, text) {
  const from = below(text.length + 1);
  const to = from + below(Math.min(4, text.length - from + 1));
  const roll = random();
  if (roll < 0.5) A.splice(d, path, from, to - from, pick(["x", "hof ", "", "ä💐"]));
  else if (roll < 0.8) A.updateText(d, path, pick(words));
  else if (roll < 0.9 && to > from) A.mark(d, path, { start: from, end: to, expand: "both" }, "bold", true);
  else A.splitBlock(d, path, from, { type: "p" });
}

function editList(d) {
  if (!Array.isArray(d.list)) return (d.list = [scalar(), scalar()]);
  const i = below(d.list.length);
  if (d.list.length > 0 && chance(0.3)) d.list.splice(i, 1);
  else if (d.list.length > 0 && chance(0.4)) d.list[i] = scalar();
  else d.list.splice(below(d.list.length + 1), 0, chance(0.2) ? { deep: [scalar()] } : scalar());
}

// What Automerge itself cannot do is left out.
function attempt(doc, n) {
  const backup = A.clone(doc, { actor: A.getActorId(doc) });
  try {
    return A.change(doc, { time: n }, (d) => {
      for (let i = pick([1, 1, 1, 3]); i > 0; i--) edit(d);
    });
  } catch {
    return backup;
  }
}

function history(seed, h) {
  const actor = (i) => Buffer.from([i * 37, seed & 255, (seed >> 8) & 255, h & 255, (h >> 8) & 255]).toString("hex");
  const replicas = Array.from({ length: 4 }, (_, i) => A.init({ actor: actor(i) }));
  for (let n = 0; n < 15 + below(45); n++) {
    const [i, j] = [below(4), below(4)];
    if (chance(0.3) && i !== j) replicas[i] = A.merge(replicas[i], replicas[j]);
    else replicas[i] = attempt(replicas[i], n);
  }
  return replicas.reduce((a, b) => A.merge(a, b));
}

function told(doc) {
  const chunks = A.getAllChanges(doc);
  const hashes = chunks.map((c) => A.decodeChange(c).hash);
  const pairs = hashes.map((hash) => [hash, pick(hashes)]);
  const views = [...hashes.map((hash) => [hash]), ...pairs, A.getHeads(doc)];
  const keys = paths.filter((p) => !p.includes(".") && Object.hasOwn(doc, p));
  return {
    chunks: chunks.map((c) => Buffer.from(c).toString("base64")),
    heads: A.getHeads(doc).sort(),
    views: views.map((heads) => ({ heads, fields: fields(A.view(doc, heads)) })),
    conflicts: Object.fromEntries(keys.map((k) => [k, taggedAll(A.getConflicts(doc, k) ?? {})])),
  };
}
const taggedAll = (values) => Object.fromEntries(Object.entries(values).map(([id, v]) => [id, tagged(v)]));

if (process.argv[2] === "--show") {
  for await (const line of readline.createInterface({ input: process.stdin })) {
    const chunks = JSON.parse(line).chunks.map((c) => new Uint8Array(Buffer.from(c, "base64")));
    const [doc] = A.applyChanges(A.init(), chunks);
    const again = A.load(A.save(doc));
    if (A.getHeads(again).join() !== A.getHeads(doc).join()) throw new Error("heads differ after save and load");
    console.log(JSON.stringify({ heads: A.getHeads(doc).sort(), fields: fields(doc) }));
  }
} else {
  const [seed, count] = process.argv.slice(2).map(Number);
  if (!Number.isInteger(seed) || !Number.isInteger(count)) {
    console.error("usage: node fields.mjs SEED HISTORIES | --show");
    process.exit(2);
  }
  state = seed >>> 0;
  for (let h = 0; h < count; h++) console.log(JSON.stringify(told(history(seed, h))));
}
