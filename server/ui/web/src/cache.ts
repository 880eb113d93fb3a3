// The hub's answers as they were last read, kept in the browser so that pages have
// something true to show while there is no network. One database per supplier and user.

const store = "answers"
const most = 300 // answers; the ones longest not written go first

export interface Kept {
  path: string
  etag: string
  body: unknown
  /** When the hub answered it, in milliseconds. */
  at: number
}

/** Answers by path. A browser that stores nothing keeps none, and the app goes on without. */
export class Cache {
  #db: Promise<IDBDatabase | null>
  #written = 0

  constructor(name: string) {
    this.#db = open(name)
  }

  async get(path: string): Promise<Kept | undefined> {
    const db = await this.#db
    try {
      return db ? await done<Kept | undefined>(db.transaction(store).objectStore(store).get(path)) : undefined
    } catch {
      return undefined // its storage was taken away
    }
  }

  async put(kept: Kept): Promise<void> {
    const db = await this.#db
    if (!db) return
    try {
      await done(db.transaction(store, "readwrite").objectStore(store).put(kept))
      this.#written++
      if (this.#written % 50 === 1) await this.#trim(db)
    } catch {
      // Storage is full: what matters, unsynced edits, is told by the documents' store.
    }
  }

  async #trim(db: IDBDatabase): Promise<void> {
    const answers = db.transaction(store, "readwrite").objectStore(store)
    let over = (await done<number>(answers.count())) - most
    if (over <= 0) return
    const oldest = answers.index("at").openKeyCursor()
    oldest.onsuccess = () => {
      const cursor = oldest.result
      if (!cursor || over-- <= 0) return
      answers.delete(cursor.primaryKey)
      cursor.continue()
    }
  }
}

function open(name: string): Promise<IDBDatabase | null> {
  return new Promise<IDBDatabase | null>((resolve, reject) => {
    const request = indexedDB.open(`${name}:answers`, 1)
    request.onupgradeneeded = () => {
      request.result.createObjectStore(store, { keyPath: "path" }).createIndex("at", "at")
    }
    request.onsuccess = () => {
      request.result.onversionchange = () => request.result.close() // somebody wants to delete it
      resolve(request.result)
    }
    request.onerror = reject
  }).catch(() => null)
}

function done<T>(request: IDBRequest<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result)
    request.onerror = () => reject(request.error ?? new Error("the browser's storage does not answer"))
  })
}
