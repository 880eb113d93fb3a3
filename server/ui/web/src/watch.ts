// State that parts of the page share: a value, and who wants to know when it changes.

import type { ReactiveController, ReactiveControllerHost } from "lit"

export class Source<T> {
  #listeners = new Set<(value: T) => void>()
  #value: T

  constructor(value: T) {
    this.#value = value
  }

  get value(): T {
    return this.#value
  }

  /** Sets the value and tells everybody, unless it is the same. */
  set(value: T): void {
    if (Object.is(value, this.#value)) return
    this.#value = value
    for (const tell of [...this.#listeners]) tell(value)
  }

  /** Calls tell at each change until the function that it returns is called. */
  subscribe(tell: (value: T) => void): () => void {
    this.#listeners.add(tell)
    return () => this.#listeners.delete(tell)
  }

  /** The value once it satisfies a condition. */
  until(holds: (value: T) => boolean): Promise<T> {
    if (holds(this.#value)) return Promise.resolve(this.#value)
    return new Promise(resolve => {
      const end = this.subscribe(value => {
        if (!holds(value)) return
        end()
        resolve(value)
      })
    })
  }
}

/** Renders its element anew when one of the sources changes, while it is on the page. */
export class Watch implements ReactiveController {
  #ends: (() => void)[] = []
  #host: ReactiveControllerHost
  #sources: Source<any>[]

  constructor(host: ReactiveControllerHost, ...sources: Source<any>[]) {
    this.#host = host
    this.#sources = sources
    host.addController(this)
  }

  hostConnected(): void {
    this.#ends = this.#sources.map(source => source.subscribe(() => this.#host.requestUpdate()))
  }

  hostDisconnected(): void {
    for (const end of this.#ends) end()
    this.#ends = []
  }
}
