// The list of all records: what was kept of it at once, then what the hub says, then
// each record that something happens to.

import { get, keep, kept, Offline, told, type Answer } from "./api"
import { remembered } from "./glance"
import { idle, pausing } from "./idle"
import { session } from "./session"
import { onEvent } from "./stream"
import { documents } from "./syncing"
import type { Client, ClientPage, Event } from "./types"
import { Source } from "./watch"

const gather = 200 // milliseconds in which events of records are gathered
const mostAtOnce = 4 // stale rows that are read at the same time
const mostAlone = 20 // records that are read one by one; of more, the whole list is
// Under which all rows are kept, for the hub's pages take long to read; to be counted up when Row changes.
const whole = "rows of all records, 2"
const soon = 60 // days until a wedding whose record is kept before somebody opens it
const mostSoon = 20
const part = 500 // rows that are kept together: neither reading nor writing them holds the page up

export interface Row {
  id: string
  document: string
  name: string
  date: string
  venue: string
  budget: number | null
  status: string
  /** Critical fields that wait for a decision. */
  pending: string[]
  /** By which names are put in order: a collator would take ten times as long. */
  key: string
  /** What a search looks at. */
  text: string
  /** Whether the hub had not looked at its ordinary fields yet when it listed it. */
  stale: boolean
}

export interface Records {
  rows: Row[]
  /** Whether all pages were read. */
  complete: boolean
  /** When it was read, if that is some time ago because there is no network. */
  old: Date | null
  trouble: string
}

const none: Records = { rows: [], complete: false, old: null, trouble: "" }

export const records = new Source<Records>(none)

let generation = 0
const moved = new Set<string>()
let timer: ReturnType<typeof setTimeout> | undefined

/** Keeps the list up to date while somebody looks at it, until the function that it returns is called. */
export function watchRecords(): () => void {
  const end = onEvent(["wedsync.client.", "wedsync.conflict."], (event, live) => {
    if (event.type === "wedsync.reset") void load()
    else if (live) note(event)
  })
  const again = () => void load()
  window.addEventListener("online", again)
  void load()
  return () => {
    end()
    window.removeEventListener("online", again)
  }
}

session.subscribe(() => {
  generation++
  stale = []
  read.clear()
  records.set(none)
})

function pathOf(cursor: string | null): string {
  return `/api/clients?limit=200${cursor ? `&cursor=${encodeURIComponent(cursor)}` : ""}`
}

/** What the list that was read last says of a record: for its page, where there is no network. */
export async function fromList(id: string): Promise<Client | undefined> {
  for (let cursor: string | null = null; ; ) {
    const page: ClientPage | undefined = (await kept<ClientPage>(pathOf(cursor)))?.body
    const found = page?.items.find(c => c.client_id === id || c.document_id === id)
    if (found || !page?.next) return found
    cursor = page.next
  }
}

async function load(): Promise<void> {
  const mine = ++generation
  if (records.value.rows.length === 0) await show(mine)
  const rows: Row[] = []
  const tags: string[] = []
  let cursor: string | null = null
  let old: Date | null = null
  try {
    do {
      const page: Answer<ClientPage> = await get<ClientPage>(pathOf(cursor))
      if (mine !== generation) return
      tags.push(page.etag)
      rows.push(...page.body.items.map(rowOf))
      if (page.old) old ??= page.at
      cursor = page.body.next
      // The first time, each page is shown as it comes; later, the list changes at once.
      if (!records.value.complete) records.set({ rows: [...rows], complete: false, old, trouble: "" })
    } while (cursor)
    records.set({ rows, complete: true, old, trouble: "" })
    if (!old) void keepRows(mine, rows, tags.join()).then(() => keepNext(mine, rows))
    stale = old ? [] : rows.filter(row => row.stale).map(row => row.id).reverse()
    pump()
  } catch (error) {
    if (mine !== generation) return
    const shown = records.value.rows.length > 0
    records.set({ ...records.value, trouble: error instanceof Offline && shown ? "" : told(error), old: error instanceof Offline ? new Date() : null })
  }
}

/** What is kept of all rows: how many parts, and of which pages they were made. */
interface Whole {
  parts: number
  tags: string
}

/** Some of the rows, and of which pages they were made. */
interface Part {
  rows: Row[]
  tags: string
}

/** Shows the list as it was last read, if all of it is there. */
async function show(mine: number): Promise<void> {
  if (remembered("list")) await idle() // its beginning is being painted
  const known = (await kept<Whole>(whole))?.body
  if (!known) return
  const parts = await Promise.all(Array.from({ length: known.parts }, async (_, i) => (await kept<Part>(`${whole} ${i}`))?.body))
  if (mine !== generation || parts.some(p => p?.tags !== known.tags)) return
  records.set({ rows: parts.flatMap(p => p!.rows), complete: true, old: null, trouble: "" })
}

