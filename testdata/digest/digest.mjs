// digest(doc) names what an Automerge document shows, as the hub's sync status does:
// the SHA-256, in hexadecimal, of its canonical JSON (RFC 8785) without sync_conflicts.
// It needs no library, and runs in browsers (https or localhost) and in Node, with
// documents of Automerge 2.2 and 3.
export async function digest(doc) {
  const { sync_conflicts, ...fields } = doc
  const sum = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(canonical(fields)))
  return Array.from(new Uint8Array(sum), byte => byte.toString(16).padStart(2, "0")).join("")
}

export function canonical(v) {
  if (v instanceof Uint8Array) return JSON.stringify(base64(v))
  if (typeof v?.toJSON === "function") v = v.toJSON() // dates, counters, immutable strings
  if (typeof v === "bigint") v = Number(v) // integers beyond 2^53
  if (Array.isArray(v)) return `[${v.map(canonical).join()}]`
  if (v === null || typeof v !== "object") return JSON.stringify(v) // NaN becomes null, -0 becomes 0
  const members = Object.keys(v).sort().map(key => `${JSON.stringify(key)}:${canonical(v[key])}`)
  return `{${members.join()}}`
}

function base64(bytes) {
  return btoa(Array.from(bytes, byte => String.fromCharCode(byte)).join(""))
}
