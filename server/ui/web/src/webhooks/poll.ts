// What is read again while somebody looks at it.

import type { ReactiveController, ReactiveControllerHost } from "lit"
import { done } from "../components/ask"

const slow = 5000 // milliseconds between two readings: no event tells of webhooks
const quick = 1000 // and while something is about to change

/** Reads things again once something was done, and while the page is seen: often as long as something is about to
 *  change. */
export class Poll implements ReactiveController {
  #end?: () => void
  #moving = false
  #timer?: ReturnType<typeof setTimeout>
  #read: () => void
  #moves: () => boolean

  constructor(host: ReactiveControllerHost, read: () => void, moves = () => false) {
    this.#read = read
    this.#moves = moves
    host.addController(this)
  }

  hostConnected(): void {
    this.#end = done.subscribe(() => this.#read())
    this.#rest()
  }

  hostDisconnected(): void {
    this.#end?.()
    clearTimeout(this.#timer)
  }

  hostUpdated(): void {
    if (this.#moves() !== this.#moving) this.#rest()
  }

  #rest(): void {
    clearTimeout(this.#timer)
    this.#moving = this.#moves()
    this.#timer = setTimeout(() => {
      if (document.visibilityState === "visible") this.#read()
      this.#rest()
    }, this.#moving ? quick : slow)
  }
}
