// Which fields of which records were edited in this browser and have not reached the hub,
// for an element that shows them.

import type { ReactiveController, ReactiveControllerHost } from "lit"
import { documents, unsynced } from "./syncing"

export class Unsent implements ReactiveController {
  #fields = new Map<string, string[] | null>()
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

  /** The fields of a document that wait, null while they are not known. */
  of(document: string): string[] | null {
    return this.#fields.get(document) ?? null
  }

  async #look(): Promise<void> {
    const all = await documents()
    const found = await Promise.all(Object.keys(unsynced.value).map(async id =>
      [id, await all.unsent(id).catch(() => null)] as const)) // one that was deleted has no fields to name
    this.#fields = new Map(found)
    this.#host.requestUpdate()
  }
}
