// Prints random documents as Automerge for JavaScript makes them, one JSON line each:
//   {"chunks": [base64, …], "canonical": what is hashed, "digest": hex}
// The same seed prints the same documents. With 2, Automerge 2 makes them: the one
// that automerge-repo 1.2.1 uses.
//
//   node random.mjs SEED COUNT [2]
import { createRequire } from "node:module"
import { canonical, digest } from "./digest.mjs"

const [seed, count, version = 3] = process.argv.slice(2).map(Number)
const home = new URL(version === 2 ? "../../node_modules/automerge-repo-v1/package.json" : import.meta.url, import.meta.url)
const A = createRequire(home)(version === 2 ? "@automerge/automerge/next" : "@automerge/automerge")
const ImmutableString = A.ImmutableString ?? A.RawString

// mulberry32
let state = seed >>> 0
function random() {
  state = (state + 0x6d2b79f5) >>> 0
  let t = Math.imul(state ^ (state >>> 15), state | 1)
  t ^= t + Math.imul(t ^ (t >>> 7), t | 61)
  return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32
}
const below = n => Math.floor(random() * n)
const pick = list => list[below(list.length)]

// Among them are a lone surrogate, which no document holds, and keys whose order by
// code units is not that by code points.
const characters = [..."ab \"\\/<>&\b\t\n\f\r\0\x1b\x7f\x80\u2028\u2029é߀水\ufffd\uffff\ufeff", "💐", "👩‍👧", "e\u0301", "\ud800", "\ue000"]
const text = () => Array.from({ length: below(8) }, () => pick(characters)).join("")
const keys = ["a", "b", "name", "10", "9", "A", "é", "💐", "\uffff", "\ue000", "a.b", "notes"]

// double is any double, by its bits.
function double() {
  const view = new DataView(new ArrayBuffer(8))
  view.setUint32(0, below(2 ** 32))
  view.setUint32(4, below(2 ** 32))
  return view.getFloat64(0)
}

// A.Float64 takes NaN for 0, and a number that is an integer would become one.
const float = n => Number.isFinite(n) ? new A.Float64(n) : n
const edges = [0, -0, NaN, Infinity, -Infinity, 1e21, 1e-7, 999999999999999900000, 0.000001, 5e-324, 1.7976931348623157e308, 0.1, -1e300]
const integers = [Number.MAX_SAFE_INTEGER, Number.MIN_SAFE_INTEGER, 2 ** 31, -(2 ** 31), -1, 12500]
// Beyond 2^53 two integers may be one double: ties go to even.
const large = [2n ** 53n + 1n, 2n ** 53n + 3n, 2n ** 63n - 1n, -(2n ** 63n), -(2n ** 53n) - 1n, 10n ** 18n + 1n]
const dates = [0, -1, 4102444800000, 253402300799999, 253402300800000, -62135596800001, -62167219200001, 8.64e15, -8.64e15]

// There are no nulls beside counters: JavaScript 3.5.0 throws when a counter that is
// in conflict with a null is incremented.
function scalar() {
  switch (below(13)) {
    case 0: return random() < 0.5
    case 1: return below(2 ** 31) - 2 ** 30
    case 2: return pick(integers)
    case 3: return float(double())
    case 4: return float(pick(edges))
    case 5: return new A.Int(pick(integers))
    case 6: return new A.Uint(below(2 ** 32))
    case 7: return new Date(random() < 0.5 ? pick(dates) : below(1e14) - 5e13)
    case 8: return new Uint8Array(Array.from({ length: below(20) }, () => below(256)))
    case 9: return new ImmutableString(text())
    case 10: return new A.Counter(below(100) - 50)
    case 11: return version === 3 ? pick(large) : pick(integers)
    default: return text()
  }
}

function value(depth) {
  if (depth > 4 || random() < 0.6) return scalar()
  if (random() < 0.5) return Array.from({ length: below(4) }, () => value(depth + 1))
  return Object.fromEntries(Array.from({ length: below(4) }, () => [pick(keys), value(depth + 1)]))
}

function edit(doc) {
  const key = pick(keys)
  const old = doc[key]
  if (typeof old?.increment === "function") return old.increment(below(20) - 10)
  if (typeof old === "string" && old !== "" && random() < 0.8) {
    if (random() < 0.3) return A.mark(doc, [key], { start: 0, end: 1, expand: "both" }, "bold", true)
    if (random() < 0.1) return A.splitBlock(doc, [key], 0, { type: "paragraph", parents: [], attrs: {} })
    return A.splice(doc, [key], 0, below(2), pick(["x", "ä", "💐 "]))
  }
  if (Array.isArray(old) && random() < 0.7) return old.splice(below(old.length + 1), 0, value(2))
  if (old !== undefined && random() < 0.2) delete doc[key]
  else doc[key] = value(1)
}

// document is merged from two replicas that edited at the same time.
function document(n) {
  const actor = i => Buffer.from([seed & 255, seed >> 8 & 255, n & 255, n >> 8 & 255, version, i]).toString("hex")
  const edits = (doc, most) => {
    for (let i = below(most); i >= 0; i--) doc = A.change(doc, { time: i }, d => { edit(d); if (random() < 0.5) edit(d) })
    return doc
  }
  let one = edits(A.init({ actor: actor(0) }), 6)
  const two = edits(A.clone(one, { actor: actor(1) }), 4)
  one = A.merge(edits(one, 4), two)
  // Automerge 2 keeps its view of a document up by patches, which now and then leads
  // elsewhere than the changes do, as with blocks and maps in conflict: it is loaded anew.
  return version === 2 ? A.load(A.save(one)) : one
}

// Automerge itself fails on some of the documents that it wrote. They are left out and named.
const tolerated = 2 + count / 20
for (let n = 0, made = 0; made < count; n++) {
  let doc, chunks
  try {
    doc = document(n)
    chunks = A.getAllChanges(doc).map(chunk => Buffer.from(chunk).toString("base64"))
  } catch (e) {
    console.error(`left out: seed ${seed}, document ${n}: ${e.message ?? e}`)
    if (n - made >= tolerated) throw e
    continue
  }
  made++
  console.log(JSON.stringify({ chunks, canonical: canonical(doc), digest: await digest(doc) }))
}
