// The digest by which a copy of a record is compared with the hub's, which its sync
// status tells: the SHA-256, in hexadecimal, of the canonical JSON (RFC 8785) of the
// document without sync_conflicts.

export async function digest(doc: Record<string, unknown>): Promise<string> {
  const { sync_conflicts: _, ...fields } = doc
  const sum = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(canonical(fields)))
  return Array.from(new Uint8Array(sum), byte => byte.toString(16).padStart(2, "0")).join("")
}

/** A value of an Automerge document as canonical JSON. */
export function canonical(v: unknown): string {
  if (v instanceof Uint8Array) return JSON.stringify(btoa(Array.from(v, byte => String.fromCharCode(byte)).join("")))
  if (hasJSON(v)) v = v.toJSON() // dates, counters, immutable strings
  if (typeof v === "bigint") v = Number(v) // integers beyond 2^53
  if (Array.isArray(v)) return `[${v.map(canonical).join()}]`
  if (v === null || typeof v !== "object") return JSON.stringify(v) // NaN becomes null, -0 becomes 0
  const map = v as Record<string, unknown>
  return `{${Object.keys(map).sort().map(key => `${JSON.stringify(key)}:${canonical(map[key])}`).join()}}`
}

function hasJSON(v: unknown): v is { toJSON(): unknown } {
  return typeof (v as { toJSON?: unknown } | null | undefined)?.toJSON === "function"
}
