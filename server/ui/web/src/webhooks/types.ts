// What the hub's JSON says of webhooks, as far as the app reads it.

import type { Value } from "../types"

export type Source = "client-integrations" | "standard-webhooks" | "timestamped" | "github" | "twilio" | "gmail" | "microsoft-graph" | "vsco" | "zapier"

export type EventState = "received" | "waiting" | "done" | "dead" | "unrouted"

type Breaker = "closed" | "open" | "half_open"

/** Who sends events of clients. */
export interface Connection {
  id: string
  name: string
  source: Source
  version: number
  url: string
  /** In the answer that it was made for. */
  secret?: string
  secrets: { id: string; created_at: string; until: string | null }[]
  paused: boolean
  create_unknown: boolean
  sources?: string[]
  header?: string
  audience?: string
  account?: string
  api_url?: string
  has_api_key: boolean
  paths?: Record<string, string>
  mapping?: Mapping
  usual_mapping?: Mapping
  sender: { state: Breaker; failures: number; until: string | null }
  /** How many are not done. */
  events?: Partial<Record<EventState, number>>
  last_event?: HookEvent
  created_at: string
}

export interface Mapping {
  rules: { from?: string[]; to: string; do?: unknown[] }[]
}

/** An event that came. */
export interface HookEvent {
  id: string
  connection_id: string | null
  external_id: string
  object_id: string
  type: string
  state: EventState
  version: number
  attempts: number
  received_at: string
  due_at: string | null
  client_id: string | null
  error?: string
  header?: Record<string, Value>
  body?: string
  outcome?: {
    result: "applied" | "created" | "nothing" | "waiting"
    note?: string
    fields: { field: string; value: Value; outcome: string; reason?: string; conflict_id?: string }[]
    candidates?: Candidate[]
  }
}

/** Whose an event may be. */
export interface Candidate {
  client_id: string
  client_name?: string
  matches: { kind: string; value: string; same: boolean }[]
}

/** What an event would lead to. */
export interface Trial {
  would: "edit" | "create" | "wait" | "nothing"
  object_id?: string
  client_id: string | null
  candidates: Candidate[]
  edits: Record<string, Value>
  rules: { rule: number; to: string; from?: string; found: Value; steps: { do: string; value: Value; why?: string }[]; left?: "absent" | "empty" | "set" }[]
}

/** Where events are sent. */
export interface Endpoint {
  id: string
  url: string
  description: string
  events: string[]
  connection: string
  status: "active" | "paused" | "disabled"
  disabled_reason: "" | "gone" | "failing"
  disabled_at: string | null
  health: { breaker: Breaker; failures: number; failing_since: string | null; error: string; retry_at: string | null }
  pending: number
  failed: number
  secrets: { until: string | null }[]
  secret?: string
}

export interface Delivery {
  id: string
  type: string
  client_id: string
  state: "pending" | "delivered" | "failed"
  attempts: number
  created_at: string
  due_at: string | null
  body?: Value
  log?: Attempt[]
}

interface Attempt {
  at: string
  took_ms: number
  url: string
  headers: Record<string, string>
  status?: number
  response_headers?: Record<string, string>
  response?: string
  error?: string
}
