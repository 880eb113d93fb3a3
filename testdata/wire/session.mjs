// One automerge-repo client: the commands that a test gives it, and what it
// tells unasked. It looks at the messages that pass and changes none.

import { decodeSyncMessage } from "@automerge/automerge"
import { Disk } from "./disk.mjs"
import { NOWHERE, openVersion, sameHeads } from "./repos.mjs"
import { at, decode, encode } from "./values.mjs"
import { digest } from "../digest/digest.mjs"

const DEFAULT_WAIT = 60_000 // ms until a wait gives up

export class Client {
  static commands = [
    "create", "find", "set", "text", "splice", "remove", "inc", "load", "type", "insist", "stop",
    "get", "heads", "digest", "history", "changes", "has", "offline", "online", "broadcast", "observe",
    "wait", "quiet", "traffic", "save", "close",
  ]

  static async open(options, print) {
    const client = new Client()
    client.name = options.name
    client.url = options.url
    client.print = event => print({ client: options.name, ...event })
    client.v = await openVersion(options.repo)
    client.adapter = client.v.adapter(options.offline ? NOWHERE : options.url, options.retry)
    client.#watchTraffic()
    client.disk = options.storage === "none" ? undefined : new Disk(client.v.storage(options.storage))
    client.repo = new client.v.Repo({ network: [client.adapter], storage: client.disk, peerId: options.peer })
    client.#watchPeers()
    return client
  }

  handles = new Map() // document id → handle
  hubHeads = new Map() // document id → heads that the hub last announced
  checks = new Set() // run after whatever may have made a wait come true
  loads = new Map() // document id → timer of a running load
  editing = false // whether the change event at hand is of our own edit
  frames = { sent: 0, received: 0, last: Date.now() }

  // Commands that write.

  create({ fields = {} }) {
    const handle = this.repo.create(decode(fields, this.v))
    this.#attach(handle)
    return { id: handle.documentId, heads: this.v.heads(handle) }
  }

