// Two owners who edit the policy at once: what each has changed since both began stays,
// field by field.

import { kinds, reviews } from "./components/policyrow"
import { label } from "./format"
import type { FieldPolicy, Policy } from "./types"

/** What people decide about a policy; the version that they began with is among it. */
export type Draft = Pick<Policy, "version" | "zone" | "fields" | "reopen_hours" | "remind_after">

export interface Merged {
  draft: Draft
  /** What both have changed, each otherwise; the draft has mine. */
  both: string[]
}

/** What I have changed since base, on top of theirs. */
export function merge(base: Draft, mine: Draft, theirs: Draft): Merged {
  const both: string[] = []
  /** Mine if I have changed it, else theirs. */
  const pick = <T>(name: string, was: T, own: T, other: T): T => {
    if (same(own, was) || same(own, other)) return other
    if (!same(other, was)) both.push(name)
    return own
  }
  const fields: FieldPolicy[] = []
  const paths = new Set([...theirs.fields, ...mine.fields].map(f => f.path))
  for (const path of paths) {
    const field = pick<FieldPolicy | undefined>(label(path) || "A new field", find(base, path), find(mine, path), find(theirs, path))
    if (field) fields.push(field)
  }
  return {
    both,
    draft: {
      version: theirs.version, fields,
      zone: pick("The time zone", base.zone, mine.zone, theirs.zone),
      reopen_hours: pick("How long decisions may be reopened", base.reopen_hours, mine.reopen_hours, theirs.reopen_hours),
      remind_after: pick("When people are reminded", base.remind_after, mine.remind_after, theirs.remind_after),
    },
  }
}

/** What a policy has otherwise than it was, a sentence for each. */
export function changes(was: Draft, now: Draft): string[] {
  const found: string[] = []
  for (const f of now.fields) {
    const before = find(was, f.path)
    const how = `${named(kinds, f.kind)}, needs approval: ${named(reviews, f.review)}`
    if (!before) found.push(`${label(f.path)} became critical (${how})`)
    else if (!same(before, f)) found.push(`${label(f.path)} is now: ${how}`)
  }
  for (const f of was.fields) if (!find(now, f.path)) found.push(`${label(f.path)} is not critical any more`)
  if (was.zone !== now.zone) found.push(`The time zone is ${now.zone}`)
  if (was.reopen_hours !== now.reopen_hours) found.push(`Decisions may be reopened for ${now.reopen_hours} hours`)
  if (was.remind_after !== now.remind_after) found.push(`People are reminded after ${now.remind_after}`)
  return found
}

function find(policy: Draft, path: string): FieldPolicy | undefined {
  return policy.fields.find(f => f.path === path)
}

function same(a: unknown, b: unknown): boolean {
  return flat(a) === flat(b)
}

/** A field by its parts in one order, whatever order it came in. */
function flat(v: unknown): string {
  return typeof v === "object" && v !== null ? JSON.stringify(Object.entries(v).sort()) : JSON.stringify(v) ?? ""
}

function named(all: (readonly [string, string, ...string[]])[], value: string): string {
  return (all.find(([v]) => v === value)?.[1] ?? value).toLowerCase()
}
