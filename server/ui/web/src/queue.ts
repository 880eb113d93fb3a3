// The queue of conflicts: read in pages, kept up to date by events, the same for 5 and 500.

import type { ReactiveController, ReactiveControllerHost } from "lit"
import { get, kept, Offline, Problem, told } from "./api"
import { remember, remembered } from "./glance"
import { idle } from "./idle"
import { onNews } from "./stream"
import type { Conflict, ConflictPage } from "./types"

const pageSize = 50
const glimpse = 12 // of a queue: about what a window shows
const gather = 250 // milliseconds: a bulk decision is many events

export class Queue implements ReactiveController {
  items: Conflict[] = []
  /** How many there are by field, whether or not they were read yet. */
  counts: Record<string, number> = {}
  devices: NonNullable<ConflictPage["device_counts"]> = []
  /** Whether anything was read yet. */
  loaded = false
  /** Whether it is what is asked for, not yet what was asked for before. */
  fresh = false
  /** Whether this is what the hub said some time ago. */
  old = false
  trouble = ""
  /** A conflict that stands before all others, whatever was asked for; empty for none. */
  lead = ""

  #host: ReactiveControllerHost
  #query: () => string
  #vanish: (gone: Conflict) => boolean
  #held = new Map<string, Conflict>()
  #next: string | null = null
  #path = ""
  #abort?: AbortController
  #timer?: ReturnType<typeof setTimeout>
  #end?: () => void
  #reading = false

  /** A conflict that is not in the queue any more goes, unless vanish says that somebody is at it. */
  constructor(host: ReactiveControllerHost, query: () => string, vanish: (gone: Conflict) => boolean) {
    this.#host = host
    this.#query = query
    this.#vanish = vanish
    host.addController(this)
  }

  get total(): number {
    return Object.values(this.counts).reduce((sum, n) => sum + n, 0)
  }

  get hasMore(): boolean {
    return this.#next !== null
  }

  hostConnected(): void {
    this.#end = onNews(["wedsync.conflict.", "wedsync.proposal."], this.soon)
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

  soon = (): void => {
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined
      void this.reload()
    }, gather)
  }

  /** Reads anew as much as was read. */
  async reload(): Promise<void> {
    this.#abort?.abort()
    const { signal } = (this.#abort = new AbortController())
    const path = `/api/conflicts?${this.#query()}&limit=${pageSize}`
    const same = path === this.#path
    try {
      if (!same) {
        this.fresh = false
        await this.#begin(path, signal)
      }
      if (signal.aborted) return
      const first = await get<ConflictPage>(path, signal)
      const items = [...first.body.items]
      let { next } = first.body
      while (next && same && items.length < this.items.length) {
        const more = await get<ConflictPage>(`${path}&cursor=${encodeURIComponent(next)}`, signal)
        items.push(...more.body.items)
        next = more.body.next
      }
      await this.#take(await this.#led(items, signal), same, signal)
      if (signal.aborted) return
      this.#next = next
      this.#count(first.body)
      this.old = first.old
      this.loaded = this.fresh = true
      this.trouble = ""
      remember(path, { ...first.body, items: first.body.items.slice(0, glimpse) })
    } catch (error) {
      if (signal.aborted) return
      this.trouble = error instanceof Offline && this.fresh ? "" : told(error)
      if (!this.fresh) this.items = []
      this.old = error instanceof Offline
    }
    this.#host.requestUpdate()
  }

  /** Reads the next page, if there is one. */
  async more(): Promise<void> {
    if (!this.#next || this.#reading) return
    this.#reading = true
    const path = this.#path
    try {
      const page = await get<ConflictPage>(`${path}&cursor=${encodeURIComponent(this.#next)}`)
      if (path !== this.#path) return
      const known = new Set(this.items.map(c => c.id))
      this.items = [...this.items, ...page.body.items.filter(c => !known.has(c.id))]
      this.#next = page.body.next
    } catch (error) {
      this.trouble = told(error)
    } finally {
      this.#reading = false
      this.#host.requestUpdate()
    }
  }

  /** Shows a conflict as it stands now, also if it left the queue. */
  put(now: Conflict): void {
    const before = this.items.find(c => c.id === now.id)
    const named = { ...now, client_name: now.client_name || before?.client_name || "" }
    if (named.status !== "pending") this.#held.set(named.id, named)
    this.items = this.items.map(c => (c.id === now.id ? named : c))
    this.#host.requestUpdate()
  }

  /** Takes a conflict out at once: it was decided here. */
  drop(id: string): void {
    const gone = this.items.find(c => c.id === id)
    if (!gone) return
    this.#held.delete(id)
    if (this.lead === id) this.lead = ""
    this.items = this.items.filter(c => c.id !== id)
    const n = this.counts[gone.field]
    if (n && gone.status === "pending") this.counts = { ...this.counts, [gone.field]: n - 1 }
    this.#host.requestUpdate()
  }

  /** Lets a conflict go that stayed although it left the queue, once that is read anew. */
  release(id: string): void {
    this.#held.delete(id)
    if (this.lead === id) this.lead = ""
  }

  /** Another query: what was kept of it is shown until it is read. */
  async #begin(path: string, signal: AbortSignal): Promise<void> {
    const glance = this.loaded ? undefined : remembered<ConflictPage>(path)
    if (glance) {
      this.#show(glance)
      await idle() // which it is once that is painted
    }
    const known = await kept<ConflictPage>(path)
    if (signal.aborted) return
    this.#path = path
    this.#held.clear()
    this.#next = null
    if (known) this.#show(known.body) // else what was shown stays until there is an answer
  }

  #show(page: ConflictPage): void {
    const shown = new Map(this.items.map(c => [c.id, c]))
    this.items = page.items.map(c => unchanged(shown.get(c.id), c))
    this.loaded = this.fresh = true
    this.#count(page)
    this.#host.requestUpdate()
  }

  #count(page: ConflictPage): void {
    this.counts = page.counts ?? {}
    this.devices = page.device_counts ?? []
  }

  /** What was read, with the one that leads. Where that cannot be had, the others are shown without it. */
  async #led(read: Conflict[], signal: AbortSignal): Promise<Conflict[]> {
    if (this.lead === "" || read.some(c => c.id === this.lead)) return read
    try {
      return [(await get<Conflict>(`/api/conflicts/${encodeURIComponent(this.lead)}`, signal)).body, ...read]
    } catch (error) {
      if (error instanceof Offline || error instanceof Problem) return read
      throw error
    }
  }

  /** Takes what was read; who left the queue while somebody is at it stays, as it ended. */
  async #take(read: Conflict[], same: boolean, signal: AbortSignal): Promise<void> {
    const there = new Set(read.map(c => c.id))
    const known = new Map(this.items.map(c => [c.id, c]))
    const items = read.map(c => unchanged(known.get(c.id), c))
    for (const [at, before] of same ? this.items.entries() : []) {
      if (there.has(before.id)) continue
      let stays = this.#held.get(before.id)
      if (!stays && this.#vanish(before)) {
        stays = (await get<Conflict>(`/api/conflicts/${before.id}`, signal)).body
        this.#held.set(before.id, stays)
      }
      if (stays) items.splice(Math.min(at, items.length), 0, stays)
    }
    if (!signal.aborted) this.items = items
  }
}

/** What is shown already, if it stands as it did: then nothing need be rendered. */
function unchanged(before: Conflict | undefined, now: Conflict): Conflict {
  const same = before?.version === now.version && before.status === now.status && before.client_name === now.client_name
    && before.reminders === now.reminders && before.current.revision === now.current.revision
  return same ? before : now
}
