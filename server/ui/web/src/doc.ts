// Reading and writing fields of a record's document. Text that people write together is
// a text object; what is set as a whole is a scalar.

import { Automerge, type ClientDoc, type ClientHandle } from "./repo"
import type { Value } from "./types"

const { ImmutableString } = Automerge

/** What a value of a document is to people. */
export function plain(v: unknown): Value {
  if (v === undefined || v === null) return null
  if (Automerge.isImmutableString(v)) return String(v)
  if (v instanceof Date) return v.toISOString().slice(0, 10)
  if (v instanceof Automerge.Counter) return v.value
  if (v instanceof Uint8Array) return `${v.length} bytes`
  if (Array.isArray(v)) return v.map(plain)
  if (typeof v === "object") return Object.fromEntries(Object.entries(v).map(([key, item]) => [key, plain(item)]))
  return v as Value
}

/** A field of a document, null if it is not set. Dots lead into it. */
export function read(doc: ClientDoc, path: string): Value {
  return plain(raw(doc, path))
}

/** Whether a field is, or may become, text that people write together. */
export function isText(doc: ClientDoc, path: string): boolean {
  const v = raw(doc, path)
  return v === undefined || v === null || typeof v === "string"
}

function raw(doc: ClientDoc, path: string): unknown {
  let at: unknown = doc
  for (const key of path.split(".")) at = (at as Record<string, unknown> | undefined)?.[key]
  return at
}

/** Sets a field as a whole; null clears it. */
export function write(handle: ClientHandle, path: string, value: Value): void {
  const keys = path.split(".")
  const last = keys.pop()!
  handle.change(doc => {
    let at = doc as Record<string, unknown>
    for (const key of keys) {
      if (typeof at[key] !== "object" || at[key] === null) at[key] = {}
      at = at[key] as Record<string, unknown>
    }
    if (value === null) delete at[last]
    else at[last] = typeof value === "string" ? new ImmutableString(value) : value
  })
}

/** One replacement in a text: at a place, so much out, this in. */
export interface Splice {
  at: number
  gone: number
  text: string
}

/** The replacement that makes from into to, as near to the caret behind it as it can be. */
export function spliceOf(from: string, to: string, caret = to.length): Splice {
  let end = 0
  const behind = Math.min(to.length - caret, from.length, to.length)
  while (end < behind && from[from.length - 1 - end] === to[to.length - 1 - end]) end++
  let at = 0
  while (at < from.length - end && at < to.length - end && from[at] === to[at]) at++
  while (end < from.length - at && end < to.length - at && from[from.length - 1 - end] === to[to.length - 1 - end]) end++
  // No half of a character that takes two units stays behind.
  if (at > 0 && isHigh(from, at - 1)) at--
  if (end > 0 && isHigh(from, from.length - end - 1)) end--
  return { at, gone: from.length - end - at, text: to.slice(at, to.length - end) }
}

function isHigh(text: string, at: number): boolean {
  const unit = text.charCodeAt(at)
  return unit >= 0xd800 && unit < 0xdc00
}

/** Where a caret is after the patches of a text field. */
export function moveCaret(caret: number, field: string, patches: Automerge.Patch[]): number {
  for (const patch of patches) {
    if (patch.path[0] !== field || patch.path.length !== 2) continue
    const at = patch.path[1] as number
    if (patch.action === "splice" && at <= caret) caret += patch.value.length
    if (patch.action === "del" && at < caret) caret -= Math.min(patch.length ?? 1, caret - at)
  }
  return caret
}

/** Types into a text field, in the document as it was at some heads if those are named. */
export function type(handle: ClientHandle, field: string, splice: Splice, at?: ReturnType<ClientHandle["heads"]>): void {
  const change = (doc: ClientDoc) => {
    if (typeof doc[field] !== "string") doc[field] = ""
    Automerge.splice(doc, [field], splice.at, splice.gone, splice.text)
  }
  if (at) handle.changeAt(at, change)
  else handle.change(change)
}
