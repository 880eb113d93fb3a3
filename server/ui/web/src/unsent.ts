// Which records and which of their fields were edited in this browser and have not reached the hub,
// for an element that shows them.

import type { ReactiveController, ReactiveControllerHost } from "lit"
import type { ClientHandle, Held } from "./repo"
import { documents, unsynced } from "./syncing"

const unknown: Held = { name: "", fields: null }
const rest = 50 // milliseconds between a sign that something has changed and the look at it

export class Unsent implements ReactiveController {
  #held = new Map<string, Held>()
  #host: ReactiveControllerHost
  #end?: () => void
  #looks = 0
  #soon?: ReturnType<typeof setTimeout>
  #followed = new Set<ClientHandle>()

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
    this.#looks++ // what is being looked at is of no use any more
    clearTimeout(this.#soon)
    for (const handle of this.#followed) {
      handle.off("change", this.#changed)
      handle.off("remote-heads", this.#changed)
    }
    this.#followed.clear()
  }

  /** What waits of a document; nothing of it is known until it was looked at. */
  of(document: string): Held {
    return this.#held.get(document) ?? unknown
  }

  /** An edit of another tab, or what the hub is known to hold, may come after the mark that tells of it. */
  #changed = (): void => {
    clearTimeout(this.#soon)
    this.#soon = setTimeout(() => void this.#look(), rest)
  }

  async #look(): Promise<void> {
    const look = ++this.#looks
    const all = await documents()
    const found = await Promise.all(Object.keys(unsynced.value).map(async id => {
      try {
        const handle = await all.open(id)
        if (look === this.#looks) this.#follow(handle)
        return [id, await all.unsent(id)] as const
      } catch {
        return [id, unknown] as const // one that was deleted
      }
    }))
    if (look !== this.#looks) return // a later look sees more
    this.#held = new Map(found)
    this.#host.requestUpdate()
  }

  #follow(handle: ClientHandle): void {
    if (this.#followed.has(handle)) return
    this.#followed.add(handle)
    handle.on("change", this.#changed)
    handle.on("remote-heads", this.#changed)
  }
}
