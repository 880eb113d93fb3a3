// Which records and which of their fields were edited in this browser and have not reached the hub,
// for an element that shows them.

import type { ReactiveController, ReactiveControllerHost } from "lit"
import type { Held } from "./repo"
import { documents, unsynced } from "./syncing"

const unknown: Held = { name: "", fields: null }

export class Unsent implements ReactiveController {
  #held = new Map<string, Held>()
  #host: ReactiveControllerHost
  #end?: () => void

  constructor(host: ReactiveControllerHost) {
    this.#host = host
    host.addController(this)
  }

  hostConnected(): void {
    this.#end = unsynced.subscribe(() => void this.#look())
    void this.#look()
  }

  hostDisconnected(): void {
    this.#end?.()
  }

  /** What waits of a document; nothing of it is known until it was looked at. */
  of(document: string): Held {
    return this.#held.get(document) ?? unknown
  }

  async #look(): Promise<void> {
    const all = await documents()
    const found = await Promise.all(Object.keys(unsynced.value).map(async id =>
      [id, await all.unsent(id).catch(() => unknown)] as const)) // one that was deleted
    this.#held = new Map(found)
    this.#host.requestUpdate()
  }
}