  set({ id, field, value, fields }) {
    return this.#change(id, d => {
      for (const [path, v] of Object.entries(fields ?? { [field]: value })) {
        const { parent, key } = this.#place(d, path)
        parent[key] = decode(v, this.v)
      }
    }, field)
  }

  text({ id, field, value }) {
    return this.#change(id, d => this.v.updateText(d, field.split("."), value), field)
  }

  // splice edits a text at an index, or at a share of its length.
  splice({ id, field, index, at: share, remove = 0, insert = "" }) {
    return this.#change(id, d => {
      const path = field.split(".")
      const length = at(d, path).length
      const from = index ?? Math.floor(share * length)
      this.v.splice(d, path, from, Math.min(remove, length - from), insert)
    }, field)
  }

  remove({ id, field }) {
    return this.#change(id, d => {
      const { parent, key } = this.#place(d, field)
      delete parent[key]
    }, field)
  }

  inc({ id, field, by = 1 }) {
    return this.#change(id, d => {
      const { parent, key } = this.#place(d, field)
      parent[key].increment(by)
    }, field)
  }

  // load edits a field every few milliseconds until it is stopped or has made
  // count edits.
  load({ id, field, every = 5, count = Infinity, dates = false }) {
    let made = 0
    const step = () => {
      if (made >= count) return this.stop({ id })
      made++
      try {
        this.#change(id, d => { d[field] = dates ? someDay() : `${this.name}-${made}` })
      } catch (err) {
        this.print({ event: "trouble", message: err.message })
      }
    }
    this.loads.set(id, setInterval(step, every))
    return {}
  }

  // type writes a text letter by letter at the end of a field's, as it then
  // shows there. wait {id, idle} tells when all is written.
  type({ id, field, text, every = 40 }) {
    const letters = [...text]
    const step = () => {
      if (letters.length === 0) return this.stop({ id })
      this.splice({ id, field, at: 1, insert: letters.shift() })
    }
    this.loads.set(id, setInterval(step, every))
    return {}
  }

  // insist sets a field to a value, now and whenever it shows another.
  insist({ id, field, value }) {
    const handle = this.#ready(id)
    const look = () => {
      if (!same(encode(at(this.v.doc(handle), field.split("."))), value)) this.set({ id, field, value })
    }
    handle.on("change", () => setImmediate(look))
    look()
    return {}
  }

  stop({ id }) {
    clearInterval(this.loads.get(id))
    this.loads.delete(id)
    this.#check()
    return {}
  }

  // Commands that read.

  async find({ id, wait = true, timeout = DEFAULT_WAIT }) {
    this.v.find(this.repo, id)
    const handle = this.repo.handles[id]
    this.#attach(handle)
    if (!wait) return {}
    await within(timeout, `find ${id}: still ${handle.state}`, handle.whenReady(["ready", "unavailable"]))
    if (!handle.isReady()) throw new Error("unavailable")
    return this.heads({ id })
  }

  get({ id, field }) {
    const doc = this.v.doc(this.#ready(id))
    return { value: encode(field ? at(doc, field.split(".")) : doc) }
  }

  heads({ id }) {
    return { heads: [...this.v.heads(this.#ready(id))].sort() }
  }

  async digest({ id }) {
    return { value: await digest(this.v.doc(this.#ready(id))) }
  }

  history({ id }) {
    return { count: this.v.changes(this.#ready(id)).length }
  }

  changes({ id }) {
    return { changes: this.v.changes(this.#ready(id)).map(c => Buffer.from(c).toString("base64")) }
  }

  has({ id, heads }) {
    return { has: this.v.has(this.#ready(id), heads) }
  }

  traffic() {
    return { sent: this.frames.sent, received: this.frames.received }
  }

  // Commands about the network.

  // offline loses what is under way too: a message that arrived while the socket
  // closes would be answered, and throw out of the middle of a document's update.
  offline() {
    this.adapter.url = NOWHERE
    this.adapter.socket?.removeEventListener("message", this.adapter.onMessage)
    this.adapter.socket?.terminate()
    return this.#until(() => this.repo.peers.length === 0, DEFAULT_WAIT, () => "offline: the hub is still a peer")
  }

  async online({ wait = true, url }) {
    if (url) this.url = url
    this.adapter.url = this.url
    if (wait) await this.wait({ peer: true })
    return {}
  }

  broadcast({ id, message }) {
    this.#ready(id).broadcast(message)
    return {}
  }

  async save() {
    await this.repo.flush()
    return {}
  }

  async close() {
    await this.offline()
    await this.repo.flush()
    await this.disk?.takeOut()
    return {}
  }

  // Commands that watch and wait.

  observe({ id, field }) {
    const handle = this.#known(id)
    const tell = source => this.print({ event: "shown", doc: id, field, source, value: encode(at(this.v.doc(handle), field.split("."))) })
    handle.on("change", () => tell(this.editing ? "own" : "other"))
    if (handle.isReady()) tell("now")
    return {}
  }

  async wait({ id, peer, sent, ready, unavailable, heads, field, value, plain, missing, acked, idle, timeout = DEFAULT_WAIT }) {
    const met = () => {
      if (peer) return this.repo.peers.length > 0
      if (sent) return this.frames.sent >= sent
      const handle = this.#known(id)
      if (unavailable) return handle.isUnavailable()
      if (!handle.isReady()) return false
      if (ready) return true
      if (idle) return !this.loads.has(id)
      if (heads) return sameHeads(this.v.heads(handle), heads)
      if (acked) return sameHeads(this.v.heads(handle), this.hubHeads.get(id) ?? [])
      const shown = encode(at(this.v.doc(handle), field.split(".")))
      if (missing) return shown === undefined
      return plain === undefined ? same(shown, value) : same(shown?.$immutable ?? shown?.$date ?? shown, plain)
    }
    await this.#until(met, timeout, () => this.#describe({ id, field, value: value ?? plain, heads, peer, sent, acked }))
    return id && this.handles.get(id)?.isReady() ? this.heads({ id }) : {}
  }

  // quiet ends when no frame has passed for ms milliseconds.
  async quiet({ ms = 300, timeout = DEFAULT_WAIT }) {
    const give = Date.now() + timeout
    for (;;) {
      const left = this.frames.last + ms - Date.now()
      if (left <= 0) return this.traffic()
      if (Date.now() > give) throw new Error(`frames kept passing: ${JSON.stringify(this.frames)}`)
      await new Promise(r => setTimeout(r, left))
    }
  }

  // What follows is not for tests to call.

  #watchTraffic() {
    const send = this.adapter.send.bind(this.adapter)
    this.adapter.send = message => {
      this.frames.sent++
      this.frames.last = Date.now()
      queueMicrotask(() => this.#check())
      try {
        return send(message)
      } catch (err) {
        // 2.5.6 throws on a socket that closes, out of the middle of a document's
        // update, and loses the document. 2.6 drops what it cannot send, and so do we.
        this.print({ event: "trouble", message: err.message })
      }
    }
  }

  #watchPeers() {
    const network = this.repo.networkSubsystem
    network.on("peer", ({ peerId, peerMetadata }) => {
      this.print({ event: "peer", hub: peerId, storage: peerMetadata?.storageId })
      this.#check()
    })
    network.on("peer-disconnected", () => {
      this.print({ event: "gone" })
      this.#check()
    })
    this.adapter.on("message", message => {
      this.frames.received++
      this.frames.last = Date.now()
      if (message.type === "doc-unavailable") this.print({ event: "unavailable", doc: message.documentId })
      if (message.type !== "sync" && message.type !== "request") return
      this.hubHeads.set(message.documentId, decodeSyncMessage(message.data).heads)
      this.#noteAck(message.documentId)
      this.#check()
    })
  }

  #attach(handle) {
    const id = handle.documentId
    if (this.handles.has(id)) return
    this.handles.set(id, handle)
    handle.on("heads-changed", () => {
      this.#noteAck(id)
      this.#check()
    })
    handle.on("ephemeral-message", ({ senderId, message }) => this.print({ event: "ephemeral", doc: id, from: senderId, message }))
    for (const state of ["ready", "unavailable"]) {
      handle.whenReady([state]).then(() => this.#check(), () => {}) // never, if it never is
    }
  }

  // The hub's heads are all known to us: all that leads up to them is stored.
  #noteAck(id) {
    const hub = this.hubHeads.get(id)
    const handle = this.handles.get(id)
    if (!hub?.length || !handle?.isReady() || hub.noted || !this.v.has(handle, hub)) return
    hub.noted = true
    this.print({ event: "acked", doc: id, heads: hub, equal: sameHeads(hub, this.v.heads(handle)) })
  }

  // #change makes one change and says what the field shows its author then.
  #change(id, change, field) {
    const handle = this.#ready(id)
    this.editing = true
    try {
      handle.change(change)
    } finally {
      this.editing = false
    }
    return { ...this.heads({ id }), ...(field && this.get({ id, field })) }
  }

  #place(d, path) {
    const keys = path.split(".")
    const key = keys.pop()
    for (const k of keys) {
      if (d[k] === undefined) d[k] = {}
      d = d[k]
    }
    return { parent: d, key }
  }

  #known(id) {
    const handle = this.handles.get(id)
    if (!handle) throw new Error(`document ${id} is not open: create or find it first`)
    return handle
  }

  #ready(id) {
    const handle = this.#known(id)
    if (!handle.isReady()) throw new Error(`document ${id} is ${handle.state}`)
    return handle
  }

  #until(met, timeout, describe) {
    return new Promise((resolve, reject) => {
      const finish = f => {
        clearTimeout(timer)
        this.checks.delete(check)
        f()
      }
      const check = () => met() && finish(() => resolve({}))
      const timer = setTimeout(() => finish(() => reject(new Error(`after ${timeout} ms: ${describe()}`))), timeout)
      this.checks.add(check)
      check()
    })
  }

  #check() {
    for (const check of [...this.checks]) check()
  }

  #describe({ id, field, value, heads, peer, sent, acked }) {
    if (peer) return "no hub is connected"
    if (sent) return `${this.frames.sent} frames were sent, want ${sent}`
    const handle = this.handles.get(id)
    if (!handle.isReady()) return `document is ${handle.state}`
    const now = { heads: this.v.heads(handle), hub: this.hubHeads.get(id), value: field && this.get({ id, field }).value }
    return `want ${JSON.stringify({ value, heads, acked })}, have ${JSON.stringify(now)}`
  }
}

function someDay() {
  return new Date(Date.UTC(2027, 0, 1 + Math.floor(365 * Math.random()))).toISOString().slice(0, 10)
}

function same(a, b) {
  return JSON.stringify(a) === JSON.stringify(b)
}

function within(ms, message, promise) {
  let timer
  const late = new Promise((_, reject) => { timer = setTimeout(() => reject(new Error(`after ${ms} ms: ${message}`)), ms) })
  return Promise.race([promise, late]).finally(() => clearTimeout(timer))
}
