// A device's disk, which a test can take out of it. automerge-repo writes what it
// put off even after a repository was shut down, and does not tell when it is done.

export class Disk {
  #adapter
  #writes = new Set() // that are under way
  #out = false

  constructor(adapter) {
    this.#adapter = adapter
  }

  load(key) { return this.#adapter.load(key) }
  loadRange(prefix) { return this.#adapter.loadRange(prefix) }
  save(key, data) { return this.#write(() => this.#adapter.save(key, data)) }
  remove(key) { return this.#write(() => this.#adapter.remove(key)) }
  removeRange(prefix) { return this.#write(() => this.#adapter.removeRange(prefix)) }

  // takeOut waits for what is being written; nothing is written after it.
  async takeOut() {
    this.#out = true
    await Promise.allSettled(this.#writes)
  }

  async #write(begin) {
    if (this.#out) return
    const write = begin()
    this.#writes.add(write)
    try {
      await write
    } finally {
      this.#writes.delete(write)
    }
  }
}
