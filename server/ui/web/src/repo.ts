// The records as documents: kept in this browser, shared with its other tabs, synced
// with the hub. Loaded apart from the pages, which show themselves before it is there.

import "./main" // is there already: so what is shared with it stays in one file with it
import wasm from "@automerge/automerge/automerge.wasm"
import {
  Automerge, decodeHeads, initializeWasm, Repo, type DocHandle, type DocumentId,
} from "@automerge/automerge-repo/slim"
import { BroadcastChannelNetworkAdapter } from "@automerge/automerge-repo-network-broadcastchannel"
import { IndexedDBStorageAdapter } from "@automerge/automerge-repo-storage-indexeddb"
import { HubSocket } from "./hubsocket"
import type { Session } from "./session"
import { connection, storageTrouble, stored, unsynced, unsyncedCount } from "./syncing"
import type { Value } from "./types"
import { Unsynced } from "./unsynced"

export { Automerge }

/** A client's record. sync_conflicts is the hub's: it names the conflict of each critical field that waits. */
export type ClientDoc = { [field: string]: Value } & { sync_conflicts?: Record<string, Value> }

export type ClientHandle = DocHandle<ClientDoc>

/** A record that has edits which the hub lacks. */
export interface Held {
  name: string
  /** The fields that were edited, null if that is not known. */
  fields: string[] | null
}

/** Storage that says so when it is full, and when nothing can be read of it: the hub may have what is asked for. */
class Storage extends IndexedDBStorageAdapter {
  override async save(key: string[], data: Uint8Array): Promise<void> {
    try {
      await this.#put(key, data)
      storageTrouble.set("")
    } catch (error) {
      tell(error)
      throw error
    }
  }

  /** As in IndexedDBStorageAdapter, which waits for good when a transaction finds at its end that storage is full:
   *  no request has failed then, it is only aborted. */
  async #put(key: string[], data: Uint8Array): Promise<void> {
    const transaction = (await this["dbPromise"]).transaction(this["store"], "readwrite")
    transaction.objectStore(this["store"]).put({ key, binary: data }, key)
    await new Promise<void>((resolve, reject) => {
      transaction.oncomplete = () => resolve()
      transaction.onabort = () => reject(transaction.error)
    })
  }

  override async load(key: string[]): Promise<Uint8Array | undefined> {
    return super.load(key).catch(tell)
  }

  override async loadRange(prefix: string[]) {
    return super.loadRange(prefix).catch(error => {
      tell(error)
      return []
    })
  }
}

/** Says why storage does not do what it was asked for. */
function tell(error: unknown): undefined {
  const full = error instanceof DOMException && error.name === "QuotaExceededError"
  storageTrouble.set(full
    ? "This browser's storage is full: edits made offline may be lost. Free some space."
    : "This browser does not store anything: edits made offline are lost when this tab closes.")
}

export class Documents {
  #repo: Repo
  #hub: HubSocket
  #storage?: Storage
  #unsynced: Unsynced
  #watched = new Set<string>()
  /** Documents with edits that are on their way to storage, and whether more came meanwhile. */
  #storing = new Map<string, boolean>()
  #ends: (() => void)[] = []

