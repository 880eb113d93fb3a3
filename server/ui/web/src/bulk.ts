// Decisions about many conflicts at once.

import { getAll } from "./api"
import { once } from "./once"
import { Problem } from "./problem"
import { openOnes } from "./saying"
import type { Conflict, Proposal } from "./types"

const atOnce = 100 // decisions that the hub takes in one request

/** Which conflicts are of the kind of another: of its field, and of its device or reason. */
export type Scope = "field" | "device" | "reason"

export type BulkAction = "accept" | "keep"

/** The pending conflicts of the same kind, itself among them. */
export async function alike(c: Conflict, scope: Scope): Promise<Conflict[]> {
  const query = new URLSearchParams({ status: "pending", field: c.field })
  const device = lastProposal(c)?.author.device
  if (scope === "device" && device) query.set("device", device)
  const all = await getAll<Conflict>(`/api/conflicts?${query}`)
  return scope === "reason" ? all.filter(other => other.reason === c.reason) : all
}

export function lastProposal(c: Conflict): Proposal | undefined {
  return openOnes(c).at(-1)
}

/** Those that can be decided together: to accept, there must be just one value. */
export function decidable(all: Conflict[], action: BulkAction): Conflict[] {
  return action === "keep" ? all : all.filter(c => openOnes(c).length === 1)
}

interface Result {
  conflict_id: string
  status: number
  conflict?: Conflict
  problem?: Record<string, unknown>
}

export interface BulkOutcome {
  decided: Conflict[]
  /** Why others were not, by conflict. */
  refused: Map<string, string>
}

/** Decides them, telling how many are done. Stops at an error, which is thrown with what was done. */
export async function decideAll(all: Conflict[], action: BulkAction, note: string, progress: (done: BulkOutcome) => void): Promise<BulkOutcome> {
  const outcome: BulkOutcome = { decided: [], refused: new Map() }
  for (let at = 0; at < all.length; at += atOnce) {
    const decisions = all.slice(at, at + atOnce).map(c => ({
      conflict_id: c.id, version: c.version, action,
      ...(action === "accept" ? { proposal_id: openOnes(c)[0]!.id } : {}),
      ...(note ? { note } : {}),
    }))
    const { results } = await once<{ results: Result[] }>("/api/conflicts/resolve", { decisions })
    for (const r of results) {
      if (r.conflict) outcome.decided.push(r.conflict)
      else outcome.refused.set(r.conflict_id, new Problem(r.status, r.problem ?? {}).message)
    }
    progress(outcome)
  }
  return outcome
}
