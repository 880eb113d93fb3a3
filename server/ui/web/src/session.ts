// Who is signed in: a token, kept by this browser until it is signed out of. What the
// token claims decides only what is shown; what may be done, the hub decides.

import { Source } from "./watch"

const kept = "wedsync.session"

export type Role = "owner" | "member" | "integration" | "viewer"

export interface Session {
  token: string
  supplier: string
  user: string
  role: Role
  /** What the token calls this device, empty if it names none. */
  device: string
  /** When the token ends, null if it does not say. */
  expires: Date | null
  /** Names what the browser stores for this supplier and user. */
  storage: string
}

/** Who is signed in, null if nobody is. */
export const session = new Source<Session | null>(restore())

/** Why somebody was signed out without asking for it; empty otherwise. */
export const signedOutBecause = new Source("")

// Another tab has signed in or out.
window.addEventListener("storage", event => {
  if (event.key === kept || event.key === null) session.set(restore())
})

/** Signs in with a token. Throws an Error that says what is wrong with it. */
export function signIn(text: string): Session {
  const read = readToken(text.trim())
  localStorage.setItem(kept, read.token)
  signedOutBecause.set("")
  session.set(read)
  return read
}

export function signOut(because = ""): void {
  localStorage.removeItem(kept)
  signedOutBecause.set(because)
  session.set(null)
}

/** Whether who is signed in decides conflicts, policy and devices. */
export function mayDecide(s: Session | null): boolean {
  return s?.role === "owner"
}

/** Whether who is signed in may edit records. */
export function mayEdit(s: Session | null): boolean {
  return s !== null && s.role !== "viewer"
}

/** Whether who is signed in may say whose communication is: people who edit records, no programs. */
export function mayMatch(s: Session | null): boolean {
  return mayEdit(s) && s!.role !== "integration"
}

function restore(): Session | null {
  const token = localStorage.getItem(kept)
  if (!token) return null
  try {
    return readToken(token)
  } catch {
    localStorage.removeItem(kept) // it was no token that we stored
    return null
  }
}

function readToken(token: string): Session {
  const claims = claimsOf(token)
  const app = isObject(claims.app_metadata) ? claims.app_metadata : {}
  const supplier = words(claims.supplier_id) || words(app.supplier_id)
  const user = words(claims.sub)
  if (!supplier || !user) {
    throw new Error("This token does not say which supplier and user it is for. wedsync token makes one that does.")
  }
  const expires = typeof claims.exp === "number" ? new Date(claims.exp * 1000) : null
  if (expires && expires.getTime() < Date.now()) throw new Error("This token has expired. Get a new one: wedsync token makes one.")
  return {
    token, supplier, user, expires,
    role: roleOf(isObject(claims.app_metadata) ? app.role : claims.role),
    device: words(claims.device),
    storage: `wedsync:${encodeURIComponent(supplier)}:${encodeURIComponent(user)}`,
  }
}

function claimsOf(token: string): Record<string, unknown> {
  const [, payload, signature] = token.split(".")
  if (!payload || !signature) throw new Error("This is no token: it should be one long word with two dots in it.")
  try {
    const bytes = Uint8Array.from(atob(payload.replaceAll("-", "+").replaceAll("_", "/")), c => c.charCodeAt(0))
    const claims: unknown = JSON.parse(new TextDecoder().decode(bytes))
    if (isObject(claims)) return claims
  } catch {
    // told below
  }
  throw new Error("This token cannot be read. Was all of it copied?")
}

function roleOf(claim: unknown): Role {
  return claim === "owner" || claim === "viewer" || claim === "integration" ? claim : "member"
}

function words(claim: unknown): string {
  return typeof claim === "string" ? claim : ""
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null
}
