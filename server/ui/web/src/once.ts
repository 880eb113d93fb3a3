// Commands that are carried out once, however often they are sent: the key of one whose
// answer was lost is kept until it is answered, over reloads of the tab.

import { Offline, post } from "./api"
import { Problem } from "./problem"
import { session } from "./session"

/** Sends a command. The same one sent again after its answer was lost is not done twice. */
export async function once<T>(path: string, body: unknown = {}): Promise<T> {
  const what = `${path} ${JSON.stringify(body)}`
  const keys = read()
  const key = (keys[what] ??= crypto.randomUUID())
  write(keys)
  try {
    const answer = await post<T>(path, body, { key })
    forget(what)
    return answer
  } catch (error) {
    if (!open(error)) forget(what)
    throw error
  }
}

/** Whether an error leaves it open what became of a command. */
function open(error: unknown): boolean {
  return error instanceof Offline || (error instanceof Problem && (error.status >= 500 || error.kind === "key-busy"))
}

function forget(what: string): void {
  const keys = read()
  delete keys[what]
  write(keys)
}

function name(): string {
  return `${session.value?.storage ?? "wedsync"}:keys`
}

function read(): Record<string, string> {
  try {
    return JSON.parse(sessionStorage.getItem(name()) ?? "{}") as Record<string, string>
  } catch {
    return {}
  }
}

function write(keys: Record<string, string>): void {
  try {
    sessionStorage.setItem(name(), JSON.stringify(keys))
  } catch {
    // Storage is full: the key holds for the attempts that are made now.
  }
}
