// automerge-repo's connection to the hub. Unlike its own adapter, this one gets a ticket
// for each socket, so that no URL holds a token; rests longer after each failure; and
// says how it stands.

import { cbor, NetworkAdapter, type Message, type PeerId, type PeerMetadata, type StorageId } from "@automerge/automerge-repo/slim"
import { post } from "./api"
import { Source } from "./watch"

const firstWait = 500 // milliseconds before the first try after a break
const longestWait = 15_000
const waitForHub = 1000 // before documents that are not stored here are called unavailable

/** How the connection stands. Refused means that the hub will not let this device in. */
export type Connection = "connecting" | "connected" | "refused"

export class HubSocket extends NetworkAdapter {
  readonly connection = new Source<Connection>("connecting")
  /** The hub's storage, by which automerge-repo keeps what the hub holds. */
  readonly hubStorage = new Source<StorageId | undefined>(undefined)

  #socket?: WebSocket
  #hub?: PeerId
  #timer?: ReturnType<typeof setTimeout>
  #wait = firstWait
  #ended = false
  #attempt = 0
  #ready = new Source(false)

  override isReady(): boolean {
    return this.#ready.value
  }

  override async whenReady(): Promise<void> {
    await this.#ready.until(ready => ready)
  }

  override connect(peerId: PeerId, peerMetadata?: PeerMetadata): void {
    this.peerId = peerId
    this.peerMetadata = peerMetadata ?? {}
    setTimeout(() => this.#ready.set(true), waitForHub)
    window.addEventListener("online", this.#hurry)
    window.addEventListener("offline", this.#cut)
    document.addEventListener("visibilitychange", this.#hurry)
    void this.#open()
  }

  /** Sends what there is a connection for. What is lost here, the sync protocol makes good once there is one again. */
  override send(message: Message): void {
    if (this.#socket?.readyState !== WebSocket.OPEN) return
    if ("data" in message && message.data?.byteLength === 0) return
    this.#socket.send(cbor.encode(message).slice())
  }

  override disconnect(): void {
    this.#ended = true
    clearTimeout(this.#timer)
    window.removeEventListener("online", this.#hurry)
    window.removeEventListener("offline", this.#cut)
    document.removeEventListener("visibilitychange", this.#hurry)
    this.#lose()
  }

  async #open(): Promise<void> {
    clearTimeout(this.#timer)
    const mine = ++this.#attempt
    let ticket: string
    try {
      ticket = (await post<{ ticket: string }>("/api/realtime/ticket")).ticket
    } catch {
      if (mine === this.#attempt) this.#later()
      return
    }
    if (mine !== this.#attempt || this.#ended) return
    const socket = new WebSocket(`${location.origin.replace(/^http/, "ws")}/sync?ticket=${encodeURIComponent(ticket)}`)
    socket.binaryType = "arraybuffer"
    this.#socket = socket
    socket.onopen = () => {
      const join = { type: "join", senderId: this.peerId!, peerMetadata: this.peerMetadata, supportedProtocolVersions: ["1"] }
      socket.send(cbor.encode(join).slice())
    }
    socket.onmessage = message => this.#take(new Uint8Array(message.data as ArrayBuffer))
    socket.onclose = closed => {
      if (socket !== this.#socket) return
      this.#lose()
      if (closed.code === 4403) this.connection.set("refused")
      else this.#later()
    }
  }

  #take(bytes: Uint8Array): void {
    const message = cbor.decode<Message & { peerMetadata?: PeerMetadata }>(bytes)
    if (message.type === "error") return // the hub closes the socket
    if (message.type !== "peer") {
      this.emit("message", message)
      return
    }
    this.#hub = message.senderId
    this.#wait = firstWait
    this.hubStorage.set(message.peerMetadata?.storageId)
    this.#ready.set(true)
    this.connection.set("connected")
    this.emit("peer-candidate", { peerId: message.senderId, peerMetadata: message.peerMetadata ?? {} })
  }

  #lose(): void {
    const socket = this.#socket
    this.#socket = undefined
    this.#attempt++
    socket?.close()
    this.connection.set("connecting")
    if (this.#hub) this.emit("peer-disconnected", { peerId: this.#hub })
    this.#hub = undefined
  }

  #later(): void {
    if (this.#ended) return
    this.connection.set("connecting")
    const rest = this.#wait * (0.5 + Math.random()) // or all tabs come at once
    this.#wait = Math.min(this.#wait * 2, longestWait)
    this.#timer = setTimeout(() => void this.#open(), rest)
  }

  #hurry = (): void => {
    if (this.#socket || this.#ended || document.visibilityState === "hidden" || this.connection.value === "refused") return
    this.#wait = firstWait
    void this.#open()
  }

  /** A browser that loses its network tells a socket so only after minutes. */
  #cut = (): void => {
    if (!this.#socket) return
    this.#lose()
    this.#later()
  }
}
