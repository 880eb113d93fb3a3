// What clients are called, by their ids, for pages that tell of many of them.

import { get, kept, Offline, type Answer } from "./api"
import { session } from "./session"
import { onEvent } from "./stream"
import type { Client, ClientPage, Event } from "./types"
import { Source } from "./watch"

const mostPages = 50 // of 200 records; those beyond are called by what they are

export interface Named {
  id: string
  /** Empty if it has none. */
  name: string
  document: string
}

/** The clients that are known, by id. */
export const names = new Source<ReadonlyMap<string, Named>>(new Map())

let generation = 0

session.subscribe(() => {
  generation++
  names.set(new Map())
})

/** Keeps the names up to date until the function that it returns is called. */
export function watchNames(): () => void {
  void load()
  return onEvent(["wedsync.client."], (event, live) => {
    if (event.type === "wedsync.reset") void load()
    else if (live && renames(event)) void refresh(event.data.client_id!)
  })
}

/** The client of a document, undefined if it is not known. */
export function clientOf(document: string): Named | undefined {
  for (const named of names.value.values()) if (named.document === document) return named
  return undefined
}

function renames({ type, data }: Event): boolean {
  if (!data.client_id || type === "wedsync.client.deleted") return false // the feed still tells of it by name
  return type !== "wedsync.client.changed" || (data.fields ?? []).includes("name")
}

async function load(): Promise<void> {
  const mine = ++generation
  let cursor: string | null = null
  for (let n = 0; n < mostPages; n++) {
    const path = `/api/clients?limit=200${cursor ? `&cursor=${encodeURIComponent(cursor)}` : ""}`
    if (names.value.size === 0) add((await kept<ClientPage>(path))?.body.items ?? [], mine)
    try {
      const page: Answer<ClientPage> = await get<ClientPage>(path)
      add(page.body.items, mine)
      cursor = page.body.next
    } catch {
      return // whoever shows them tells that the hub is not reached
    }
    if (!cursor || mine !== generation) return
  }
}

async function refresh(id: string): Promise<void> {
  const mine = generation
  try {
    add([(await get<Client>(`/api/clients/${encodeURIComponent(id)}`)).body], mine)
  } catch (error) {
    if (error instanceof Offline) return
    const rest = new Map(names.value)
    rest.delete(id)
    names.set(rest)
  }
}

function add(clients: Client[], mine: number): void {
  if (mine !== generation || clients.length === 0) return
  const all = new Map(names.value)
  for (const { client_id: id, document_id: document, fields } of clients) {
    all.set(id, { id, document, name: typeof fields.name === "string" ? fields.name : "" })
  }
  names.set(all)
}
