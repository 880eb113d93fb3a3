// Who else has a record open, and where they are in it. Signs of life go from tab to tab
// and are kept nowhere.

import { Automerge, type ClientDoc, type ClientHandle } from "./repo"
import { Source } from "./watch"

const beat = 5000 // milliseconds between two signs of life
const rest = 120 // between two moves of a caret
const gone = 13_000 // without a sign
const most = 50 // peers

export interface Peer {
  id: string
  user: string
  /** The field that has its focus, empty if none has. */
  field: string
  /** Where its caret is in a text, -1 if it is not known. */
  caret: number
  colour: number
}

interface Sign {
  wedsync: "presence"
  user: string
  field: string
  caret: string
  gone?: boolean
}

export class Presence {
  readonly peers = new Source<Peer[]>([])
  #handle: ClientHandle
  #user: string
  #seen = new Map<string, { sign: Sign; until: number }>()
  #field = ""
  #at = -1
  #timer: ReturnType<typeof setInterval>
  #soon?: ReturnType<typeof setTimeout>

  constructor(handle: ClientHandle, user: string) {
    this.#handle = handle
    this.#user = user
    handle.on("ephemeral-message", this.#hear)
    handle.on("change", this.#show)
    window.addEventListener("pagehide", this.#leave)
    this.#timer = setInterval(() => {
      this.#say()
      this.#show()
    }, beat)
    this.#say()
  }

  /** Says where this tab is. */
  at(field: string, caret = -1): void {
    this.#field = field
    this.#at = caret
    this.#soon ??= setTimeout(() => {
      this.#soon = undefined
      this.#say()
    }, rest)
  }

  stop(): void {
    clearInterval(this.#timer)
    clearTimeout(this.#soon)
    this.#leave()
    this.#handle.off("ephemeral-message", this.#hear)
    this.#handle.off("change", this.#show)
    window.removeEventListener("pagehide", this.#leave)
  }

  #say(goes = false): void {
    if (!this.#handle.isReady()) return
    const sign: Sign = { wedsync: "presence", user: this.#user, field: this.#field, caret: "" }
    if (goes) sign.gone = true
    else if (this.#at >= 0) sign.caret = this.#cursor(this.#at)
    this.#handle.broadcast(sign)
  }

  /** A place in the text that stays where it is while others write. */
  #cursor(at: number): string {
    try {
      return Automerge.getCursor(this.#handle.doc(), [this.#field], at)
    } catch {
      return "" // the field is no text yet
    }
  }

  #leave = (): void => this.#say(true)

  #hear = ({ senderId, message }: { senderId: string; message: unknown }): void => {
    const sign = message as Partial<Sign> | null
    if (sign?.wedsync !== "presence" || typeof sign.user !== "string" || typeof sign.field !== "string" || typeof sign.caret !== "string") return
    const isNew = !this.#seen.has(senderId)
    if (sign.gone) this.#seen.delete(senderId)
    else if (!isNew || this.#seen.size < most) this.#seen.set(senderId, { sign: sign as Sign, until: Date.now() + gone })
    if (isNew && !sign.gone) this.#say() // so that who comes need not wait for our beat
    this.#show()
  }

  #show = (): void => {
    const now = Date.now()
    for (const [id, { until }] of this.#seen) if (until < now) this.#seen.delete(id)
    const doc = this.#handle.isReady() ? this.#handle.doc() : null
    const next = [...this.#seen].map(([id, { sign }]) => ({
      id, user: sign.user.slice(0, 80), field: sign.field, caret: place(doc, sign), colour: hue(id),
    }))
    if (JSON.stringify(next) !== JSON.stringify(this.peers.value)) this.peers.set(next)
  }
}

function place(doc: Automerge.Doc<ClientDoc> | null, { field, caret }: Sign): number {
  if (!doc || !caret) return -1
  try {
    return Automerge.getCursorPosition(doc, [field], caret)
  } catch {
    return -1 // its text has not come yet
  }
}

/** One of six colours. */
function hue(id: string): number {
  let sum = 0
  for (const c of id) sum = (sum * 31 + c.charCodeAt(0)) >>> 0
  return sum % 6
}
