// Holds what stands for dependencies of automerge-repo against those dependencies, for
// random values and random runs. The seed comes with the command; what differs is printed
// with it, and ends the process with 1.

import assert from "node:assert/strict"
import { mock } from "node:test"
import * as cborX from "cbor-x"
import * as xstate from "xstate"
import { sha256 as theirSha256 } from "@noble/hashes/sha256"
import * as ourCbor from "../../../server/ui/web/src/instead/cbor.ts"
import * as ourXstate from "../../../server/ui/web/src/instead/xstate.ts"
import { sha256 as ourSha256 } from "../../../server/ui/web/src/instead/sha256.ts"

const seed = Number(process.argv[2])
let state = seed >>> 0
function random(below) { // mulberry32
  state = (state + 0x6d2b79f5) | 0
  let t = Math.imul(state ^ (state >>> 15), 1 | state)
  t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
  return ((t ^ (t >>> 14)) >>> 0) % below
}
const pick = list => list[random(list.length)]
const bytes = length => Uint8Array.from({ length }, () => random(256))

// CBOR

const numbers = [0, 1, 23, 24, 255, 256, 65535, 65536, 2 ** 31, 2 ** 32 - 1, 2 ** 32, 2 ** 53, 1.5, -0, -1, -24, -25, -256, -257,
  -65536, -65537, -(2 ** 31), -(2 ** 31) - 1, -(2 ** 32), -(2 ** 32) - 1, 1e300, NaN, Infinity, -Infinity, 1764456456123]
const texts = ["", "sync", "é", "日本語", "🎉 party", "x".repeat(23), "x".repeat(24), "é".repeat(63), "é".repeat(128), "__proto__"]

function value(depth) {
  switch (random(depth > 0 ? 9 : 6)) {
    case 0: return pick(numbers)
    case 1: return random(200) ? pick(texts) : "x".repeat(70000)
    case 2: return pick([true, false, null, undefined])
    case 3: return bytes(pick([0, 1, 23, 24, 300]))
    case 4: return random(2 ** 31) - 2 ** 30
    case 5: return String(random(1e9))
    case 6: return Array.from({ length: pick([0, 1, 3, random(10) ? 4 : 30]) }, () => value(depth - 1))
    default: return Object.fromEntries(Array.from({ length: pick([0, 1, 5, random(10) ? 6 : 40]) }, (_, i) => [pick(texts) + i, value(depth - 1)]))
  }
}

const options = { tagUint8Array: false, useRecords: false }
const theirs = new cborX.Encoder(options)
const ours = new ourCbor.Encoder(options)
const plain = v => v instanceof Uint8Array ? { bytes: [...v] } : Array.isArray(v) ? v.map(plain)
  : v && typeof v === "object" ? Object.fromEntries(Object.entries(v).map(([k, w]) => [k, plain(w)])) : v

for (let i = 0; i < 1000; i++) {
  const v = value(3)
  const encoded = ours.encode(v)
  assert.ok(Buffer.from(encoded).equals(Buffer.from(theirs.encode(v))), `written differently: ${JSON.stringify(v)?.slice(0, 500)}`)
  assert.deepEqual(plain(ourCbor.decode(encoded)), plain(cborX.decode(encoded)), "read differently")
}

// What other writers may send: 64-bit integers, floats of two and four bytes, lengths that are not told, a key that would be a prototype.
for (const hex of ["1b0000019abcdef012", "3b0000019abcdef012", "1bffffffffffffffff", "f93c00", "f97bff", "f90001", "f98400", "f97c00", "f9fc00", "f97e00",
  "fa47c35000", "9f010203ff", "bf616101616202ff", "a1695f5f70726f746f5f5f01", "a10102", "9f9fff80ff", "a0", "80"]) {
  const encoded = Uint8Array.from(Buffer.from(hex, "hex"))
  assert.deepEqual(plain(ourCbor.decode(encoded)), plain(cborX.decode(encoded)), hex)
}
assert.equal(ourCbor.decode(Uint8Array.from(Buffer.from("7f616161627fff".slice(0, 10) + "ff", "hex"))), "ab")
assert.deepEqual([...ourCbor.decode(Uint8Array.from(Buffer.from("d84043010203", "hex")))], [1, 2, 3])

// Whatever is cut off, added or spoiled is refused, or read as something; nothing hangs or asks for much.
for (let i = 0; i < 1000; i++) {
  const encoded = ours.encode(value(2))
  const cut = encoded.subarray(0, random(encoded.length))
  assert.throws(() => ourCbor.decode(cut), `read ${cut.length} of ${encoded.length} bytes`)
  assert.throws(() => ourCbor.decode(Uint8Array.from([...encoded.subarray(0, 2000), ...encoded.subarray(2000), 0])))
  const spoiled = encoded.slice(0, 3000)
  spoiled[random(spoiled.length)] = random(256)
  try { ourCbor.decode(spoiled) } catch { /* refused */ }
}
for (const v of [() => 0, 1n, new Map(), new Date(0), [new Set()]]) assert.throws(() => ours.encode(v))
assert.throws(() => new ourCbor.Encoder({ tagUint8Array: true, useRecords: false }))

// SHA-256

