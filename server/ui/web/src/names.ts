// What clients are called, by their ids, for pages that tell of many of them. A client
// that is deleted while somebody looks is still told of by its name.

import { records, watchRecords } from "./records"
import { session } from "./session"
import { Source } from "./watch"

export interface Named {
  id: string
  /** Empty if it has none. */
  name: string
  document: string
}

/** The clients that are known, by id. */
export const names = new Source<ReadonlyMap<string, Named>>(new Map())

session.subscribe(() => names.set(new Map()))

records.subscribe(({ rows }) => {
  const changed = rows.filter(({ id, name }) => names.value.get(id)?.name !== name)
  if (changed.length === 0) return
  const all = new Map(names.value)
  for (const { id, name, document } of changed) all.set(id, { id, name, document })
  names.set(all)
})

/** Keeps the names up to date until the function that it returns is called. */
export function watchNames(): () => void {
  return watchRecords()
}

/** The client of a document, undefined if it is not known. */
export function clientOf(document: string): Named | undefined {
  for (const named of names.value.values()) if (named.document === document) return named
  return undefined
}
