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
  /** Why the document cannot be had; empty if it can, or may still come. */
  trouble = ""
  #host: ReactiveControllerHost
  #all?: Documents
  #presence?: Presence
  #ends: (() => void)[] = []
  #abort?: AbortController
  #id = ""

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
    try {
      const all = await documents()
      const handle = await all.open(id, signal)
      if (signal.aborted) return
      this.#all = all
      this.handle = handle
      this.trouble = ""
      this.#listen(handle)
    } catch {
      if (signal.aborted) return
      this.#id = "" // so that it can be tried again
      this.trouble = navigator.onLine ? "The hub does not give this record out: it may have been deleted." : "This record was never opened in this browser, so it is not here while you are offline."
    }
    this.#host.requestUpdate()
  }

  close(): void {
    this.#abort?.abort()
    this.#presence?.stop()
    this.#presence = undefined
    for (const end of this.#ends) end()
    this.#ends = []
    this.handle = undefined
    this.#id = ""
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
    this.#ends = [
      () => handle.off("change", update),
      () => handle.off("heads-changed", update),
      () => handle.off("remote-heads", update),
      this.#presence.peers.subscribe(update),
      connection.subscribe(update),
      stored.subscribe(update),
    ]
  }
}
