// What happens to the supplier's records, as it happens: one socket per tab. After a
// break it goes on from the last position; where that is not possible it says "reset",
// and whoever shows something reads it anew.

import { post, reachable } from "./api"
import { session, signOut } from "./session"
import type { Event } from "./types"
import { Source } from "./watch"

const firstWait = 500 // milliseconds before the first try after a break
const longestWait = 15_000
const most = 400 // recent events that are kept
const past = 60 // edits before now that a new tab is told of

export type StreamState = "off" | "connecting" | "live"

export const streamState = new Source<StreamState>("off")

/** The recent events, the oldest first. */
export const recent = new Source<Event[]>([])

type Tell = (event: Event, live: boolean) => void

const listeners = new Set<{ kinds: string[]; tell: Tell }>()
let socket: WebSocket | undefined
let timer: ReturnType<typeof setTimeout> | undefined
let wait = firstWait
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
    recent.set([])
    if (session.value) void connect()
  }
  session.subscribe(restart)
  restart()
  const hurry = () => {
    if (!session.value || socket || streamState.value === "live") return
    wait = firstWait
    void connect()
  }
  window.addEventListener("online", hurry)
  window.addEventListener("offline", cut)
  document.addEventListener("visibilitychange", () => document.visibilityState === "visible" && hurry())
}

function stop(): void {
  generation++
  clearTimeout(timer)
  socket?.close()
  socket = undefined
  live = false
  streamState.set("off")
}

async function connect(): Promise<void> {
  clearTimeout(timer)
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

/** A browser that loses its network tells a socket so only after minutes. */
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
  const rest = wait * (0.5 + Math.random()) // or all tabs come at once
  wait = Math.min(wait * 2, longestWait)
  timer = setTimeout(() => void connect(), rest)
}

function take(event: Event): void {
  position = event.position
  if (event.type === "wedsync.position") {
    live = true
    wait = firstWait
    reachable.set(true)
    streamState.set("live")
    return
  }
  if (event.type !== "wedsync.presence" && event.type !== "wedsync.reset") {
    if (recent.value.some(known => known.id === event.id)) return // told again after a break
    recent.set([...recent.value, event].slice(-most))
  }
  for (const { kinds, tell } of [...listeners]) {
    if (event.type === "wedsync.reset" || kinds.some(kind => event.type.startsWith(kind))) tell(event, live)
  }
}
