// The service worker. It holds one version of the app, whole: pages come from it at
// once, with or without a network, and its parts always fit each other.

/// <reference lib="webworker" />

const worker = self as unknown as ServiceWorkerGlobalScope
/** All files of this version, and a hash of them; written in by webbuild. */
declare const FILES: string[]
declare const VERSION: string

const cacheName = `wedsync-app-${VERSION}`

worker.addEventListener("install", event => {
  event.waitUntil(fill())
  event.waitUntil(route(event as unknown as Router))
})

/** Addresses of pages that are always the same, as people come by them. The cache has the app's one page under each. */
const PAGES = ["/", "/inbox", "/clients", "/clients?sort=name", "/activity", "/status", "/unmatched", "/devices", "/policy", "/integrations"]

/** The static routing API, where a browser has it: https://w3c.github.io/ServiceWorker/#service-worker-static-router-interface */
interface Router {
  addRoutes?(rules: { condition: { urlPattern: URLPattern }; source: { cacheName: string } | "network" }[]): Promise<void>
}

/** Has the browser take scripts, styles and pages from the cache, and the hub's answers from the hub, without asking
 *  this worker: a browser that was just started need not start it beside the page. */
async function route(event: Router): Promise<void> {
  const cached = [{ pathname: "/app/*" }, ...PAGES.map(page => {
    const { pathname, search } = new URL(page, worker.location.origin)
    return { pathname, search: search.slice(1) }
  })]
  await event.addRoutes?.([
    ...cached.map(p => ({ condition: { urlPattern: new URLPattern(p) }, source: { cacheName } })),
    { condition: { urlPattern: new URLPattern({ pathname: "/api/*" }) }, source: "network" },
  ])
}

async function fill(): Promise<void> {
  const cache = await caches.open(cacheName)
  await Promise.all(FILES.map(async file => {
    const named = file.startsWith("/app/") // its name changes with its content, so any copy will do
    const response = await fetch(file, { cache: named ? "default" : "no-cache" })
    if (!response.ok) throw new Error(`${file}: ${response.status}`)
    const names = file === "/" ? PAGES : [file]
    await Promise.all(names.map(name => cache.put(name, response.clone())))
  }))
}

worker.addEventListener("activate", event => {
  event.waitUntil((async () => {
    for (const name of await caches.keys()) {
      if (name.startsWith("wedsync-app-") && name !== cacheName) await caches.delete(name)
    }
    await worker.clients.claim()
  })())
})

worker.addEventListener("message", event => {
  if (event.data === "take over") void worker.skipWaiting()
})

worker.addEventListener("notificationclick", event => {
  event.notification.close()
  event.waitUntil(show(String(event.notification.data)))
})

/** Shows a path of the app in the window of it that was used last, in a new one if there is none. */
async function show(path: string): Promise<void> {
  const open = await worker.clients.matchAll({ type: "window" })
  const window = open.find(({ url }) => isPage(new URL(url).pathname))
  if (!window) {
    await worker.clients.openWindow(path)
    return
  }
  await window.focus().catch(() => undefined) // it goes there all the same
  window.postMessage({ go: path })
}

worker.addEventListener("fetch", event => {
  const { request } = event
  const url = new URL(request.url)
  if (request.method !== "GET" || url.origin !== worker.location.origin) return
  if (FILES.includes(url.pathname)) event.respondWith(serve(url.pathname, request))
  else if (request.mode === "navigate" && isPage(url.pathname)) event.respondWith(serve("/", request))
})

/** Whether the app shows this path; what the hub itself shows it does not. */
function isPage(path: string): boolean {
  return !/^\/(api|docs|openapi|metrics|healthz|readyz|debug|sync)/.test(path)
}

async function serve(file: string, request: Request): Promise<Response> {
  const cache = await caches.open(cacheName)
  return (await cache.match(file)) ?? fetch(request)
}
