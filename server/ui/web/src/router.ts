// Which page the address bar names. Links within the app change it without loading anything.

import { Source } from "./watch"

export type Page = "inbox" | "clients" | "client" | "activity" | "status" | "unmatched" | "devices" | "policy" | "integrations" | "sign-in" | "unknown"

export interface Place {
  page: Page
  /** Of a client's page. */
  id: string
  query: URLSearchParams
}

const pages: Page[] = ["inbox", "clients", "activity", "status", "unmatched", "devices", "policy", "integrations", "sign-in"]

export const place = new Source<Place>(read())

/** Goes to a path of the app such as "/clients/01J…?tab=history". */
export function go(path: string, { replace = false } = {}): void {
  if (replace) history.replaceState(null, "", path)
  else history.pushState(null, "", path)
  place.set(read())
}

/** Follows the address bar and links from now on. */
export function startRouter(): void {
  window.addEventListener("popstate", () => place.set(read()))
  document.addEventListener("click", event => {
    const path = linkOf(event)
    if (path === null) return
    event.preventDefault()
    go(path)
    window.scrollTo(0, 0)
  })
}

function read(): Place {
  const url = new URL(location.href)
  const [first = "", id = "", ...rest] = url.pathname.split("/").slice(1)
  const found = (page: Page): Place => ({ page, id: "", query: url.searchParams })
  if (first === "" || first === "index.html") return found("inbox")
  if (first === "clients" && id !== "" && rest.length === 0) return clientPage(id) ?? found("unknown")
  const page = pages.find(name => name === first)
  return found(page && id === "" ? page : "unknown")

  function clientPage(id: string): Place | undefined {
    try {
      return { ...found("client"), id: decodeURIComponent(id) }
    } catch {
      return undefined // it is no text
    }
  }
}

/** The path that a click on a link of the app leads to, null for any other click. */
function linkOf(event: MouseEvent): string | null {
  if (event.defaultPrevented || event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return null
  const link = event.composedPath().find((e): e is HTMLAnchorElement => e instanceof HTMLAnchorElement)
  if (!link || !link.href || link.target || link.hasAttribute("download")) return null
  const url = new URL(link.href)
  const [, first = ""] = url.pathname.split("/")
  const ours = first === "" || pages.some(name => name === first)
  return url.origin === location.origin && ours ? url.pathname + url.search : null
}
