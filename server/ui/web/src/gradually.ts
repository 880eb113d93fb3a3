// Lists that are put on the page in parts, so that no part takes long.

import type { ReactiveController, ReactiveControllerHost } from "lit"

const part = 12 // items per frame: more than what a window shows of most lists

/** How much of a list its element renders: a part at first, and another with each frame. */
export class Gradually implements ReactiveController {
  #host: ReactiveControllerHost
  #shown = part
  #frame = 0

  constructor(host: ReactiveControllerHost) {
    this.#host = host
    host.addController(this)
  }

  /** The items to render now: at least so many, all after some frames. */
  of<T>(items: T[], least = 0): T[] {
    this.#shown = Math.max(part, least, Math.min(this.#shown, items.length))
    if (this.#shown < items.length) this.#frame ||= requestAnimationFrame(this.#more)
    return this.#shown < items.length ? items.slice(0, this.#shown) : items
  }

  hostDisconnected(): void {
    cancelAnimationFrame(this.#frame)
    this.#frame = 0
    this.#shown = part
  }

  #more = () => {
    this.#frame = 0
    this.#shown += part
    this.#host.requestUpdate()
  }
}
