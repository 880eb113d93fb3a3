// The service worker: it keeps the app for when there is no network. A newer app is
// fetched in the background and waits until people take it: nothing is loaded anew
// under their hands.

import { Source } from "./watch"

/** A newer version that waits to be taken, null if there is none. */
export const update = new Source<ServiceWorker | null>(null)

const patience = 3000 // milliseconds for a newer version to take over
const every = 30 * 60_000 // milliseconds between two looks for a newer version

export function startUpdates(): void {
  if (!("serviceWorker" in navigator)) return
  let taken = false
  let first = navigator.serviceWorker.controller === null
  navigator.serviceWorker.addEventListener("controllerchange", () => {
    if (!first && !taken) {
      taken = true
      location.reload()
    }
    first = false // which changed nothing for this page
  })
  void navigator.serviceWorker.register("/sw.js").then(registration => {
    watch(registration)
    setInterval(() => void registration.update().catch(() => undefined), every)
  }, () => undefined) // a browser that allows none works online
}

/** Lets the newer version take over, which loads the page anew. A browser may keep it waiting for minutes, as long as it
 *  takes the older one to be at work: then the page is loaded from the hub, and its worker installed from the start. */
export function takeUpdate(): void {
  update.value?.postMessage("take over")
  setTimeout(() => void anew().catch(() => undefined), patience)
}

async function anew(): Promise<void> {
  const registration = await navigator.serviceWorker.getRegistration()
  if (!registration?.waiting || !(await fetch("/sw.js", { cache: "no-store" })).ok) return // without the hub, what there is stays
  await registration.unregister()
  location.reload()
}

function watch(registration: ServiceWorkerRegistration): void {
  const found = (worker: ServiceWorker | null) => {
    if (!worker) return
    const look = () => worker.state === "installed" && navigator.serviceWorker.controller && update.set(worker)
    worker.addEventListener("statechange", look)
    look()
  }
  found(registration.waiting)
  found(registration.installing)
  registration.addEventListener("updatefound", () => found(registration.installing))
}