for (const length of [0, 1, 20, 55, 56, 64, 1000]) {
  const data = bytes(length)
  assert.deepEqual([...ourSha256(data)], [...theirSha256(data)])
}

// States, by a machine like that of a document: every run is told alike by both.

mock.timers.enable({ apis: ["setTimeout"] })

/** Runs the steps on one of the two, and says all that can be seen from outside. */
async function run({ setup, assign, assertEvent, createActor, waitFor }, steps) {
  const seen = []
  const machine = setup({
    types: { context: {}, events: {} },
    actions: {
      onUpdate: assign(({ context, event }) => {
        assertEvent(event, "UPDATE")
        return { doc: [...context.doc, event.by] }
      }),
      onDelete: assign(() => {
        seen.push(`deleting in ${actor.getSnapshot().value}`)
        return { doc: ["deleted"] }
      }),
      onUnavailable: assign(() => ({ doc: ["unavailable"] })),
      onUnload: assign(() => ({ doc: [] })),
    },
  }).createMachine({
    initial: "idle",
    context: { documentId: "d", doc: [] },
    on: { UPDATE: { actions: "onUpdate" }, UNLOAD: ".unloaded", DELETE: ".deleted" },
    states: {
      idle: { on: { BEGIN: "loading" } },
      loading: { on: { REQUEST: "requesting", DOC_READY: "ready" }, after: { [100]: "unavailable" } },
      requesting: { on: { DOC_UNAVAILABLE: "unavailable", DOC_READY: "ready" }, after: { [100]: "unavailable" } },
      unavailable: { entry: "onUnavailable", on: { DOC_READY: "ready" } },
      ready: {},
      unloaded: { entry: "onUnload", on: { RELOAD: "loading" } },
      deleted: { entry: "onDelete", type: "final" },
    },
  })
  const actor = createActor(machine)
  const tell = what => seen.push(`${what} ${actor.getSnapshot().value} ${JSON.stringify(actor.getSnapshot().context)} ${actor.getSnapshot().status}`)
  let nested = []
  const first = actor.subscribe(s => {
    tell(`first: ${s.value} ${s.matches("ready")}`)
    const event = nested.shift()
    if (event) actor.send(event)
    tell("sent from an observer")
  })
  const waits = []
  for (const step of steps) {
    nested = [...step.nested ?? []]
    switch (step.do) {
      case "start": actor.start(); break
      case "send": actor.send(step.event); break
      case "time": mock.timers.tick(step.for); break
      case "unsubscribe": first.unsubscribe(); break
      case "subscribe": actor.subscribe({ next: s => seen.push(`another: ${s.value}`), complete: () => seen.push("another: complete") }); break
      case "wait": {
        const abort = new AbortController()
        if (step.aborted) abort.abort("before")
        waits.push(waitFor(actor, s => s.matches(step.state), { timeout: step.timeout, signal: abort.signal })
          .then(s => `came to ${s.value}`, error => `refused: ${error.message ?? error}`))
        if (step.abort) abort.abort("after")
        break
      }
    }
    tell(step.do)
  }
  mock.timers.tick(10_000)
  tell("at the end")
  seen.push(...await Promise.all(waits.map(wait => Promise.race([wait, new Promise(resolve => setImmediate(resolve, "still waits"))]))))
  return seen
}

const event = () => {
  const type = pick(["BEGIN", "REQUEST", "DOC_READY", "DOC_READY", "DOC_UNAVAILABLE", "UPDATE", "UPDATE", "UNLOAD", "RELOAD", "DELETE", "NOBODY_KNOWS"])
  return { type, by: random(100) }
}
const states = ["loading", "requesting", "unavailable", "ready", "unloaded", "deleted"]

function step() {
  switch (random(12)) {
    case 0: return { do: "time", for: pick([1, 50, 99, 100, 101]) }
    case 1: return { do: "subscribe" }
    case 2: return random(8) ? { do: "subscribe" } : { do: "unsubscribe" }
    case 3: case 4: return { do: "wait", state: pick(states), timeout: pick([1, 60, 500, Infinity]), aborted: random(10) === 0, abort: random(6) === 0 }
    default: return { do: "send", event: event(), nested: Array.from({ length: random(3) }, event) }
  }
}

for (let i = 0; i < 2000; i++) {
  const steps = Array.from({ length: random(20) }, step)
  steps.splice(random(3), 0, { do: "start", nested: Array.from({ length: random(3) }, event) })
  assert.deepEqual(await run(ourXstate, steps), await run(xstate, steps), JSON.stringify(steps))
}

const { setup, assign } = ourXstate
const make = (config, actions = {}) => setup({ actions }).createMachine({ initial: "a", context: {}, states: { a: {} }, ...config })
make({})
assert.throws(() => make({ states: { a: { always: "a" } } }), /always/)
assert.throws(() => make({ invoke: {} }), /invoke/)
assert.throws(() => make({ states: { a: { on: { X: "b" } } } }), /lacks: b/)
assert.throws(() => make({ states: { a: { on: { X: { target: "a" } } } } }))
assert.throws(() => make({ on: { X: { actions: "none" } } }, { some: assign(() => ({})) }), /lacks: none/)
assert.throws(() => setup({ actions: {}, delays: {} }), /delays/)
