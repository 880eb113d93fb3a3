// What the hub tells of communications, and how people read it.

import type { IconName } from "./components/icon"
import type { Page } from "./types"

export interface Communication {
  id: string
  kind: "email" | "sms" | "call" | "scheduled_call" | "meeting" | "message" | "note"
  direction: "inbound" | "outbound" | "internal"
  occurred_at: string
  participants: Participant[]
  subject: string
  snippet: string
  source: string
  occurrences: { source: string; account_id: string; level: string }[]
}

export interface Participant {
  role: string
  name: string
  address: string
  own: boolean
}

/** One that is in no client's timeline, with whose it may be. */
export interface Unmatched extends Communication {
  suggestions: { client_id: string; name: string; reason: "contact" | "thread" | "number" | "name" }[]
}

/** One that was read alone. */
export interface OpenCommunication extends Communication {
  body: string
  state?: string
  seconds?: number
  ends_at?: string
  location?: string
  conference?: string
  media?: number
  attachments?: { name: string; type?: string; size?: number }[]
}

export interface CommunicationSource {
  source: string
  account: string
  account_id: string
  state: "up_to_date" | "reading" | "resyncing" | "limited" | "failing" | "reconnect" | "paused" | "never"
  last_success: string | null
  error: string | null
  left: number
  next_retry: string | null
  pushed: boolean
  no_push: string | null
  poll_seconds: number
}

export interface Synced extends Page<Communication> {
  sources: CommunicationSource[]
}

export const kindNames: Record<Communication["kind"], [name: string, icon: IconName]> = {
  email: ["Email", "mail"], sms: ["Text message", "message"], call: ["Call", "phone"], scheduled_call: ["Scheduled call", "wait"],
  meeting: ["Meeting", "clients"], message: ["Message", "message"], note: ["Note", "message"],
}

const sources: Record<string, string> = {
  gmail: "Gmail", outlook: "Outlook", twilio_sms: "Text messages", twilio_calls: "Calls", google_calendar: "Google Calendar",
  outlook_calendar: "Outlook Calendar", in_app: "Messages here", manual: "Entered by hand",
}

export function sourceName(source: string): string {
  return sources[source] ?? source
}

/** Why what a source knows may be missing; empty if nothing is. */
export function lack(s: CommunicationSource): string {
  switch (s.state) {
    case "up_to_date": return ""
    case "reading":
    case "resyncing": return s.left > 0 ? `is being read, ${s.left} left` : "is being read"
    case "limited": return "wants to be left alone for a while"
    case "failing": return s.error ? `cannot be read: ${s.error}` : "cannot be read"
    case "reconnect": return "has to be connected again by its owner"
    case "paused": return "is paused"
    case "never": return "was not read yet"
  }
}

/** Why a client is suggested for an item. */
export function reason(s: Unmatched["suggestions"][number], { kind }: Communication): string {
  switch (s.reason) {
    case "contact": return kind === "sms" || kind === "call" ? "has this number too" : "has this address too"
    case "thread": return "same thread"
    case "number": return "similar number"
    case "name": return "same name"
  }
}

/** Who it was with: the others, as they call themselves. */
export function others(c: Communication): string {
  const people = c.participants.filter(p => !p.own)
  const names = [...new Set((people.length ? people : c.participants).map(p => p.name || p.address).filter(Boolean))]
  return names.length > 3 ? `${names.slice(0, 2).join(", ")} and ${names.length - 2} more` : names.join(", ")
}
