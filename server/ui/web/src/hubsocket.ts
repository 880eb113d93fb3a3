// automerge-repo's connection to the hub. Unlike its own adapter, this one gets a ticket
// for each socket, so that no URL holds a token; rests longer after each failure; and
// says how it stands.

import { cbor, NetworkAdapter, type Message, type PeerId, type PeerMetadata, type StorageId } from "@automerge/automerge-repo/slim"
import { post } from "./api"
import { onDeadSockets, Retry } from "./retry"
import { session } from "./session"
import { Source } from "./watch"

const patience = 30_000 // milliseconds for a socket to open and the hub to answer
const waitForHub = 3000 // before documents that are not stored here are called unavailable

/** How the connection stands. Refused means that the hub will not let this device in. */
export type Connection = "connecting" | "connected" | "refused"

export class HubSocket extends NetworkAdapter {
  readonly connection = new Source<Connection>("connecting")
  /** The hub's storage, by which automerge-repo keeps what the hub holds. */
  readonly hubStorage = new Source<StorageId | undefined>(undefined)

  #whose: string
  #socket?: WebSocket
  #hub?: PeerId
  #retry = new Retry(() => void this.#open())
  #endDead?: () => void
  #ended = false
  #attempt = 0
  #ready = new Source(false)

  /** Of the documents in a storage: it connects only while their user is signed in. */
  constructor(whose: string) {
    super()
    this.#whose = whose
  }

  override isReady(): boolean {
    return this.#ready.value
  }

  override async whenReady(): Promise<void> {
    await this.#ready.until(ready => ready)
  }

  override connect(peerId: PeerId, peerMetadata?: PeerMetadata): void {
    this.peerId = peerId
    this.peerMetadata = peerMetadata ?? {}
    setTimeout(() => this.#ready.set(true), navigator.onLine ? waitForHub : 0)
    this.#retry.start()
    this.#endDead = onDeadSockets(this.#cut)
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
    this.#retry.stop()
    this.#endDead?.()
    this.#lose()
  }

  async #open(): Promise<void> {
    const mine = ++this.#attempt
    if (session.value?.storage !== this.#whose) return // these documents are about to be closed
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
    setTimeout(() => socket === this.#socket && !this.#hub && this.#cut(), patience)
    socket.onopen = () => {
      const join = { type: "join", senderId: this.peerId!, peerMetadata: this.peerMetadata, supportedProtocolVersions: ["1"] }
      socket.send(cbor.encode(join).slice())
    }
    socket.onmessage = message => this.#take(new Uint8Array(message.data as ArrayBuffer))
    socket.onclose = closed => {
      if (socket !== this.#socket) return
      this.#lose()
      if (closed.code === 4403) this.connection.set("refused")
      this.#later() // also who was shut out: an owner may let this device in again
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
    this.#retry.stands()
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
    if (!this.#ended) this.#retry.later()
  }

  #cut = (): void => {
    if (!this.#socket) return
    this.#lose()
    this.#later()
  }
}
