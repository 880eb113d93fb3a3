// What is read page by page, and again while somebody looks at it.

import type { ReactiveController, ReactiveControllerHost } from "lit"
import { get, told } from "../api"
import { done } from "../components/ask"
import { Loading } from "../loading"
import type { Page } from "../types"

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

/** A list of which more is read when somebody wants more. */
export class List<T extends { id: string }> {
  busy = false
  #first: Loading<Page<T>>
  #path: () => string
  #host: ReactiveControllerHost
  #more: T[] = []
  #next: string | null | undefined
  #failed = ""

  constructor(host: ReactiveControllerHost, path: () => string, kinds: string[]) {
    this.#host = host
    this.#path = path
    this.#first = new Loading(host, path, kinds)
  }

  /** All that was read; undefined before anything was. */
  get items(): T[] | undefined {
    const first = this.#first.body?.items
    return first && [...first, ...this.#more.filter(item => !first.some(({ id }) => id === item.id))]
  }

  get trouble(): string {
    return this.#first.trouble || this.#failed
  }

  /** Whether there is more. */
  get goesOn(): boolean {
    return Boolean(this.#next === undefined ? this.#first.body?.next : this.#next)
  }

  soon = (): void => this.#first.soon()

  /** Begins anew, as its path has changed. */
  restart(): void {
    this.#more = []
    this.#next = undefined
    this.#first.answer = undefined
    void this.#first.reload()
  }

  showMore = async (): Promise<void> => {
    const path = this.#path()
    this.busy = true
    this.#failed = ""
    try {
      const { body } = await get<Page<T>>(`${path}&cursor=${encodeURIComponent(this.#next ?? this.#first.body?.next ?? "")}`)
      if (path !== this.#path()) return
      this.#more.push(...body.items)
      this.#next = body.next
    } catch (error) {
      this.#failed = told(error)
    } finally {
      this.busy = false
      this.#host.requestUpdate()
    }
  }
}
