// The devices of a studio, each an automerge-repo client as an app would have it, all
// in one process. answers.mjs follows.

import { getCursor, getHeads, updateText } from "@automerge/automerge"
import { Repo } from "@automerge/automerge-repo"
import { WebSocketClientAdapter } from "@automerge/automerge-repo-network-websocket"

const retry = 200 // milliseconds between two tries to connect
const beat = 5000 // and between two signs of life
const devices = new Map()

const commands = {
  // A device that was there before comes back with what it holds: one whose hub ended
  // tries again by itself, and must not be connected twice.
  async join({ device, url }) {
    const old = devices.get(device)
    if (old) {
      await until(() => old.repo.peers.length === 0)
      old.adapter.url = url
      if (old.left) old.adapter.connect(device, await old.repo.networkSubsystem.peerMetadata)
      old.left = false
    } else {
      const adapter = new WebSocketClientAdapter(url, retry)
      patiently(adapter)
      const repo = new Repo({ network: [adapter], peerId: device })
      devices.set(device, { adapter, repo, handles: new Map() })
    }
    const { repo } = devices.get(device)
    await until(() => repo.peers.length > 0)
  },
  async leave({ device }) {
    const { adapter, repo } = devices.get(device)
    adapter.disconnect()
    devices.get(device).left = true
    await until(() => repo.peers.length === 0)
  },
  async open({ device, ids }) {
    const { repo, handles } = devices.get(device)
    await Promise.all(ids.map(async id => handles.set(id, await repo.find(`automerge:${id}`))))
  },
  // set replaces fields, text changes them by the characters that differ; time is in seconds.
  edit({ device, id, time, set, text }) {
    handleOf(device, id).change(d => {
      for (const [field, value] of Object.entries(set ?? {})) d[field] = value
      for (const [field, value] of Object.entries(text ?? {})) updateText(d, [field], value)
    }, { time })
  },
  shown: () => {},
  // Says every few seconds that somebody has the record open, as the web app does.
  look({ device, id, user, field }) {
    const handle = handleOf(device, id)
    const say = () => {
      const text = handle.doc()[field]
      handle.broadcast({ wedsync: "presence", user, field, caret: getCursor(handle.doc(), [field], text.length) })
    }
    setInterval(say, beat)
    say()
  },
}

// automerge-repo 2.5.6 throws on a socket that closes, out of the middle of a document's
// update, and loses the document. Later versions drop what they cannot send.
function patiently(adapter) {
  const send = adapter.send.bind(adapter)
  adapter.send = message => {
    try {
      send(message)
    } catch (err) {
      console.error(err.message)
    }
  }
}

function handleOf(device, id) {
  const handle = devices.get(device).handles.get(id)
  if (!handle) throw new Error(`${device} has not opened ${id}`)
  return handle
}

function answer(args) {
  const handle = args.id && handleOf(args.device, args.id)
  return handle ? { fields: { notes: handle.doc().notes }, heads: getHeads(handle.doc()) } : {}
}
