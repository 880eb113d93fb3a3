// How this browser stands to the hub, and the documents once they are loaded: what pages
// need of them without loading Automerge themselves.

import type { Documents } from "./repo"
import { Retry } from "./retry"
import { session } from "./session"
import type { Marks } from "./unsynced"
import { Source } from "./watch"

/** The connection by which documents sync. */
export const connection = new Source<"off" | "connecting" | "connected" | "refused">("off")

/** The device that the hub knows this browser as, empty until that is known. */
export const ownDevice = new Source("")

/** How many documents have edits that the hub may lack. */
export const unsyncedCount = new Source(0)

/** Documents that were edited here and that the hub may lack, with their heads then. */
export const unsynced = new Source<Marks>({})

/** What is wrong with this browser's storage; empty if nothing is. */
export const storageTrouble = new Source("")

/** Whether documents cannot be opened, because a part of the app could not be loaded. That is tried again. */
export const partMissing = new Source(false)

/** Counts how often edits have reached this browser's storage. */
export const stored = new Source(0)

const running = new Source<Documents | null>(null)

/** The documents of whoever is signed in, once they can be opened. */
export async function documents(): Promise<Documents> {
  return (await running.until(all => all !== null))!
}

/** Keeps the documents of whoever is signed in open. */
export function startSyncing(): void {
  let last = Promise.resolve()
  const retry = new Retry(() => restart())
  retry.start()
  const restart = () => {
    retry.rest()
    last = last.then(async () => {
      await running.value?.stop()
      running.set(null)
      unsyncedCount.set(0)
      unsynced.set({})
      ownDevice.set("")
      if (!session.value) return partMissing.set(false)
      try {
        const { Documents } = await import("./repo")
        const s = session.value
        if (!s) return
        const all = await Documents.start(s)
        running.set(all)
        partMissing.set(false)
        retry.stands()
        ownDevice.set(s.device || (await all.device()))
        void navigator.storage?.persist?.()
      } catch (error) {
        console.error("Documents cannot be opened:", error)
        partMissing.set(true)
        retry.later()
      }
    })
  }
  let storage = ""
  session.subscribe(s => {
    if ((s?.storage ?? "") === storage) return // the same person with a newer token
    storage = s?.storage ?? ""
    restart()
  })
  storage = session.value?.storage ?? ""
  restart()
}