  /** Without a storage, documents are the hub's and those of other tabs: what is not with them when this tab closes is lost. */
  private constructor(s: Session, storage?: Storage) {
    this.#hub = new HubSocket(s.storage)
    this.#unsynced = new Unsynced(storage && s.storage)
    this.#storage = storage
    this.#repo = new Repo({
      storage: this.#storage,
      network: [this.#hub, new BroadcastChannelNetworkAdapter({ channelName: s.storage, peerWaitMs: 100 })],
    })
    const count = () => {
      unsynced.set(this.#unsynced.marks.value)
      unsyncedCount.set(Object.keys(this.#unsynced.marks.value).length)
    }
    count()
    this.#ends = [
      this.#unsynced.marks.subscribe(count),
      this.#hub.connection.subscribe(state => connection.set(state)),
    ]
    connection.set(this.#hub.connection.value)
    for (const id of Object.keys(this.#unsynced.marks.value)) {
      void this.open(id).catch(() => undefined) // it was deleted: the hub has what there was to say
    }
  }

  static async start(s: Session): Promise<Documents> {
    const storage = new Storage(`${s.storage}:documents`)
    const [stores] = await Promise.all([name(storage).then(() => true, () => false), initializeWasm(automerge())]) // storageTrouble says so
    return new Documents(s, stores ? storage : undefined)
  }

  /** Ends all connections. What was edited is stored first. */
  async stop(): Promise<void> {
    for (const end of this.#ends) end()
    connection.set("off")
    const come = Object.values(this.#repo.handles).filter(handle => handle.isReady())
    await this.#repo.flush(come.map(handle => handle.documentId)).catch(() => undefined) // storageTrouble says so
    await this.#repo.shutdown().catch(() => undefined) // it would store those that have not come, too
  }

  /** The device that the hub knows this browser as, unless its token names one: without a storage, another whenever the app starts. */
  async device(): Promise<string> {
    return (await this.#repo.storageId()) ?? this.#repo.peerId
  }

  /** Opens a record, from this browser's storage or from the hub. If neither has it now it throws or,
   *  where somebody wants to know that it is missing, calls that and waits until it comes. */
  async open<T = ClientDoc>(id: string, missing?: () => void): Promise<DocHandle<T>> {
    const handle = await this.#repo.find<T>(id as DocumentId, { allowableStates: ["ready", "unavailable"] }).catch(error => {
      const slow = this.#repo.handles[id as DocumentId]
      if (!slow || slow.isDeleted()) throw error
      return slow as DocHandle<T> // automerge-repo waits for a minute, what it waits for may come later
    })
    if (!handle.isReady()) {
      if (!missing) throw new Error("Neither this browser nor the hub has this record.")
      missing()
      await arrival(handle)
    }
    if (!this.#watched.has(id)) this.#watch(handle as DocHandle<unknown>)
    return handle
  }

  /** The newest changes of a record here, in hexadecimal. */
  headsOf(handle: DocHandle<any>): string[] {
    return decodeHeads(handle.heads())
  }

  /** Whether this browser stores a copy of a record. */
  async holds(id: string): Promise<boolean> {
    return this.#storage !== undefined && (await this.#storage.loadRange([id])).length > 0
  }

  /** What was edited here of a record and has not reached the hub. */
  async unsent(id: string): Promise<Held> {
    const handle = await this.open(id)
    const doc = handle.doc()
    const name = typeof doc.name === "string" || Automerge.isImmutableString(doc.name) ? String(doc.name) : ""
    const theirs = this.hubHeads(handle) ?? this.#unsynced.marks.value[id]?.hub
    if (!theirs || !Automerge.hasHeads(doc as Automerge.Doc<unknown>, theirs)) return { name, fields: null }
    const patches = Automerge.diff(doc as Automerge.Doc<unknown>, theirs, decodeHeads(handle.heads()))
    return { name, fields: [...new Set(patches.map(patch => String(patch.path[0])))].filter(field => field !== "sync_conflicts") }
  }

  /** What the hub is known to hold of a document, null if that was not told yet. */
  hubHeads(handle: DocHandle<any>): string[] | null {
    const hub = this.#hub.hubStorage.value
    const told = hub && handle.getSyncInfo(hub)?.lastHeads
    return told ? decodeHeads(told) : null
  }

  /** Whether the hub holds just what this browser does. */
  isSynced(handle: DocHandle<any>): boolean {
    const theirs = this.hubHeads(handle)
    return theirs !== null && sameHeads(theirs, decodeHeads(handle.heads()))
  }

  /** Whether this browser's storage has all that the document holds. */
  isStored(handle: DocHandle<any>): boolean {
    return this.#storage !== undefined && !this.#storing.has(handle.documentId)
  }

  /** Stores a document now: who closes a tab in the next moment loses nothing. */
  async #store(handle: DocHandle<unknown>): Promise<void> {
    const id = handle.documentId
    const busy = this.#storing.has(id)
    this.#storing.set(id, busy)
    if (busy) return
    let more = true
    try {
      while (more) {
        await this.#repo.flush([id])
        more = this.#storing.get(id) ?? false
        this.#storing.set(id, false)
      }
      this.#storing.delete(id)
    } catch {
      this.#storing.delete(id) // storageTrouble says so
    }
    stored.set(stored.value + 1)
  }

  #watch(handle: DocHandle<unknown>): void {
    const id = handle.documentId
    this.#watched.add(id)
    const settle = () => {
      if (!this.isSynced(handle)) return
      this.#unsynced.clear(id, heads => Automerge.hasHeads(handle.doc() as Automerge.Doc<unknown>, heads))
    }
    // Whether it was edited here, in another tab or elsewhere is not told: what the hub is
    // not known to hold counts as unsynced until it is.
    handle.on("change", () => {
      void this.#store(handle)
      if (this.isSynced(handle)) settle()
      else this.#unsynced.mark(id, decodeHeads(handle.heads()), this.hubHeads(handle))
    })
    handle.on("remote-heads", settle)
    settle()
  }
}

/** Resolves once a document that was nowhere is there. */
async function arrival(handle: DocHandle<any>): Promise<void> {
  await new Promise<void>(resolve => handle.once("heads-changed", () => resolve()))
  await handle.whenReady()
}

/** Gives a new storage its id. automerge-repo does so itself, but where it is asked for the
 *  id twice at the start it tells the hub one and keeps the other: two devices for one. */
async function name(storage: Storage): Promise<void> {
  const key = ["storage-adapter-id"]
  if (!(await storage.load(key))) await storage.save(key, new TextEncoder().encode(crypto.randomUUID()))
}

function sameHeads(a: string[], b: string[]): boolean {
  return a.length === b.length && a.every(head => b.includes(head))
}

/** Automerge's WebAssembly. All of its bytes are compiled by other threads; what is compiled as it is loaded holds up the page. */
async function automerge(): Promise<Uint8Array> {
  const response = await fetch(wasm)
  if (!response.ok) throw new Error(`${wasm}: ${response.status}`)
  return new Uint8Array(await response.arrayBuffer())
}
