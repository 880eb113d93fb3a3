// Long lists of the hub.

import type { ReactiveControllerHost } from "lit"
import { get, told } from "./api"
import { Loading } from "./loading"
import type { Page } from "./types"

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

  /** When its beginning was read. */
  get at(): Date | undefined {
    return this.#first.answer?.at
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

  /** Leaves out one that is no longer in it. */
  drop(id: string): void {
    this.#more = this.#more.filter(item => item.id !== id)
    this.#first.soon()
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
