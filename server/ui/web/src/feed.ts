// The activity feed: events of the stream as lines that people read. What one edit sets
// off is told once, and where the stream broke there is a line that says so.

import { session } from "./session"
import { onEvent, streamState } from "./stream"
import type { Event } from "./types"
import { Source } from "./watch"

/** The kinds of lines that the feed is filtered by. */
export const kinds = [
  ["edits", "Edits"], ["decisions", "Decisions"], ["records", "Clients made and deleted"], ["posted", "Calls and notes of apps"],
] as const

export type Kind = (typeof kinds)[number][0]

/** A line of the feed. */
export interface Line {
  id: string
  at: string
  event: Event
  kind: Kind
  /** What became of proposals, of a decision. */
  proposals: { user: string; state: string }[]
}

/** The stream had a break. */
export interface Break {
  at: string
  /** Why the hub could not tell what happened meanwhile; empty if nothing was missed. */
  missed: string
}

const mostBreaks = 20

/** The breaks of the stream since the app began, the oldest first. */
export const breaks = new Source<Break[]>([])

let wasLive = streamState.value === "live" // before this part of the app was loaded
let missed = ""

session.subscribe(() => {
  wasLive = false
  missed = ""
  breaks.set([])
})

onEvent([], event => {
  if (event.type === "wedsync.reset") missed = event.data.reason || "the hub could not go on from there"
})

streamState.subscribe(state => {
  if (state !== "live") return
  if (wasLive) breaks.set([...breaks.value, { at: new Date().toISOString(), missed }].slice(-mostBreaks))
  wasLive = true
  missed = ""
})

/** A client's history with what the stream told since. */
export function joined(history: Event[], told: Event[]): Event[] {
  const upTo = history.at(-1)?.data.offsets?.[1] ?? 0
  const client = history[0]?.data.client_id
  return [...history, ...told.filter(({ data }) => data.client_id !== client || (data.offsets?.[1] ?? 0) > upTo)]
}

/** The lines that events make, in their order. */
export function linesOf(events: Event[]): Line[] {
  const groups = new Map<string, Event[]>()
  for (const event of events) {
    const key = `${event.data.client_id}:${event.data.offsets?.[1] ?? event.id}`
    groups.set(key, [...(groups.get(key) ?? []), event])
  }
  return [...groups.values()].flatMap(linesOfEdit)
}

/** The lines of what one edit set off. */
function linesOfEdit(events: Event[]): Line[] {
  return events.filter(event => !events.some(other => tells(other, event))).map(event => ({
    id: event.id, at: event.time, event, kind: kindOf(event.type), proposals: proposalsOf(event, events),
  }))
}

/** Whether the line of an event tells of another event too. */
function tells(event: Event, other: Event): boolean {
  if (event === other) return false
  const same = conflictOf(event) !== undefined && conflictOf(event) === conflictOf(other)
  switch (event.type) {
    case "wedsync.client.created":
      return other.type === "wedsync.verdict.accepted"
    case "wedsync.client.changed":
      return other.type === "wedsync.verdict.accepted" && (event.data.fields ?? []).includes(other.data.verdict?.field.split(".")[0] ?? "")
    case "wedsync.verdict.diverted":
      return same && /^wedsync\.(conflict\.(opened|changed)|proposal\.)/.test(other.type)
    case "wedsync.conflict.resolved":
    case "wedsync.conflict.withdrawn":
      return same && /^wedsync\.(verdict|proposal)\./.test(other.type)
    default:
      return same && event.type.startsWith("wedsync.conflict.") && other.type.startsWith("wedsync.proposal.")
  }
}

function conflictOf({ data }: Event): string | undefined {
  return data.conflict?.id ?? data.verdict?.conflict_id
}

function proposalsOf(event: Event, events: Event[]): Line["proposals"] {
  if (event.type !== "wedsync.conflict.resolved") return []
  return events.filter(e => e.data.proposal && conflictOf(e) === conflictOf(event))
    .map(({ data }) => ({ user: data.proposal!.user ?? "", state: data.proposal!.state }))
}

function kindOf(type: string): Kind {
  if (type === "wedsync.client.changed") return "edits"
  if (type === "wedsync.activity.posted") return "posted"
  return type.startsWith("wedsync.client.") && type !== "wedsync.client.merged" ? "records" : "decisions"
}
