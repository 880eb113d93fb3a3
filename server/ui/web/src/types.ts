// What the hub's JSON looks like, as far as the app reads it. /openapi.json says all of it.

export type Value = string | number | boolean | null | Value[] | { [key: string]: Value }

export interface Page<T> {
  items: T[]
  /** The cursor of the next page, null on the last. */
  next: string | null
}

export interface Author {
  user: string
  device: string
  role: string
  actor?: string
  carried_by?: string
}

export interface Client {
  client_id: string
  document_id: string
  /** Accepted values; what a critical field shows in the document meanwhile is not among them. */
  fields: Record<string, Value>
  /** Conflicts that wait for a decision, by critical field. */
  pending: Record<string, string>
  /** Open merged entries, by ordinary field. */
  merged: Record<string, string>
  revision: number
  revisions: Record<string, number>
  provenance: Record<string, { revision: number; decided_by: Author; decided_at: string; cause: string }>
  heads: string[]
  stale: boolean
  /** Of an answer to an edit: what became of each critical field. */
  verdicts?: Record<string, { outcome: "accepted" | "diverted" | "rejected" | "no_change"; reason: string; conflict_id?: string }>
}

export interface ClientPage extends Page<Client> {
  /** The document that lists all records. */
  directory: string
}

export interface Revisioned {
  revision: number
  value: Value
}

export interface Proposal {
  id: string
  value: Value
  state: "open" | "accepted" | "rejected" | "superseded" | "withdrawn" | "no_change"
  reason: string
  source?: "device" | "api" | "webhook"
  author: Author
  co_authors: Author[]
  /** By the clock of its author. */
  edited_at: string | null
  /** By the clock of the hub. */
  received_at: string | null
  /** What else its author edited in the same minutes; only of a conflict that was read alone. */
  surrounding?: Surrounding[]
}

/** What the author of a proposal edited in the same minutes. */
export interface Surrounding {
  field: string
  before: Value
  after: Value
  /** By the clock of the hub. */
  at: string
  device_time: string | null
  outcome?: string
}

/** A page of the queue; the first has counts. */
export interface ConflictPage extends Page<Conflict> {
  /** How many there are on all, by field. */
  counts?: Record<string, number>
  device_counts?: { user: string; device: string; conflicts: number }[]
}

export interface Decision {
  action: "accept" | "keep" | "custom" | "recover" | "withdraw"
  by: Author
  at: string
  revision: number
  value: Value
  note?: string
}

export interface Conflict {
  id: string
  client_id: string
  client_name: string
  field: string
  status: "pending" | "resolved" | "withdrawn" | "record_deleted" | "erased"
  version: number
  reason: string
  base: Revisioned
  current: Revisioned
  proposals: Proposal[]
  opened_at: string
  closed_at?: string
  decision?: Decision
  reopens?: string
  reopened_as?: string
  reminded_at?: string
  reminders?: number
}

export interface Device {
  id: string
  user: string
  device: string
  name: string
  by_storage: boolean
  role?: string
  connected: boolean
  first_contact: string | null
  last_contact: string | null
  revoked_at: string | null
}

export type DeviceState = "in_sync" | "device_behind" | "hub_behind" | "waiting_for_dependency" | "refused" | "fighting" | "never_seen"

export interface DeviceStatus {
  device: string
  user: string
  state: DeviceState
  reason?: string
  connected: boolean
  missing_on_device: number
  missing_on_hub: number
  proposals: number
  last_contact: string | null
  explanation: string
  action: string
  reenter?: { field: string; value: Value; edited_at: string | null }[]
}

export interface RecordStatus {
  client_id: string
  document_id: string
  heads: string[]
  digest: string | null
  stale: boolean
  pending: number
  proposals: number
  notice?: { state: string; at: string | null; explanation: string; action: string }
  devices: DeviceStatus[]
}

export interface StatusPage extends Page<RecordStatus> {
  totals: Record<string, number>
  directory?: { document_id: string; heads: string[]; devices: DeviceStatus[] }
}

export interface FieldPolicy {
  path: string
  kind: "date" | "text" | "money" | "number" | "any"
  review: "every_edit" | "conflicting_edits" | "locked"
}

export interface Policy {
  version: number
  zone: string
  fields: FieldPolicy[]
  reopen_hours: number
  remind_after: string
  job?: { done: number; total: number; failed: number; finished: boolean }
}

export interface HistoryItem {
  at: string
  since?: string
  device_time: string | null
  kind: string
  field?: string
  before: Value
  after: Value
  changes: number
  author: Author
  outcome?: string
  reason?: string
  conflict_id?: string
  proposal_id?: string
  decision?: { number: number; act: string; action?: string; note?: string; cause?: string; revision?: number }
}

/** What became of a proposal, as one of its authors sees it. */
export interface Verdict {
  id: string
  client_id: string
  field: string
  conflict_id: string
  proposal_id: string
  proposed: Value
  outcome: Proposal["state"]
  reason: string
  decision: Decision | null
}

/** An ordinary field that people set apart. */
export interface Merged {
  id: string
  client_id: string
  field: string
  status: "open" | "superseded" | "used_other" | "dismissed"
  version: number
  values: {
    value: Value
    cut: boolean
    shows: boolean
    /** Names the value. */
    change: string
    author: Author
    source: string
    edited_at: string | null
    received_at: string | null
  }[]
  opened_at: string
  closed_at?: string
  closed_by?: Author
}

/** An event of the activity stream. */
export interface Event {
  id: string
  type: string
  time: string
  position: string
  data: {
    client_id?: string
    document_id?: string
    offsets?: [number, number]
    commits?: number
    origin?: string
    user?: string
    device?: string
    role?: string
    fields?: string[]
    verdict?: { field: string; outcome: string; reason?: string; conflict_id?: string; proposal_id?: string }
    conflict?: { id: string; field?: string; status?: string; version?: number; reason?: string; action?: string; reopens?: string }
    proposal?: { id: string; state: string; user?: string; device?: string }
    merged?: { id: string; field: string; status: string; version: number }
    activity?: { kind: string; text: string; data?: Value }
    presence?: Value
    reason?: string
    text: string
  }
}
