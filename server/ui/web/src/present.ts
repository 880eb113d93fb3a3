// Who has which record open now, by the signs of life that the stream tells of.

import { session } from "./session"
import { onEvent } from "./stream"
import type { Event } from "./types"
import { Source } from "./watch"

const gone = 13_000 // milliseconds without a sign
const look = 2000 // between two looks for who is gone
const most = 200 // people and devices

export interface Present {
  user: string
  device: string
  client: string
  /** The field that has their focus, empty if none has. */
  field: string
}

/** Who is there. */
export const present = new Source<Present[]>([])

const seen = new Map<string, { who: Present; until: number }>()

onEvent(["wedsync.presence"], take)
session.subscribe(() => {
  seen.clear()
  present.set([])
})
setInterval(show, look)

function take({ type, data }: Event): void {
  if (type !== "wedsync.presence" || !data.client_id || !data.user) return
  const sign = typeof data.presence === "object" && data.presence !== null && !Array.isArray(data.presence) ? data.presence : {}
  const who = { user: data.user, device: data.device ?? "", client: data.client_id, field: typeof sign.field === "string" ? sign.field : "" }
  const key = JSON.stringify([who.user, who.device, who.client])
  if (sign.gone === true) seen.delete(key)
  else if (seen.has(key) || seen.size < most) seen.set(key, { who, until: Date.now() + gone })
  show()
}

function show(): void {
  const now = Date.now()
  for (const [key, { until }] of seen) if (until < now) seen.delete(key)
  const next = [...seen.values()].map(({ who }) => who)
  if (JSON.stringify(next) !== JSON.stringify(present.value)) present.set(next)
}
