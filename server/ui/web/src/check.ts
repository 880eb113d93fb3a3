// Comparing this browser's copies of records with the hub's, by their digests.

import { get } from "./api"
import { digest } from "./digest"
import { documents } from "./syncing"
import type { RecordStatus, StatusPage } from "./types"

const patience = 5000 // milliseconds for a copy to catch up before it is compared

/** How this browser's copy of a record stands. */
export type Finding =
  | { state: "same"; digest: string }
  | { state: "moving" } // the two hold other changes: one has yet to hear of the other's
  | { state: "differs"; ours: string; theirs: string } // although they hold the same changes
  | { state: "absent" } // this browser stores no copy
  | { state: "unknown" } // the hub could not make its digest in time

/** Compares this browser's copy of a record with what the hub holds now. Throws Problem or Offline. */
export async function check(document: string): Promise<Finding> {
  const all = await documents()
  if (!(await all.holds(document))) return { state: "absent" }
  const handle = await all.open(document)
  const until = Date.now() + patience
  for (;;) {
    const theirs = await statusOf(document)
    if (!theirs) return { state: "absent" } // it was deleted meanwhile
    if (theirs.digest === null) return { state: "unknown" }
    if (same(all.headsOf(handle), theirs.heads)) {
      const ours = await digest(handle.doc())
      return ours === theirs.digest ? { state: "same", digest: ours } : { state: "differs", ours, theirs: theirs.digest }
    }
    if (Date.now() > until) return { state: "moving" }
    await new Promise(resolve => setTimeout(resolve, 500))
  }
}

async function statusOf(document: string): Promise<RecordStatus | undefined> {
  const { body, old } = await get<StatusPage>(`/api/clients/sync-status?client_id=${encodeURIComponent(document)}`)
  if (old) throw new Error("The hub cannot be reached: there is nothing to compare with.")
  return body.items[0]
}

function same(a: string[], b: string[]): boolean {
  return a.length === b.length && a.every(head => b.includes(head))
}
