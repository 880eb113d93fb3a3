// Automerge documents that sync by hand, for tests of the sync protocol: one
// JSON command per line on stdin, one answer per line on stdout, in order.
// Nothing is kept back and nothing happens unasked. Bytes travel in base64,
// hashes in hexadecimal.
//
//   open {doc, actor}          a new, empty document
//   edit {doc, dice}           random edits; dice are numbers from 0 to 1, some for each change
//   generate {doc, peer}       → {message}, null if none is due
//   receive {doc, peer, message}
//   forget {doc, peer}         the sync state is lost
//   persist {doc, peer}        it is saved and loaded: only what both are known to share survives
//   heads {doc}                → {heads}
//   since {doc, heads}         → {changes}
//   apply {doc, changes}
//   save {doc, as}, restore {doc, from}
//   show {doc}                 → {value}: the content as another process would load it
//   close {doc}
//   encode {frame} → {bytes}, decode {bytes} → {frame}: automerge-repo's CBOR. In JSON,
//     {"$bytes": base64} is a byte string, "$undefined" is undefined, {"$bigint": text} a BigInt

import { createInterface } from "node:readline"
import * as A from "@automerge/automerge"
import { cbor } from "@automerge/automerge-repo"

const docs = new Map()
const states = new Map() // "doc peer" → sync state
const saved = new Map()

const bytes = text => new Uint8Array(Buffer.from(text, "base64"))
const text = b => Buffer.from(b).toString("base64")
const key = ({ doc, peer }) => `${doc} ${peer}`
const state = c => states.get(key(c)) ?? A.initSyncState()

// Keys come in the order of arrival; copies that hold the same are to look the same.
const sorted = v => v instanceof A.Counter ? v.value
  : Array.isArray(v) ? v.map(sorted)
  : v && typeof v === "object" ? Object.fromEntries(Object.keys(v).sort().map(k => [k, sorted(v[k])]))
  : v

// One of many kinds of edit: plain fields, text typed and cut, nested maps,
// lists, counters, deletions.
function edit(doc, [kind, where, what]) {
  const field = "abcdefgh"[Math.floor(where * 8)]
  return A.change(doc, { time: 0 }, d => {
    switch (Math.floor(kind * 8)) {
      case 0: d[field] = what; break
      case 1: delete d[field]; d.last = what; break
      case 2: d.notes ??= ""; A.splice(d, ["notes"], Math.floor(where * d.notes.length), 0, "word ".repeat(1 + what * 20)); break
      case 3: d.notes ??= "x"; A.splice(d, ["notes"], 0, Math.min(1, d.notes.length), "y"); break
      case 4: d.map ??= {}; d.map[field] = { at: what }; break
      case 5: d.list ??= []; d.list.push(what); break
      case 6: d.list ??= []; d.list.length ? d.list.splice(Math.floor(where * d.list.length), 1) : d.list.push("first"); break
      default: d.count ? d.count.increment(1) : (d.count = new A.Counter(1))
    }
  })
}

const fromJSON = v => v === "$undefined" ? undefined
  : v?.$bytes !== undefined ? bytes(v.$bytes)
  : Array.isArray(v) ? v.map(fromJSON)
  : v && typeof v === "object" ? Object.fromEntries(Object.entries(v).map(([k, x]) => [k, fromJSON(x)]))
  : v

const toJSON = v => v === undefined ? "$undefined"
  : typeof v === "bigint" ? { $bigint: String(v) }
  : v instanceof Uint8Array ? { $bytes: text(v) }
  : Array.isArray(v) ? v.map(toJSON)
  : v && typeof v === "object" ? Object.fromEntries(Object.entries(v).map(([k, x]) => [k, toJSON(x)]))
  : v

const commands = {
  encode: ({ frame }) => ({ bytes: text(cbor.encode(fromJSON(frame))) }),
  decode: c => ({ frame: toJSON(cbor.decode(bytes(c.bytes))) }),
  open: ({ doc, actor }) => { docs.set(doc, A.init({ actor })) },
  edit({ doc, dice }) {
    let d = docs.get(doc)
    for (let i = 0; i + 2 < dice.length; i += 3) d = edit(d, dice.slice(i, i + 3))
    docs.set(doc, d)
  },
  generate(c) {
    const [next, message] = A.generateSyncMessage(docs.get(c.doc), state(c))
    states.set(key(c), next)
    return { message: message ? text(message) : null }
  },
  receive(c) {
    const [doc, next] = A.receiveSyncMessage(docs.get(c.doc), state(c), bytes(c.message))
    docs.set(c.doc, doc)
    states.set(key(c), next)
  },
  forget: c => { states.delete(key(c)) },
  persist: c => { states.set(key(c), A.decodeSyncState(A.encodeSyncState(state(c)))) },
  heads: ({ doc }) => ({ heads: A.getHeads(docs.get(doc)) }),
  since: ({ doc, heads }) => ({ changes: A.getChangesSince(docs.get(doc), heads).map(text) }),
  apply({ doc, changes }) { docs.set(doc, A.applyChanges(docs.get(doc), changes.map(bytes))[0]) },
  save({ doc, as }) { saved.set(as, A.save(docs.get(doc))) },
  restore({ doc, from, actor }) { docs.set(doc, A.load(saved.get(from), { actor })) },
  show: ({ doc }) => ({ value: sorted(A.load(A.save(docs.get(doc)))) }),
  close({ doc }) {
    docs.delete(doc)
    for (const k of states.keys()) if (k.startsWith(`${doc} `)) states.delete(k)
    for (const k of saved.keys()) if (k.startsWith(doc)) saved.delete(k)
  },
}

for await (const line of createInterface({ input: process.stdin })) {
  const c = JSON.parse(line)
  let answer
  try {
    answer = commands[c.cmd](c) ?? {}
  } catch (e) {
    answer = { error: String(e?.stack ?? e) }
  }
  process.stdout.write(JSON.stringify(answer) + "\n")
}
