// What can go wrong with a request, in words for people.

import type { Conflict, Merged } from "./types"

/** A fault of one part of a request. */
export interface Fault {
  field: string
  rule: string
}

/** The hub refused a request. Its message is a sentence for people. */
export class Problem extends Error {
  /** What kind it is, such as "stale", "not-found" or "forbidden". */
  readonly kind: string
  readonly status: number
  readonly faults: Fault[]
  /** Of the kind stale: the conflict as it stands now. */
  readonly conflict?: Conflict
  /** Of the kind closed: the merged entry as it stands now. */
  readonly merged?: Merged

  constructor(status: number, body: Record<string, unknown>) {
    super(sentence(status, body))
    this.name = "Problem"
    this.status = status
    this.kind = typeof body.type === "string" ? body.type.replace(/^urn:wedsync:problem:/, "") : ""
    this.faults = Array.isArray(body.errors) ? (body.errors as Fault[]) : []
    this.conflict = body.conflict as Conflict | undefined
    this.merged = body.merged as Merged | undefined
  }
}

/** The hub could not be reached: nothing is known about the request. */
export class Offline extends Error {
  constructor() {
    super("The hub cannot be reached. Try again when you are online.")
    this.name = "Offline"
  }
}

/** What to tell people of an error. */
export function told(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}

function sentence(status: number, body: Record<string, unknown>): string {
  const { title, detail, errors } = body
  if (Array.isArray(errors) && errors.length > 0) {
    return (errors as Fault[]).map(fault => `${fault.field.replace(/^fields\./, "")} ${fault.rule}`).join("; ") + "."
  }
  const parts = [title, detail].filter((part): part is string => typeof part === "string" && part !== "")
  if (parts.length > 0) return parts.map(part => (/[.!?]$/.test(part) ? part : part + ".")).join(" ")
  return status >= 500 ? "The hub has trouble. Try again in a moment." : `The hub refused this (${status}).`
}
