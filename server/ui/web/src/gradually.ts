// Lists that are put on the page in parts, so that no part takes long.

import type { ReactiveController, ReactiveControllerHost } from "lit"

const atFirst = 12 // items: about what a window shows
const perFrame = 6

/** How much of a list its element renders: some at first, and a few more with each frame. */
export class Gradually implements ReactiveController {
  #host: ReactiveControllerHost
  #shown = atFirst
  #frame = 0

  constructor(host: ReactiveControllerHost) {
    this.#host = host
    host.addController(this)
  }

  /** The items to render now: at least so many, all after some frames. */
  of<T>(items: T[], least = 0): T[] {
    this.#shown = Math.max(atFirst, least, Math.min(this.#shown, items.length))
    if (this.#shown < items.length) this.#frame ||= requestAnimationFrame(this.#more)
    return this.#shown < items.length ? items.slice(0, this.#shown) : items
  }

  hostDisconnected(): void {
    cancelAnimationFrame(this.#frame)
    this.#frame = 0
    this.#shown = atFirst
  }

  #more = () => {
    this.#frame = 0
    this.#shown += perFrame
    this.#host.requestUpdate()
  }
}
