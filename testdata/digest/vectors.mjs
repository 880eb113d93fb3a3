// Prints vectors.json. The canonical texts are written by hand here; the script fails
// where digest.mjs makes another of the document.
//
//   node vectors.mjs >vectors.json
import { createHash } from "node:crypto"
import * as A from "@automerge/automerge"
import { canonical, digest } from "./digest.mjs"

const cases = [
  ["an empty document", () => {}, "{}"],
  ["kinds of strings", d => { d.text = "Ada & Ben"; d.string = new A.ImmutableString("Ada & Ben"); d.date = new Date(Date.UTC(2027, 5, 12, 9, 30, 0, 7)); d.bytes = new Uint8Array([0, 1, 254, 255]) },
    `{"bytes":"AAH+/w==","date":"2027-06-12T09:30:00.007Z","string":"Ada & Ben","text":"Ada & Ben"}`],
  ["marks do not count", d => { d.notes = "peonies"; A.mark(d, ["notes"], { start: 0, end: 3, expand: "both" }, "bold", true) }, `{"notes":"peonies"}`],
  ["a block in a text is one character", d => { d.notes = "ab"; A.splitBlock(d, ["notes"], 1, { type: "paragraph", parents: [], attrs: {} }) }, `{"notes":"a\ufffcb"}`],
  ["sync_conflicts is left out at the root alone", d => { d.name = "Ada"; d.sync_conflicts = { budget: "01K" }; d.inner = { sync_conflicts: 1 } }, `{"inner":{"sync_conflicts":1},"name":"Ada"}`],
  ["kinds of numbers", d => { d.int = new A.Int(-42); d.uint = new A.Uint(7); d.float = new A.Float64(12500); d.counter = new A.Counter(3); d.number = 0.1 },
    `{"counter":3,"float":12500,"int":-42,"number":0.1,"uint":7}`],
  ["numbers at the edges", d => { [-0, NaN, Infinity, -Infinity, 1e21, 1e20, 1e-6, 1e-7, 5e-324, 1.7976931348623157e308].forEach((n, i) => { d[`n${i}`] = Number.isFinite(n) ? new A.Float64(n) : n }) },
    `{"n0":0,"n1":null,"n2":null,"n3":null,"n4":1e+21,"n5":100000000000000000000,"n6":0.000001,"n7":1e-7,"n8":5e-324,"n9":1.7976931348623157e+308}`],
  ["integers beyond 2^53 are rounded, ties to even", d => { d.list = [2n ** 53n + 1n, 2n ** 53n + 3n, 2n ** 63n - 1n, -(2n ** 63n)] },
    `{"list":[9007199254740992,9007199254740996,9223372036854776000,-9223372036854776000]}`],
  ["dates at the edges", d => { d.list = [0, -1, 253402300799999, 253402300800000, -62167219200001, 8.64e15, -8.64e15].map(ms => new Date(ms)) },
    `{"list":["1970-01-01T00:00:00.000Z","1969-12-31T23:59:59.999Z","9999-12-31T23:59:59.999Z","+010000-01-01T00:00:00.000Z","-000001-12-31T23:59:59.999Z","+275760-09-13T00:00:00.000Z","-271821-04-20T00:00:00.000Z"]}`],
  ["escapes of strings", d => { d.list = ["\"\\/", "\b\t\n\f\r", "\0\x1f\x7f", "\u2028\u2029<>&", "💒", "\ud800"] },
    `{"list":["\\"\\\\/","\\b\\t\\n\\f\\r","\\u0000\\u001f\x7f","\u2028\u2029<>&","💒","\ufffd"]}`],
  ["the order of keys is that of their UTF-16 code units", d => { for (const key of ["b", "a", "B", "10", "9", "é", "\uffff", "💒", "aa"]) d[key] = 1 },
    `{"10":1,"9":1,"B":1,"a":1,"aa":1,"b":1,"é":1,"💒":1,"\uffff":1}`],
  ["maps and lists", d => { d.venue = { name: "Mill", rooms: [[], {}, [1, [true, false, null]]] }; d.gone = 1; delete d.gone },
    `{"venue":{"name":"Mill","rooms":[[],{},[1,[true,false,null]]]}}`],
]

// The value that shows of two that were set at the same time is that of the higher actor.
function conflicting() {
  const base = A.change(A.init({ actor: "00" }), { time: 0 }, d => { d.name = "Ada" })
  const one = A.change(A.clone(base, { actor: "01" }), { time: 0 }, d => { d.notes = new A.ImmutableString("one") })
  const two = A.change(A.clone(base, { actor: "02" }), { time: 0 }, d => { d.notes = new A.ImmutableString("two") })
  return A.merge(one, two)
}

const vectors = []
async function add(name, how, doc, text) {
  const { sync_conflicts, ...fields } = doc
  if (canonical(fields) !== text) throw new Error(`${name}: digest.mjs writes ${canonical(fields)}, by hand it is ${text}`)
  const hex = createHash("sha256").update(text).digest("hex")
  if (await digest(doc) !== hex) throw new Error(`${name}: digest.mjs makes another digest`)
  const chunks = A.getAllChanges(doc).map(chunk => Buffer.from(chunk).toString("base64"))
  vectors.push({ name, how, chunks, canonical: text, digest: hex })
}
for (const [name, make, text] of cases) {
  await add(name, make.toString(), A.change(A.init({ actor: "00ff" }), { time: 0 }, make), text)
}
await add("values in conflict", conflicting.toString(), conflicting(), `{"name":"Ada","notes":"two"}`)
console.log(JSON.stringify(vectors, null, 1))
