// Sentences about conflicts, decisions and verdicts.

import { ago, count, date, isDay, label, money, value, who } from "./format"
import type { Kind } from "./typed"
import type { Conflict, Decision, Proposal, Value, Verdict } from "./types"

const reasons: Record<string, string> = {
  needs_review: "Every edit of this field waits for an owner",
  concurrent_pending: "Another value was waiting already",
  stale_base: "Its author had not seen what counts now",
  built_on_rejected: "Builds on a value that was rejected",
  invalid_value: "Does not fit the field",
  forbidden: "Its author may not edit this",
  reopened: "Decided before, and reopened",
}

/** Why a value waits. */
export function why(reason: string): string {
  return reasons[reason] ?? label(reason)
}

export function openOnes(c: Conflict): Proposal[] {
  return c.proposals.filter(p => p.state === "open")
}

export function isOf(p: Proposal, user: string | undefined): boolean {
  return user !== undefined && [p.author, ...p.co_authors].some(a => a.user === user)
}

/** "8 days later", "+1,500 (+12 %)": how far apart two values are; empty if that means nothing. */
export function distance(from: Value, to: Value, kind: Kind): string {
  if (kind === "date" && typeof from === "string" && typeof to === "string" && isDay(from) && isDay(to)) {
    const days = Math.round((Date.parse(to) - Date.parse(from)) / 86_400_000)
    if (days === 0) return ""
    return `${count(Math.abs(days))} ${Math.abs(days) === 1 ? "day" : "days"} ${days > 0 ? "later" : "earlier"}`
  }
  if ((kind === "money" || kind === "number") && typeof from === "number" && typeof to === "number" && from !== to) {
    const by = to - from
    const share = from === 0 ? "" : ` (${by > 0 ? "+" : "−"}${count(Math.round(Math.abs(by / from) * 1000) / 10)} %)`
    return `${by > 0 ? "+" : "−"}${money(Math.abs(by))}${share}`
  }
  return ""
}

/** A value at full length: a date with its day of the week. */
export function longValue(v: Value, kind: Kind): string {
  return kind === "date" && typeof v === "string" ? date(v, { long: true }) : value(v, kind)
}

/** What a decision did: "kept 20 June". */
export function did(d: Decision, kind: Kind): string {
  const shown = d.value === null ? "no value" : value(d.value, kind)
  switch (d.action) {
    case "accept": return `accepted ${shown}`
    case "keep": return `kept ${shown}`
    case "custom": return `set ${shown}`
    case "recover": return `restored ${shown}`
    case "withdraw": return "took the proposal back"
  }
}

/** How a conflict ended: "Olga kept 20 June 2 min ago." */
export function ended(c: Conflict, kind: Kind, me = ""): string {
  switch (c.status) {
    case "pending": return ""
    case "resolved":
      if (!c.decision) return "It was decided."
      return `${c.decision.by.user === me ? "You" : who(c.decision.by)} ${did(c.decision, kind)}, ${ago(c.decision.at)}.`
    case "withdrawn": return "Nothing waits any more: what was proposed was taken back."
    case "record_deleted": return "The client was deleted. The conflict comes back if the client does."
    case "erased": return "The client was erased, and the conflict with it."
  }
}

/** Why a decision was not carried out, when the conflict has moved on. */
export function movedOn(now: Conflict, kind: Kind, me: string): string {
  if (now.status === "pending") return "Nothing was decided: another value arrived meanwhile. Look again; what you typed is still here."
  return `Nothing was changed by you: this was decided already. ${ended(now, kind, me)}`
}

/** What became of somebody's own proposal. */
export function verdictSentence(v: Verdict, client: string, kind: Kind): string {
  const what = `Your ${label(v.field).toLowerCase()} for ${client || "a client"}`
  const mine = v.proposed === null ? "to clear it" : value(v.proposed, kind)
  const by = v.decision ? who({ ...v.decision.by, device: "" }) : "somebody"
  switch (v.outcome) {
    case "accepted": return `${what} was accepted by ${by}: ${mine}.`
    case "rejected":
      if (v.decision?.action === "keep") return `${what}, ${mine}, was not taken: ${by} kept ${value(v.decision.value, kind)}.`
      return `${what}, ${mine}, was not taken: ${by} ${v.decision ? did(v.decision, kind) : "decided otherwise"}.`
    case "withdrawn": return `${what}, ${mine}, was taken back${v.decision ? ` by ${by}` : ""}.`
    case "superseded": return `${what}, ${mine}, gave way to a newer value.`
    case "no_change": return `${what}, ${mine}, is what counts already.`
    case "open": return `${what}, ${mine}, waits again: ${by} reopened the decision.`
  }
}
