// Which documents hold edits that the hub may lack. It is kept beside the documents, so
// that a tab that was closed offline brings its edits when any page is open again.

import { Source } from "./watch"

/** A document's heads when it was last edited here, and those that the hub was known to hold then, null if none were. */
export interface Mark {
  heads: string[]
  hub: string[] | null
}

/** By document id. */
export type Marks = Record<string, Mark>

export class Unsynced {
  readonly marks: Source<Marks>
  #key: string

  /** Without a storage, documents are not kept either: what is marked is forgotten with them. */
  constructor(storage: string | undefined) {
    this.#key = storage ? `${storage}:unsynced` : ""
    this.marks = new Source<Marks>(this.#key ? this.#read() : {})
    if (!this.#key) return
    window.addEventListener("storage", event => {
      if (event.key === this.#key) this.marks.set(this.#read())
    })
  }

  /** Notes that a document was edited here, has these heads since, and what the hub is known to hold of it. */
  mark(document: string, heads: string[], hub: string[] | null): void {
    const marks = this.#read()
    this.#write({ ...marks, [document]: { heads, hub: hub ?? marks[document]?.hub ?? null } })
  }

  /** Notes that the hub holds what holds says of the marked heads. */
  clear(document: string, holds: (heads: string[]) => boolean): void {
    const { [document]: mark, ...others } = this.#read()
    if (mark && holds(mark.heads)) this.#write(others)
  }

  #read(): Marks {
    if (!this.#key) return this.marks.value
    try {
      const marks = JSON.parse(localStorage.getItem(this.#key) ?? "{}") as Record<string, Mark | string[]>
      return Object.fromEntries(Object.entries(marks).map(([id, mark]) => [id, Array.isArray(mark) ? { heads: mark, hub: null } : mark])) // an older version kept heads alone
    } catch {
      return {}
    }
  }

  #write(marks: Marks): void {
    if (this.#key) localStorage.setItem(this.#key, JSON.stringify(marks))
    this.marks.set(marks)
  }
}
