// The code of pages that most visits do not begin with: it comes when one is shown, or
// when neither somebody nor the browser is at anything else.

import { get } from "./api"
import { pausing } from "./idle"
import type { Page } from "./router"
import { mayDecide, session } from "./session"
import { Source } from "./watch"

const rest = 500 // milliseconds that a first page has for itself: a browser is idle already while it waits for what to show

const others = () => import("./pages/others")

/** Pages that the shell does not bring itself. One by one they would be smaller, but all of them together larger. */
const brings: { [page in Page]?: () => Promise<unknown> } = {
  client: () => import("./pages/client"), // with Automerge, which no other page needs
  activity: others,
  status: others,
  unmatched: others,
  devices: others,
  policy: others,
  integrations: async () => mayDecide(session.value) && import("./pages/integrations"), // which owners alone look at
}

/** The page whose code could not be loaded: the service worker does not hold the app, and the hub does not give it. */
export const absent = new Source<Page | null>(null)

const first = new Source(false)

/** Has the code of a page loaded. Its element stands empty until then. */
export async function bring(page: Page): Promise<void> {
  try {
    await brings[page]?.()
    if (absent.value === page) absent.set(null)
  } catch {
    absent.set(page)
  }
  if (first.value) return
  await new Promise(resolve => setTimeout(resolve, rest))
  await pausing()
  first.set(true)
}

/** Resolves once the first page is shown, and neither who looks at it nor the browser is at something else. */
export async function firstView(): Promise<void> {
  await first.until(Boolean)
}

/** Loads all pages, one after another, so that going to one takes no time, and what a record's page needs beside the list. */
export async function bringAll(): Promise<void> {
  await firstView()
  for (const load of Object.values(brings)) {
    await load().catch(() => undefined) // who goes there is told
    await pausing()
  }
  if (session.value) await get("/api/policy").catch(() => undefined)
}
