// Two versions of automerge-repo behind one face. Nothing of them is changed:
// what differs is only how their public parts are named.

import { mkdirSync } from "node:fs"

// A port on which nobody listens: what a device sees that has no network.
export const NOWHERE = "ws://127.0.0.1:1/"

const versions = { 1: version1, 2: version2 }

export async function openVersion(n) {
  const open = versions[n]
  if (!open) throw new Error(`no automerge-repo version ${n}: 1 and 2 are known`)
  return open()
}

async function version2() {
  const repo = await import("@automerge/automerge-repo")
  const network = await import("@automerge/automerge-repo-network-websocket")
  const storage = await import("@automerge/automerge-repo-storage-nodefs")
  const A = await import("@automerge/automerge")
  return {
    Counter: repo.Counter,
    ImmutableString: repo.ImmutableString,
    splice: A.splice,
    updateText: A.updateText,
    Repo: repo.Repo,
    adapter: (url, retry) => new network.WebSocketClientAdapter(url, retry),
    storage: dir => new storage.NodeFSStorageAdapter(made(dir)),
    find: (r, id) => r.findWithProgress(`automerge:${id}`),
    heads: handle => A.getHeads(handle.doc()),
    doc: handle => handle.doc(),
    has: (handle, heads) => A.hasHeads(handle.doc(), heads),
    changes: handle => A.getAllChanges(handle.doc()),
  }
}

async function version1() {
  const repo = await import("automerge-repo-v1")
  const network = await import("automerge-repo-network-websocket-v1")
  const storage = await import("automerge-repo-storage-nodefs-v1")
  return {
    Counter: repo.Counter,
    ImmutableString: repo.RawString,
    splice: repo.splice,
    updateText: repo.updateText,
    Repo: repo.Repo,
    adapter: (url, retry) => new network.BrowserWebSocketClientAdapter(url, retry),
    storage: dir => new storage.NodeFSStorageAdapter(made(dir)),
    find: (r, id) => r.find(`automerge:${id}`),
    heads: handle => handle.heads(),
    // Not docSync() as it is: where two texts stand under one key, Automerge
    // 2.2.9 patches the splice of one into the other, and shows what the
    // document does not hold until it is loaded again.
    doc: handle => repo.view(handle.docSync(), handle.heads()),
    has: (handle, heads) => sameHeads(handle.heads(), heads),
    changes: handle => repo.getAllChanges(handle.docSync()),
  }
}

export function sameHeads(a, b) {
  return a.length === b.length && [...a].sort().every((h, i) => h === [...b].sort()[i])
}

function made(dir) {
  mkdirSync(dir, { recursive: true })
  return dir
}
