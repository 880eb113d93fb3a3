// When a socket that broke is opened again: later after each failure, and at once when
// something says that the hub may be there. Both sockets of a tab hurry each other so.

import { reachable } from "./api"

const firstWait = 500 // milliseconds before the first try after a break
const longestWait = 15_000
const tick = 10_000 // between two looks at the clock
const slept = 90_000 // that no browser lets a page without sleep wait for its turn

/** Rests between the tries to connect. */
export class Retry {
  #open: () => void
  #wait = firstWait
  #timer?: ReturnType<typeof setTimeout>
  #ends: (() => void)[] = []

  /** Open is called at the end of each rest. */
  constructor(open: () => void) {
    this.#open = open
  }

  /** Looks for signs that the hub may be there, until it is stopped. */
  start(): void {
    window.addEventListener("online", this.#hurry)
    document.addEventListener("visibilitychange", this.#hurry)
    this.#ends = [
      reachable.subscribe(is => is && this.#hurry()),
      () => window.removeEventListener("online", this.#hurry),
      () => document.removeEventListener("visibilitychange", this.#hurry),
    ]
  }

  stop(): void {
    this.rest()
    for (const end of this.#ends) end()
  }

  /** Rests, longer than the last time, then opens. */
  later(): void {
    this.rest()
    const rest = this.#wait * (0.5 + Math.random()) // or all tabs come at once
    this.#wait = Math.min(this.#wait * 2, longestWait)
    this.#timer = setTimeout(this.#go, rest)
  }

  /** The connection stands: the next break begins with a short rest. */
  stands(): void {
    this.#wait = firstWait
  }

  /** Does not open until later is called. */
  rest(): void {
    clearTimeout(this.#timer)
    this.#timer = undefined
  }

  #hurry = (): void => {
    if (this.#timer === undefined || document.visibilityState === "hidden") return
    this.#wait = firstWait
    this.#go()
  }

  #go = (): void => {
    this.rest()
    this.#open()
  }
}

/** Calls tell when sockets are dead and may not know it for minutes, because the network went or the computer slept,
 *  until the function that it returns is called. */
export function onDeadSockets(tell: () => void): () => void {
  let last = Date.now()
  const timer = setInterval(() => {
    const now = Date.now()
    if (now - last > slept) tell()
    last = now
  }, tick)
  window.addEventListener("offline", tell)
  return () => {
    clearInterval(timer)
    window.removeEventListener("offline", tell)
  }
}
