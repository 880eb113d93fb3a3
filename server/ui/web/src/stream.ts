// What happens to the supplier's records, as it happens: one socket per tab. After a
// break it goes on from the last position; where that is not possible it says "reset",
// and whoever shows something reads it anew.

import { post, reachable } from "./api"
import { onDeadSockets, Retry } from "./retry"
import { session, signOut } from "./session"
import type { Event } from "./types"
import { Source } from "./watch"

const patience = 30_000 // milliseconds for a socket to open and to tell what was missed
const most = 400 // recent events that are kept
const past = 60 // edits before now that a new tab is told of

export type StreamState = "off" | "connecting" | "live"

export const streamState = new Source<StreamState>("off")

/** The recent events, the oldest first: those of the time before this tab all at once. */
export const recent = new Source<Event[]>([])

type Tell = (event: Event, live: boolean) => void

const listeners = new Set<{ kinds: string[]; tell: Tell }>()
let socket: WebSocket | undefined
const retry = new Retry(() => void connect())
let known: Event[] = [] // recent ones, whether they are shown yet or not
let position = ""
let live = false
let generation = 0 // of connections; what an older one still says does not count

/** Calls tell with each event of a kind, such as "wedsync.conflict." for all about
 *  conflicts, and with resets, until the function that it returns is called. What was
 *  told of the time before this tab is not live. */
export function onEvent(kinds: string[], tell: Tell): () => void {
  const listener = { kinds, tell }
  listeners.add(listener)
  return () => listeners.delete(listener)
}

/** Calls tell when what was read of the kinds may have changed, until the function that it returns is called:
 *  at their events, and once the stream is live, since what came before nobody told. */
export function onNews(kinds: string[], tell: () => void): () => void {
  const ends = [
    onEvent(kinds, (event, live) => {
      if (live || event.type === "wedsync.reset") tell()
    }),
    streamState.subscribe(state => {
      if (state === "live") tell()
    }),
  ]
  return () => {
    for (const end of ends) end()
  }
}

/** Listens as whoever is signed in, now and later. */
export function startStream(): void {
  const restart = () => {
    stop()
    position = ""
    known = []
    recent.set(known)
    if (session.value) void connect()
  }
  session.subscribe(restart)
  restart()
  retry.start()
  onDeadSockets(cut)
}

function stop(): void {
  generation++
  retry.rest()
  socket?.close()
  socket = undefined
  live = false
  streamState.set("off")
}

async function connect(): Promise<void> {
  const mine = ++generation
  streamState.set("connecting")
  let ticket: string
  try {
    ticket = (await post<{ ticket: string }>("/api/realtime/ticket")).ticket
  } catch {
    if (mine === generation) later()
    return
  }
  if (mine !== generation) return
  const query = new URLSearchParams({ ticket, position: position || `-${past}` })
  const opened = new WebSocket(`${location.origin.replace(/^http/, "ws")}/api/realtime/clients?${query}`)
  socket = opened
  live = position !== "" // what happened during a break is news
  setTimeout(() => mine === generation && streamState.value !== "live" && cut(), patience)
  opened.onmessage = message => {
    if (mine === generation) take(JSON.parse(message.data as string) as Event)
  }
  opened.onclose = closed => {
    if (mine !== generation) return
    socket = undefined
    live = false
    if (closed.code === 4403) signOut("An owner took this access away.")
    else later()
  }
}

function cut(): void {
  if (!socket) return
  generation++
  socket.close()
  socket = undefined
  live = false
  later()
}

function later(): void {
  streamState.set("connecting")
  retry.later()
}

function take(event: Event): void {
  position = event.position
  if (event.type === "wedsync.position") {
    live = true
    recent.set(known)
    retry.stands()
    reachable.set(true)
    streamState.set("live")
    return
  }
  if (event.type !== "wedsync.presence" && event.type !== "wedsync.reset") {
    if (known.some(({ id }) => id === event.id)) return // told again after a break
    known = [...known, event].slice(-most)
    if (live) recent.set(known)
  }
  for (const { kinds, tell } of [...listeners]) {
    if (event.type === "wedsync.reset" || kinds.some(kind => event.type.startsWith(kind))) tell(event, live)
  }
}