/** Keeps the list for the next time, part by part, while nothing else is to be done. */
async function keepRows(mine: number, rows: Row[], tags: string): Promise<void> {
  const known = (await kept<Whole>(whole))?.body
  if (known?.tags === tags) return
  const parts = Math.ceil(rows.length / part)
  for (let i = 0; i < parts; i++) {
    await idle()
    if (mine !== generation) return
    keep(`${whole} ${i}`, { rows: rows.slice(i * part, (i + 1) * part), tags } satisfies Part)
  }
  keep(whole, { parts, tags } satisfies Whole)
}

/** Has this browser keep the records of the next weddings: where they are there may be no signal. */
async function keepNext(mine: number, rows: Row[]): Promise<void> {
  const [yesterday, last] = [-1, soon].map(days => new Date(Date.now() + days * 86_400_000).toISOString().slice(0, 10))
  const next = rows.filter(({ date }) => date >= yesterday! && date <= last!).sort(orders.date).slice(0, mostSoon)
  const all = await documents()
  for (const { document } of next) {
    await pausing()
    if (mine !== generation) return
    await all.open(document).catch(() => undefined) // it was deleted meanwhile
  }
}

function note(event: Event): void {
  if (!event.data.client_id) return
  moved.add(event.data.client_id)
  timer ??= setTimeout(() => {
    timer = undefined
    const ids = [...moved]
    moved.clear()
    if (ids.length > mostAlone) void load()
    else void Promise.all(ids.map(refresh))
  }, gather)
}

/** Reads one record of the list anew. */
async function refresh(id: string): Promise<void> {
  const { storage } = session.value ?? {}
  try {
    const { body } = await get<Client>(`/api/clients/${encodeURIComponent(id)}`)
    if (session.value?.storage !== storage) return
    read.set(id, rowOf(body))
  } catch (error) {
    if (error instanceof Offline || session.value?.storage !== storage) return
    read.set(id, null) // it was deleted
  }
  showing ??= setTimeout(showRead, gather)
}

/** Records that were read alone and are not in the list yet; null if they are gone. */
const read = new Map<string, Row | null>()
let showing: ReturnType<typeof setTimeout> | undefined

function showRead(): void {
  showing = undefined
  const rows = records.value.rows.filter(row => read.get(row.id) !== null).map(row => {
    const newer = read.get(row.id)
    read.delete(row.id)
    return newer ?? row
  })
  for (const row of read.values()) if (row) rows.push(row)
  read.clear()
  records.set({ ...records.value, rows })
}

/** Stale rows, those that somebody looks at last. */
let stale: string[] = []
let freshening = 0

/** Has a stale row that somebody looks at read before others. */
export function freshen(id: string): void {
  stale = stale.filter(other => other !== id)
  stale.push(id)
  pump()
}

function pump(): void {
  while (freshening < mostAtOnce && stale.length > 0) {
    freshening++
    void refresh(stale.pop()!).finally(() => {
      freshening--
      pump()
    })
  }
}

function rowOf(c: Client): Row {
  const words = (field: string) => (typeof c.fields[field] === "string" ? (c.fields[field] as string) : "")
  const { budget } = c.fields
  const row = {
    id: c.client_id, document: c.document_id, name: words("name"), date: words("wedding_date"), venue: words("venue_name"),
    budget: typeof budget === "number" ? budget : null, status: words("status"), pending: Object.keys(c.pending), stale: c.stale,
  }
  return { ...row, key: plain(row.name) || "\uffff", text: plain([row.name, words("email"), words("phone"), row.venue, row.date, row.status].join("\n")) }
}

/** A text as searches compare it: without case and accents. */
export function plain(text: string): string {
  return text.normalize("NFD").replace(/\p{M}/gu, "").toLowerCase()
}

export type Order = "name" | "date" | "pending" | "newest"

const orders: Record<Order, (a: Row, b: Row) => number> = {
  name: (a, b) => compare(a.key, b.key),
  date: (a, b) => compare(a.date || "9999", b.date || "9999") || orders.name(a, b),
  pending: (a, b) => b.pending.length - a.pending.length || orders.date(a, b),
  newest: (a, b) => compare(b.id, a.id), // ids begin with the time at which they were made
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}

/** The rows that have all words of a search, in an order. */
export function selected(rows: Row[], search: string, order: Order): Row[] {
  const words = plain(search).split(/\s+/).filter(Boolean)
  return rows.filter(row => words.every(word => row.text.includes(word))).sort(orders[order])
}
