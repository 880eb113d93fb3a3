// Real automerge-repo clients, driven by JSON lines on stdin. See README.md.

import readline from "node:readline"
import { parseArgs } from "node:util"
import { Client } from "./session.mjs"

// The libraries log to stdout; that belongs to our own lines.
console.log = console.error

const { values: flags } = parseArgs({
  options: {
    repo: { type: "string", default: "2" },
    url: { type: "string" },
    storage: { type: "string", default: "none" },
    peer: { type: "string" },
    retry: { type: "string", default: "250" },
  },
})

const clients = new Map()

function print(line) {
  process.stdout.write(JSON.stringify(line) + "\n")
}

async function open(name, { repo = flags.repo, url = flags.url, storage = flags.storage, peer = flags.peer, retry = flags.retry, offline = false }) {
  if (clients.has(name)) throw new Error(`client ${name} is open already`)
  const client = await Client.open({ name, repo, url, storage, peer, retry: Number(retry), offline }, print)
  clients.set(name, client)
  return {}
}

async function run({ n, client: name = "main", cmd, ...args }) {
  try {
    if (cmd === "quit") process.exit(0)
    const answer = cmd === "open" ? await open(name, args) : await call(name, cmd, args)
    print({ n, client: name, ...answer, ok: true })
  } catch (err) {
    print({ n, client: name, error: err.message })
  }
}

async function call(name, cmd, args) {
  const client = clients.get(name)
  if (!client) throw new Error(`no client ${name}: open it first`)
  if (!Client.commands.includes(cmd)) throw new Error(`unknown command ${cmd}`)
  if (cmd === "close") clients.delete(name)
  return client[cmd](args)
}

// automerge-repo throws out of socket callbacks when a hub goes away in
// mid-handshake or while it sends; an app would log that and go on.
process.on("uncaughtException", err => print({ event: "trouble", message: String(err?.message ?? err) }))
process.on("unhandledRejection", err => print({ event: "trouble", message: String(err?.message ?? err) }))

if (flags.url) await run({ cmd: "open" })
const lines = readline.createInterface({ input: process.stdin, crlfDelay: Infinity })
lines.on("line", line => run(JSON.parse(line)))
lines.on("close", () => process.exit(0))
