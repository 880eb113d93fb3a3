// Notifications of the system for what somebody should look at, once they were asked
// for, and only while nobody looks at the app.

import { go } from "./router"
import { session, mayDecide } from "./session"
import { onEvent } from "./stream"
import { plainSentence } from "./sentences"
import type { Event } from "./types"
import { Source } from "./watch"

const key = "wedsync.notify"

/** Whether this browser notifies: "asked for" only counts while the browser allows it. */
export type Notifying = "impossible" | "off" | "on" | "forbidden"

export const notifying = new Source<Notifying>(state())

/** Asks the browser, and so its user, for leave. */
export async function startNotifying(): Promise<void> {
  if ((await Notification.requestPermission()) === "granted") localStorage.setItem(key, "on")
  notifying.set(state())
}

export function stopNotifying(): void {
  localStorage.removeItem(key)
  notifying.set(state())
}

function state(): Notifying {
  if (!("Notification" in window)) return "impossible"
  if (Notification.permission === "denied") return "forbidden"
  return Notification.permission === "granted" && localStorage.getItem(key) === "on" ? "on" : "off"
}

// The service worker says where somebody wants to go who clicked one.
navigator.serviceWorker?.addEventListener("message", ({ data }: MessageEvent<{ go?: string }>) => {
  if (data.go) go(data.go)
})

onEvent(["wedsync.conflict.", "wedsync.verdict.", "wedsync.client.deleted"], (event, live) => {
  if (live && notifying.value === "on" && document.visibilityState === "hidden" && matters(event)) void show(event).catch(() => undefined) // leave was taken back
})

/** Whether an event is for who is signed in to act on, or about what they proposed. */
function matters({ type, data }: Event): boolean {
  const s = session.value
  if (/^wedsync\.conflict\.(opened|reopened|reminded)$/.test(type)) return mayDecide(s) && data.user !== s?.user
  if (/^wedsync\.verdict\.(accepted|rejected)$/.test(type)) return data.user === s?.user && data.verdict?.conflict_id !== undefined
  return type === "wedsync.client.deleted" && data.user !== s?.user
}

/** Shows it by the service worker, where there is one: it is told of a click even if no tab is open any more. */
async function show(event: Event): Promise<void> {
  const path = event.data.conflict ? `/inbox?conflict=${encodeURIComponent(event.data.conflict.id)}` : "/activity"
  const how = { body: plainSentence(event), tag: event.id, icon: "/icon.svg", data: path } // of several tabs' notifications, the tag leaves one
  const worker = await navigator.serviceWorker?.getRegistration()
  if (worker?.active) return worker.showNotification("WedSync", how)
  const shown = new Notification("WedSync", how)
  shown.onclick = () => {
    window.focus()
    go(path)
    shown.close()
  }
}
