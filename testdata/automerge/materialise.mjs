// Writes random documents as JavaScript makes them, one JSON line each:
//   {"name", "chunks": [base64, …], "heads": [hex, …], "json": what the document shows}
// The first line is a document with every kind of value. The same seed gives the
// same documents.
//
//   node materialise.mjs SEED COUNT
import * as A from "@automerge/automerge"

const [seed, count] = process.argv.slice(2).map(Number)

// random is a small generator (mulberry32), so that a seed can be repeated.
let state = seed >>> 0
function random() {
  state = (state + 0x6d2b79f5) >>> 0
  let t = Math.imul(state ^ (state >>> 15), state | 1)
  t ^= t + Math.imul(t ^ (t >>> 7), t | 61)
  return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32
}
const below = n => Math.floor(random() * n)
const pick = list => list[below(list.length)]

const words = ["Ann & Bob", "12. Juni <2027>", "💒 chapel", "naïve", "👩‍👩‍👧", "", "\u2028 line", "\"quoted\\\""]
const keys = ["a", "b", "name", "wedding.date", "💐", "", "__proto"]

// There are no nulls here: JavaScript 3.5.0 throws when a counter that is in
// conflict with a null is incremented.
function scalar() {
  switch (below(8)) {
    case 0: return random() < 0.5
    case 1: return below(2 ** 31) - 2 ** 30
    case 2: return random() * 1e6 - 5e5
    case 3: return new Date(below(4e12) - 1e12)
    case 4: return new Uint8Array(Array.from({ length: below(20) }, () => below(256)))
    case 5: return new A.ImmutableString(pick(words))
    case 6: return new A.Counter(below(100) - 50)
    default: return pick(words)
  }
}

function value(depth) {
  if (depth > 3 || random() < 0.6) return scalar()
  if (random() < 0.5) return Array.from({ length: below(4) }, () => value(depth + 1))
  return Object.fromEntries(Array.from({ length: below(4) }, () => [pick(keys), value(depth + 1)]))
}

// shown is v as the hub's API shows it.
function shown(v) {
  if (v === null || typeof v === "boolean" || typeof v === "string") return v
  if (typeof v === "number") return Number.isFinite(v) ? v : null
  if (typeof v === "bigint") return Number(v)
  if (v instanceof Date) return v.toISOString()
  if (v instanceof Uint8Array) return Buffer.from(v).toString("base64")
  if (A.isImmutableString(v)) return v.toString()
  if (A.isCounter(v)) return v.value
  if (Array.isArray(v)) return v.map(shown)
  return Object.fromEntries(Object.entries(v).map(([k, x]) => [k, shown(x)]))
}

const isContainer = v => v !== null && (Array.isArray(v) || Object.getPrototypeOf(v) === Object.prototype)

// edit makes one random edit somewhere in doc.
function edit(doc) {
  let at = doc
  const path = []
  const step = k => (Array.isArray(at) ? Number(k) : k)
  while (random() < 0.7) {
    const inner = Object.keys(at).filter(k => isContainer(at[k]))
    if (inner.length === 0) break
    const k = step(pick(inner))
    path.push(k)
    at = at[k]
  }
  const names = Object.keys(at)
  const k = names.length > 0 ? step(pick(names)) : undefined
  if (k !== undefined && typeof at[k]?.increment === "function") return at[k].increment(below(20) - 10)
  // A.splice knows no way through an empty key.
  const spliceable = typeof at[k] === "string" && ![...path, k].includes("")
  if (spliceable && random() < 0.8) {
    return A.splice(doc, [...path, k], 0, random() < 0.3 && at[k] !== "" ? 1 : 0, pick(["x", "ä", "word "]))
  }
  if (Array.isArray(at)) {
    if (k !== undefined && random() < 0.3) at.splice(k, 1)
    else if (k !== undefined && random() < 0.3) at[k] = value(1)
    else at.splice(below(at.length + 1), 0, value(1))
    return
  }
  if (k !== undefined && random() < 0.2) delete at[k]
  else at[pick(keys)] = value(1)
}

function randomDocument(n) {
  const replicas = Array.from({ length: 3 }, (_, i) => A.init({ actor: Buffer.from([seed & 255, seed >> 8 & 255, n & 255, n >> 8 & 255, i]).toString("hex") }))
  for (let step = 0; step < 12 + below(40); step++) {
    const i = below(3)
    const j = below(3)
    if (random() < 0.25 && i !== j) replicas[i] = A.merge(replicas[i], replicas[j])
    else replicas[i] = A.change(replicas[i], { time: step, message: random() < 0.2 ? "edit" : undefined }, d => { edit(d); if (random() < 0.3) edit(d) })
  }
  return A.merge(A.merge(replicas[0], replicas[1]), replicas[2])
}

function everyKind() {
  let doc = A.init({ actor: "00ff" })
  doc = A.change(doc, { time: 1 }, d => {
    d.text = "Grüße 💒"
    d.str = new A.ImmutableString("scalar")
    d.int = -42
    d.largest = Number.MAX_SAFE_INTEGER
    d.uint = new A.Uint(7)
    d.float = 0.1
    d.whole = new A.Float64(12500)
    d.tiny = 1e-7
    d.huge = new A.Float64(1e21)
    d.nan = NaN
    d.infinite = -Infinity
    d.yes = true
    d.no = false
    d.nothing = null
    d.date = new Date(Date.UTC(2027, 5, 12, 9, 30, 0, 7))
    d.early = new Date(-1)
    d.bytes = new Uint8Array([0, 1, 254, 255])
    d.noBytes = new Uint8Array()
    d.counter = new A.Counter(3)
    d.list = [1, "two", [new Date(0), { deep: new A.Counter(5) }], new Uint8Array([9])]
    d.map = { empty: {}, none: [], "a.b": "dotted", markup: "<b>&" }
    d.gone = "deleted"
    d.replaced = { was: "a map" }
  })
  doc = A.change(doc, { time: 2 }, d => {
    d.counter.increment(4)
    d.list[2][1].deep.decrement(2)
    delete d.gone
    d.replaced = "a text"
    d.list.splice(0, 1)
    A.splice(d, ["text"], 5, 0, "!")
    A.mark(d, ["text"], { start: 0, end: 3, expand: "both" }, "bold", true)
  })
  return doc
}

function print(name, doc) {
  const chunks = A.getAllChanges(doc).map(c => Buffer.from(c).toString("base64"))
  console.log(JSON.stringify({ name, chunks, heads: A.getHeads(doc).sort(), json: shown(A.toJS(doc)) }))
}

print("every kind", everyKind())

// Automerge itself fails on some of the documents that it wrote. They are left
// out and named; many of them are our fault.
const tolerated = 2 + count / 20
for (let n = 0, made = 0; made < count; n++) {
  try {
    print(`random ${n}`, randomDocument(n))
    made++
  } catch (e) {
    console.error(`left out: seed ${seed}, random ${n}: ${e.message ?? e}`)
    if (n - made >= tolerated) throw e
  }
}
