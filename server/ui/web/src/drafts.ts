// What somebody has begun to decide: kept by conflict, so that neither a value that
// arrives, nor another page, nor a reload takes away what was typed.

import { session } from "./session"
import type { Conflict } from "./types"

export interface Draft {
  /** The proposal that was picked where there are several; empty for none. */
  picked: string
  editing: boolean
  /** The value that was typed. */
  text: string
  note: string
  /** The version that was looked at, 0 for none yet. */
  seen: number
  /** Its open proposals. */
  known: string[]
}

const most = 100 // drafts that are kept, the latest

/** What was begun about a conflict. */
export function draftOf(id: string): Draft {
  return read()[id] ?? { picked: "", editing: false, text: "", note: "", seen: 0, known: [] }
}

export function keepDraft(id: string, draft: Draft): void {
  const all = read()
  delete all[id]
  all[id] = draft // the latest is last
  write(Object.fromEntries(Object.entries(all).slice(-most)))
}

export function dropDraft(id: string): void {
  const all = read()
  delete all[id]
  write(all)
}

/** What was typed about a conflict now is about another, which nobody has looked at yet. */
export function moveDraft(from: string, to: string): void {
  const draft = draftOf(from)
  if (isTyped(draft)) keepDraft(to, { ...draft, picked: "", seen: 0, known: [] })
  dropDraft(from)
}

/** Whether something was typed that would be missed. */
export function isTyped(draft: Draft): boolean {
  return (draft.editing && draft.text !== "") || draft.note !== ""
}

/** The draft of somebody who has looked at the conflict as it stands. */
export function seen(draft: Draft, conflict: Conflict): Draft {
  return { ...draft, seen: conflict.version, known: conflict.proposals.filter(p => p.state === "open").map(p => p.id) }
}

function name(): string {
  return `${session.value?.storage ?? "wedsync"}:drafts`
}

/** What this tab's storage holds, which nobody else writes. */
let held: { name: string; all: Record<string, Draft> } | undefined

function read(): Record<string, Draft> {
  if (held?.name === name()) return { ...held.all }
  try {
    return JSON.parse(sessionStorage.getItem(name()) ?? "{}") as Record<string, Draft>
  } catch {
    return {}
  }
}

function write(all: Record<string, Draft>): void {
  held = { name: name(), all }
  try {
    sessionStorage.setItem(held.name, JSON.stringify(all))
  } catch {
    // Storage is full: the card on the page still has it.
  }
}
