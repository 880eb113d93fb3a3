// Reading something of the hub for an element, again whenever it may have changed.

import type { ReactiveController, ReactiveControllerHost } from "lit"
import { get, kept, Offline, told, type Answer } from "./api"
import { remember, remembered } from "./glance"
import { idle } from "./idle"
import { onNews } from "./stream"

const gather = 150 // milliseconds: events come in bursts

/** What a path answers, nothing while it is empty, kept up to date while its element is on the page. What was kept
 *  of it is shown at once; events of the kinds have it read anew. */
export class Loading<T> implements ReactiveController {
  answer?: Answer<T>
  /** Why it could not be read; empty if it could, or if something older is shown. */
  trouble = ""
  #host: ReactiveControllerHost
  #path: () => string
  #kinds: string[]
  #abort?: AbortController
  #end?: () => void
  #timer?: ReturnType<typeof setTimeout>
  #shown = ""
  #first: boolean
  #otherwise?: () => Promise<T | undefined>

  /** One that is part of a first view is there before anything is read. Otherwise is asked for what the
   *  hub has said in another answer, if there is neither a network nor this one. */
  constructor(
    host: ReactiveControllerHost, path: () => string, kinds: string[] = [],
    { first = false, otherwise }: { first?: boolean; otherwise?: () => Promise<T | undefined> } = {},
  ) {
    this.#host = host
    this.#path = path
    this.#kinds = kinds
    this.#first = first
    this.#otherwise = otherwise
    host.addController(this)
  }

  get body(): T | undefined {
    return this.answer?.body
  }

  hostConnected(): void {
    this.#end = onNews(this.#kinds, this.soon)
    window.addEventListener("online", this.soon)
    void this.reload()
  }

  hostDisconnected(): void {
    this.#end?.()
    window.removeEventListener("online", this.soon)
    clearTimeout(this.#timer)
    this.#timer = undefined
    this.#abort?.abort()
  }

  /** Reads it anew in a moment. */
  soon = (): void => {
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined
      void this.reload()
    }, gather)
  }

  async reload(): Promise<void> {
    this.#abort?.abort()
    const { signal } = (this.#abort = new AbortController())
    const path = this.#path()
    if (path === "") {
      this.answer = undefined
      this.#shown = ""
      return
    }
    try {
      if (this.#shown !== path) {
        const body = this.#first ? remembered<T>(path) : undefined
        if (body) {
          this.answer = { body, etag: "", at: new Date(0), old: true }
          await idle() // which it is once that is painted
        }
        this.answer = (await kept<T>(path)) ?? this.answer
        if (signal.aborted) return
        this.#shown = path
        this.#host.requestUpdate()
      }
      this.answer = await get<T>(path, signal)
      this.trouble = ""
      if (this.#first) remember(path, this.answer.body)
    } catch (error) {
      if (signal.aborted) return
      const offline = error instanceof Offline
      const body = offline && !this.answer ? await this.#otherwise?.() : undefined
      if (signal.aborted) return
      if (body) this.answer = { body, etag: "", at: new Date(0), old: true }
      this.trouble = offline && this.answer ? "" : told(error)
    }
    this.#host.requestUpdate()
  }
}
