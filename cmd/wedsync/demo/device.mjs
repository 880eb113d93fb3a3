// One device: an automerge-repo client as an app would have it. answers.mjs follows.

import { getHeads, updateText } from "@automerge/automerge"
import { Repo } from "@automerge/automerge-repo"
import { WebSocketClientAdapter } from "@automerge/automerge-repo-network-websocket"
import { NodeFSStorageAdapter } from "@automerge/automerge-repo-storage-nodefs"

const { url, peer, storage } = JSON.parse(process.env.WEDSYNC_DEVICE)
const nowhere = "ws://127.0.0.1:1/" // nobody listens there: no network
const adapter = new WebSocketClientAdapter(url, 200)
const repo = new Repo({ network: [adapter], storage: new NodeFSStorageAdapter(storage), peerId: peer })
let handle

const plain = v => (v instanceof Date ? v.toISOString().slice(0, 10) : (v?.val ?? v))
const shown = () => Object.fromEntries(Object.entries(handle.doc()).map(([k, v]) => [k, plain(v)]))

const commands = {
  async open({ id }) {
    await until(() => repo.peers.length > 0)
    handle = await repo.find(`automerge:${id}`)
  },
  offline() {
    adapter.url = nowhere
    adapter.socket?.terminate()
    return until(() => repo.peers.length === 0)
  },
  online() {
    adapter.url = url
    return until(() => repo.peers.length > 0)
  },
  text: ({ field, value }) => handle.change(d => updateText(d, [field], value)),
  set: ({ field, value }) => handle.change(d => { d[field] = value }),
  until: ({ fields, waiting }) => until(() => {
    const now = shown()
    return Object.entries(fields ?? {}).every(([k, v]) => now[k] === v) &&
      (waiting === undefined || waiting === Boolean(now.sync_conflicts?.wedding_date))
  }),
  shown: () => {},
}

const answer = () => ({ fields: handle ? shown() : {}, heads: handle ? getHeads(handle.doc()) : [] })
