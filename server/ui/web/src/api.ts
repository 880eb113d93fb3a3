// The hub's JSON. Reads are kept and shown again without a network; commands carry a
// key, so that sending one again never does it twice.

import { Cache } from "./cache"
import { Offline, Problem } from "./problem"
import { session, signOut, type Session } from "./session"
import { Source } from "./watch"

export { Offline, Problem, told } from "./problem"

const patience = 20_000 // milliseconds for an answer
const attempts = 3 // of a command whose answer was lost

/** What was read. */
export interface Answer<T> {
  body: T
  etag: string
  /** When the hub said so. */
  at: Date
  /** Whether this is what it said some time ago, because it cannot be reached. */
  old: boolean
}

/** Whether the hub answered the last time that anything asked it. */
export const reachable = new Source(navigator.onLine)

let cache: { name: string; answers: Cache } | undefined

function answers(): Cache {
  const name = session.value?.storage ?? "wedsync"
  if (cache?.name !== name) cache = { name, answers: new Cache(name) }
  return cache.answers
}

if (session.value) answers() // opens while the page is made

/** Reads a path, from what was kept if the hub cannot be reached. Throws Problem or Offline. */
export async function get<T>(path: string, signal?: AbortSignal): Promise<Answer<T>> {
  const [as, mine] = [session.value, answers()] // whoever signs in meanwhile
  const kept = await mine.get(path)
  let response: Response
  try {
    response = await send(as, "GET", path, kept ? { "If-None-Match": kept.etag } : {}, undefined, signal)
  } catch (error) {
    if (!(error instanceof Offline) || !kept) throw error
    return { body: kept.body as T, etag: kept.etag, at: new Date(kept.at), old: true }
  }
  const at = Date.now()
  if (response.status === 304 && kept) {
    return { body: kept.body as T, etag: kept.etag, at: new Date(at), old: false }
  }
  const body = (await read(response)) as T
  const etag = response.headers.get("ETag") ?? ""
  void mine.put({ path, etag, body, at })
  return { body, etag, at: new Date(at), old: false }
}

/** What was kept of a path, or under a name, at once. */
export async function kept<T>(path: string): Promise<Answer<T> | undefined> {
  const found = await answers().get(path)
  return found && { body: found.body as T, etag: found.etag, at: new Date(found.at), old: true }
}

/** Keeps what was made of answers, under a name that is no path. */
export function keep(name: string, body: unknown): void {
  void answers().put({ path: name, etag: "", body, at: Date.now() })
}

/** Reads all pages of a list. */
export async function getAll<T>(path: string, signal?: AbortSignal): Promise<T[]> {
  const items: T[] = []
  let next: string | null = null
  do {
    const url: string = path + (path.includes("?") ? "&" : "?") + "limit=200" + (next ? `&cursor=${encodeURIComponent(next)}` : "")
    const page: Answer<{ items: T[]; next: string | null }> = await get(url, signal)
    items.push(...page.body.items)
    next = page.body.next
  } while (next)
  return items
}

interface Command {
  /** Names the command: the same key again is answered as the first time. Made up if left out. */
  key?: string
  /** The ETag of what the command is about. */
  ifMatch?: string
}

export function post<T>(path: string, body: unknown = {}, command: Command = {}): Promise<T> {
  return call("POST", path, body, command)
}

export function patch<T>(path: string, body: unknown, command: Command = {}): Promise<T> {
  return call("PATCH", path, body, command)
}

export function put<T>(path: string, body: unknown, command: Command = {}): Promise<T> {
  return call("PUT", path, body, command)
}

export function del<T>(path: string, command: Command = {}): Promise<T> {
  return call("DELETE", path, undefined, command)
}

async function call<T>(method: string, path: string, body: unknown, { key, ifMatch }: Command): Promise<T> {
  const headers: Record<string, string> = { "Idempotency-Key": key ?? crypto.randomUUID() }
  if (ifMatch) headers["If-Match"] = ifMatch
  const as = session.value // who commands it, whoever signs in until it is sent again
  for (let attempt = 1; ; attempt++) {
    try {
      return (await read(await send(as, method, path, headers, body))) as T
    } catch (error) {
      const again = error instanceof Offline || (error instanceof Problem && (error.kind === "key-busy" || error.status === 503))
      if (!again || attempt === attempts || !navigator.onLine) throw error
      await new Promise(resolve => setTimeout(resolve, 400 * attempt))
    }
  }
}

async function send(as: Session | null, method: string, path: string, headers: Record<string, string>, body?: unknown, signal?: AbortSignal): Promise<Response> {
  const limit = AbortSignal.timeout(patience)
  if (as) headers = { ...headers, Authorization: `Bearer ${as.token}` }
  if (body !== undefined) headers = { ...headers, "Content-Type": "application/json" }
  try {
    const response = await fetch(path, {
      method, headers, body: body === undefined ? undefined : JSON.stringify(body),
      cache: "no-store", credentials: "same-origin", // the hub's one cookie marks the browser that connects an account
      signal: signal ? AbortSignal.any([signal, limit]) : limit,
    })
    reachable.set(true)
    if (response.status === 401 && as && as === session.value) signOut((await problemOf(response.clone())).message)
    return response
  } catch (error) {
    if (signal?.aborted) throw error
    reachable.set(false)
    throw new Offline()
  }
}

async function read(response: Response): Promise<unknown> {
  if (response.ok) return response.status === 204 ? null : response.json()
  throw await problemOf(response)
}

async function problemOf(response: Response): Promise<Problem> {
  let body: unknown = null
  try {
    body = await response.json()
  } catch {
    // Something between the hub and us answered: the status says enough.
  }
  return new Problem(response.status, (body ?? {}) as Record<string, unknown>)
}
