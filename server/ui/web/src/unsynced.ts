// Which documents hold edits that the hub may lack. It is kept beside the documents, so
// that a tab that was closed offline brings its edits when any page is open again.

import { Source } from "./watch"

/** The heads of each document when it was last edited here, by document id. */
export type Marks = Record<string, string[]>

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

  /** Notes that a document was edited here, and has these heads since. */
  mark(document: string, heads: string[]): void {
    this.#write({ ...this.#read(), [document]: heads })
  }

  /** Notes that the hub holds what holds says of the marked heads. */
  clear(document: string, holds: (heads: string[]) => boolean): void {
    const { [document]: heads, ...others } = this.#read()
    if (heads && holds(heads)) this.#write(others)
  }

  #read(): Marks {
    if (!this.#key) return this.marks.value
    try {
      return JSON.parse(localStorage.getItem(this.#key) ?? "{}") as Marks
    } catch {
      return {}
    }
  }

  #write(marks: Marks): void {
    if (this.#key) localStorage.setItem(this.#key, JSON.stringify(marks))
    this.marks.set(marks)
  }
}
