// One record as a page shows it: what the hub says of it, and its document, which is
// there without a network and changes as people type.

import type { ReactiveController, ReactiveControllerHost } from "lit"
import { read, write } from "./doc"
import { Presence, type Peer } from "./presence"
import type { ClientHandle, Documents } from "./repo"
import { session } from "./session"
import { connection, documents, stored } from "./syncing"
import type { Value } from "./types"

export type Saving = "loading" | "saved" | "sending" | "kept"

/** The document of a record, for an element that renders anew when something moves. */
export class Record implements ReactiveController {
  handle?: ClientHandle
  #host: ReactiveControllerHost
  #all?: Documents
  #presence?: Presence
  #ends: (() => void)[] = []
  #abort?: AbortController
  #id = ""
  #missing = false

  constructor(host: ReactiveControllerHost) {
    this.#host = host
    host.addController(this)
  }

  hostDisconnected(): void {
    this.close()
  }

  /** Opens a document in place of the one before. */
  async open(id: string): Promise<void> {
    if (id === this.#id) return
    this.close()
    this.#id = id
    const { signal } = (this.#abort = new AbortController())
    const update = () => this.#host.requestUpdate()
    this.#ends = [connection.subscribe(update), stored.subscribe(update)]
    const miss = () => {
      if (signal.aborted) return
      this.#missing = true
      update()
    }
    try {
      const all = await documents()
      const handle = await all.open(id, miss)
      if (signal.aborted) return
      this.#all = all
      this.handle = handle
      this.#missing = false
      this.#listen(handle)
      update()
    } catch {
      miss()
    }
  }

  close(): void {
    this.#abort?.abort()
    this.#presence?.stop()
    this.#presence = undefined
    for (const end of this.#ends) end()
    this.#ends = []
    this.handle = undefined
    this.#missing = false
    this.#id = ""
  }

  /** Why the document is not there, empty if it is, or may come in a moment. It appears by itself once it can be had. */
  get trouble(): string {
    if (!this.#missing) return ""
    if (connection.value === "connected") return "The hub does not give this record out: it may have been deleted."
    return navigator.onLine ? "The hub is not reached yet, and this browser has no copy of this record." : "This record was never opened in this browser, so it is not here while you are offline."
  }

  get peers(): Peer[] {
    return this.#presence?.peers.value ?? []
  }

  /** Says where in the record this tab is. */
  at(field: string, caret = -1): void {
    this.#presence?.at(field, caret)
  }

  /** What becomes of edits: the hub has them, or is being told, or this browser has stored them. */
  get saving(): Saving {
    if (!this.handle || !this.#all) return "loading"
    if (this.#all.isSynced(this.handle)) return "saved"
    return connection.value === "connected" || !this.#all.isStored(this.handle) ? "sending" : "kept"
  }

  /** A field of the document, undefined if it is not here yet. */
  read(path: string): Value | undefined {
    return this.handle?.isReady() ? read(this.handle.doc(), path) : undefined
  }

  /** Fields of the document, undefined if it is not here yet. */
  fields(): string[] | undefined {
    return this.handle?.isReady() ? Object.keys(this.handle.doc()) : undefined
  }

  write(path: string, value: Value): void {
    if (this.handle) write(this.handle, path, value)
  }

  #listen(handle: ClientHandle): void {
    const update = () => this.#host.requestUpdate()
    handle.on("change", update)
    handle.on("heads-changed", update)
    handle.on("remote-heads", update)
    this.#presence = new Presence(handle, session.value?.user ?? "")
    this.#ends.push(
      () => handle.off("change", update),
      () => handle.off("heads-changed", update),
      () => handle.off("remote-heads", update),
      this.#presence.peers.subscribe(update),
    )
  }
}
