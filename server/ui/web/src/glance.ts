// What the first page of the next visit shows before anything is read: kept where the
// browser has it at once, for its database takes a tenth of a second to open.

import { idle } from "./idle"
import { session } from "./session"

const name = "wedsync.glance"
const most = 8 // parts; the ones longest not remembered go first
const longest = 40_000 // characters of a part; what is longer is not kept

interface Glance {
  /** Whose it is. */
  storage: string
  parts: [key: string, body: unknown][]
}

let glance = restore()
let writing = false

session.subscribe(now => {
  if (now?.storage === glance.storage) return
  localStorage.removeItem(name)
  glance = restore()
})

/** What was remembered under a key by who is signed in now. */
export function remembered<T>(key: string): T | undefined {
  return glance.parts.find(part => part[0] === key)?.[1] as T | undefined
}

/** Remembers something for the next visit. It is written when the browser has nothing else to do. */
export function remember(key: string, body: unknown): void {
  glance.parts = [...glance.parts.filter(part => part[0] !== key), [key, body] as [string, unknown]].slice(-most)
  if (writing) return
  writing = true
  void idle().then(write)
}

function write(): void {
  writing = false
  if (!session.value || session.value.storage !== glance.storage) return
  const parts = glance.parts.filter(([, body]) => JSON.stringify(body).length <= longest)
  try {
    localStorage.setItem(name, JSON.stringify({ storage: glance.storage, parts } satisfies Glance))
  } catch {
    // Storage is full: the next visit shows its page a moment later.
  }
}

function restore(): Glance {
  const storage = session.value?.storage ?? ""
  try {
    const read = JSON.parse(localStorage.getItem(name) ?? "") as Glance
    if (storage && read.storage === storage && Array.isArray(read.parts)) return read
  } catch {
    // nothing was kept
  }
  return { storage, parts: [] }
}
