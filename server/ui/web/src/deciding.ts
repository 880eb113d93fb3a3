// Carrying decisions out: who decides sees at once what is being done, what was done, how
// to undo it, and, when the conflict has moved on, how it stands now.

import type { ReactiveControllerHost } from "lit"
import type { Choice } from "./components/conflictcard"
import { toast } from "./components/toasts"
import { dropDraft, moveDraft } from "./drafts"
import { count } from "./format"
import { once } from "./once"
import { Problem, told } from "./problem"
import type { Queue } from "./queue"
import { did, movedOn } from "./saying"
import { session } from "./session"
import type { Kind } from "./typed"
import type { Conflict, Proposal } from "./types"

const undoShown = 20_000 // milliseconds; later, undoing is on the page of what was decided

interface Hooks {
  kind: (c: Conflict) => Kind
  /** Tells people, also those who listen. */
  say: (text: string) => void
  /** A conflict is done with, and still in the queue. */
  decided: (id: string) => void
  /** A conflict was not decided, and is there to be. */
  again: (c: Conflict) => void
  /** A conflict was reopened as this one. */
  reopened: (id: string) => void
}

export class Deciding {
  /** Conflicts that are being decided. */
  readonly busy = new Set<string>()
  /** Those that were decided here. */
  readonly own = new Set<string>()
  /** Why others were not, for people. */
  readonly trouble = new Map<string, string>()
  #undo: Conflict[] = []
  #closeToast?: () => void
  #host: ReactiveControllerHost
  #queue: Queue
  #hooks: Hooks

  constructor(host: ReactiveControllerHost, queue: Queue, hooks: Hooks) {
    this.#host = host
    this.#queue = queue
    this.#hooks = hooks
  }

  async decide(choice: Choice): Promise<void> {
    const { conflict: c } = choice
    const note = choice.note.trim()
    await this.#run(c, async () => {
      const decided = await once<Conflict>(`/api/conflicts/${c.id}/resolve`, {
        version: c.version, action: choice.action,
        ...(choice.action === "accept" ? { proposal_id: choice.proposal.id } : {}),
        ...(choice.action === "custom" ? { value: choice.value } : {}),
        ...(note ? { note } : {}),
      })
      this.#done(c)
      const act = decided.decision ? did(decided.decision, this.#hooks.kind(c)) : "decided"
      this.remember([{ ...decided, client_name: c.client_name }], `${c.client_name || "Client"}: ${act}.`)
    })
  }

  async withdraw(c: Conflict, p: Proposal): Promise<void> {
    await this.#run(c, async () => {
      const now = await once<Conflict>(`/api/conflicts/${c.id}/proposals/${p.id}/withdraw`)
      if (now.status === "pending") {
        this.#queue.put(now)
        this.#hooks.again(now)
      } else this.#done(c)
      this.#hooks.say(`Taken back for ${c.client_name || "the client"}.`)
    })
  }

  /** Makes decisions the ones that undo() takes back, and tells of them. */
  remember(decided: Conflict[], text: string): void {
    this.#undo = decided
    this.#closeToast?.()
    this.#closeToast = toast({
      text, tone: "good", lasts: undoShown,
      ...(decided.length > 0 ? { action: { label: "Undo", run: () => void this.undo() } } : {}),
    })
  }

  /** Reopens what was decided last. */
  async undo(): Promise<void> {
    const last = this.#undo
    this.#closeToast?.()
    if (last.length === 0) this.#hooks.say("There is nothing to undo.")
    else await this.reopen(last)
  }

  async reopen(decided: Conflict[]): Promise<void> {
    const left: Conflict[] = []
    let trouble = ""
    let first = "" // of those that wait again
    for (const c of decided) {
      if (left.length > 0) {
        left.push(c)
        continue
      }
      this.#set(this.busy, c.id, true)
      try {
        const now = await once<Conflict>(`/api/conflicts/${c.id}/reopen`)
        first ||= now.id
        moveDraft(c.id, now.id)
        this.own.add(c.id)
        this.#queue.release(c.id)
      } catch (error) {
        trouble = told(error)
        if (!(error instanceof Problem)) left.push(c) // the hub is away: the rest waits
      }
      this.#set(this.busy, c.id, false)
    }
    this.#undo = left
    const n = decided.length - left.length
    if (trouble) {
      toast({ text: trouble, tone: "bad" })
      this.#hooks.again(decided[0]!)
    } else this.#hooks.say(n === 1 ? `${decided[0]!.client_name || "It"} waits again. The decision counts until it is decided anew.` : `${count(n)} wait again.`)
    await this.#queue.reload()
    if (first) this.#hooks.reopened(first)
  }

  async #run(c: Conflict, command: () => Promise<void>): Promise<void> {
    if (this.busy.has(c.id)) return
    this.trouble.delete(c.id)
    this.#set(this.busy, c.id, true)
    try {
      await command()
    } catch (error) {
      this.#fail(c, error)
    }
    this.#set(this.busy, c.id, false)
  }

  #done(c: Conflict): void {
    this.own.add(c.id)
    this.#hooks.decided(c.id)
    dropDraft(c.id)
    this.#queue.drop(c.id)
  }

  #fail(c: Conflict, error: unknown): void {
    let text = told(error)
    if (error instanceof Problem && error.conflict) {
      text = movedOn(error.conflict, this.#hooks.kind(c), session.value?.user ?? "")
      this.#queue.put(error.conflict)
    }
    this.trouble.set(c.id, text)
    this.#hooks.again(c)
  }

  #set(of: Set<string>, id: string, on: boolean): void {
    if (on) of.add(id)
    else of.delete(id)
    this.#host.requestUpdate()
  }
}
