// Saying whose communication is: it is seen at once, and taken back visibly if the hub refuses.

import type { ReactiveController, ReactiveControllerHost } from "lit"
import { put, told } from "./api"
import type { Unmatched } from "./communications"
import { onEvent } from "./stream"
import type { Event } from "./types"

export interface Whose {
  id: string
  name: string
}

/** What was said here of an item. */
export interface Said {
  item: Unmatched
  /** Whose it is; null once that was taken back. */
  client: Whose | null
  /** Why it is not as it was wished; empty if it is. */
  refusal: string
}

/** What was said on a page, until that is left. */
export class Assigning implements ReactiveController {
  /** By item. */
  readonly said = new Map<string, Said>()
  #sent = new Map<string, Promise<boolean>>() // the last word on an item, while the hub has not answered
  #host: ReactiveControllerHost
  #matched: (id: string) => void
  #end?: () => void

  /** Matched is called for what anybody has put with a client. */
  constructor(host: ReactiveControllerHost, matched: (id: string) => void) {
    this.#host = host
    this.#matched = matched
    host.addController(this)
  }

  hostConnected(): void {
    this.#end = onEvent(["wedsync.activity.posted"], (event, live) => live && this.#hear(event))
  }

  hostDisconnected(): void {
    this.#end?.()
    this.forget()
  }

  assign(item: Unmatched, client: Whose): void {
    void this.#say(item, client, "linked")
  }

  undo({ item, client }: Said): void {
    if (client) void this.#say(item, client, "unlinked")
  }

  forget(): void {
    this.said.clear()
  }

  async #say(item: Unmatched, client: Whose, state: "linked" | "unlinked"): Promise<void> {
    const sent = this.#send(this.#sent.get(item.id), item, client, state)
    this.#sent.set(item.id, sent)
    this.#show(item, state === "linked" ? client : null)
    await sent
    if (this.#sent.get(item.id) === sent) this.#sent.delete(item.id)
  }

  /** Tells the hub after what was said before, and whether it took it. */
  async #send(before: Promise<boolean> | undefined, item: Unmatched, client: Whose, state: "linked" | "unlinked"): Promise<boolean> {
    if (before && !(await before)) return false // there is nothing to take back
    try {
      await put(`/api/clients/${encodeURIComponent(client.id)}/communications/${encodeURIComponent(item.id)}/link`, { state })
      return true
    } catch (error) {
      if (state === "linked") this.#show(item, null, `It was not put with ${client.name}. ${told(error)}`)
      else this.#show(item, client, `It is still with ${client.name}. ${told(error)}`)
      return false
    }
  }

  #show(item: Unmatched, client: Whose | null, refusal = ""): void {
    this.said.set(item.id, { item, client, refusal })
    this.#host.requestUpdate()
  }

  /** Follows what is said elsewhere. */
  #hear({ data }: Event): void {
    const { link, items = [] } = (data.activity?.data ?? {}) as { link?: string; items?: string[] }
    for (const id of link ? items : []) {
      const said = this.#sent.has(id) ? undefined : this.said.get(id)
      if (link === "linked") {
        if (said && !said.client) this.said.delete(id)
        this.#matched(id)
      } else if (said?.client && said.client.id === data.client_id) {
        this.#show(said.item, null)
      }
    }
  }
}
