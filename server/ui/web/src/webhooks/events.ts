import { html, LitElement, nothing, type PropertyValues } from "lit"
import { customElement, property } from "lit/decorators.js"
import { repeat } from "lit/directives/repeat.js"
import { post } from "../api"
import { ask, type Question } from "../components/ask"
import { ago, count, time } from "../format"
import { List } from "../list"
import { go } from "../router"
import { base, cards, controls } from "../styles"
import { Poll } from "./poll"
import type { Connection, EventState, HookEvent } from "./types"
import { about, eventBadge, looks, sentence, states, titleOf } from "./words"

const empties: { [state in EventState | ""]: [title: string, says: string] } = {
  "": ["No events yet", "What senders say of clients appears here, and what became of it."],
  waiting: ["Nothing waits for you", "Events of clients that nobody knows wait here until you say whose they are."],
  dead: ["Nothing has failed", "What could not be done although it was tried for hours stands here, to be corrected and replayed."],
  unrouted: ["Nothing is unrouted", "What is signed well, but named no connection that takes it, stands here."],
  received: ["Nothing is being worked on", "Events take a moment; those whose sender’s API fails take longer."],
  done: ["Nothing is done yet", "What had its effect stands here."],
}

/** What came, the newest first. */
@customElement("wed-hook-events")
export class HookEvents extends LitElement {
  static override styles = [base, controls, cards, looks]

  @property({ attribute: false }) query = new URLSearchParams()
  @property({ attribute: false }) connections: Connection[] = []
  #list = new List<HookEvent>(this, () => this.#path(), ["wedsync.client."])

  constructor() {
    super()
    new Poll(this, this.#list.soon)
  }

  override willUpdate(changed: PropertyValues<this>) {
    if (changed.get("query")) this.#list.restart()
  }

  #path() {
    const asked = new URLSearchParams({ limit: "50" })
    for (const [name, to] of [["state", "state"], ["connection", "connection_id"]] as const) {
      const value = this.query.get(name)
      if (value) asked.set(to, value)
    }
    return `/api/webhooks/events?${asked}`
  }

  override render() {
    const state = (this.query.get("state") ?? "") as EventState | ""
    const connection = this.query.get("connection") ?? ""
    const again = state === "dead" || state === "waiting" || state === "done"
    return html`
      <div class="stack">
        <div class="head">
          <div class="filters" role="search" aria-label="Events">
            ${this.#select("state", "State", state, [["", "All events"], ...Object.entries(states).map(([s, [, text]]): [string, string] => [s, text.charAt(0).toUpperCase() + text.slice(1)])])}
            ${this.#select("connection", "Connection", connection, [["", "All connections"], ...this.connections.map((c): [string, string] => [c.id, c.name])])}
          </div>
          ${again ? html`<button @click=${() => ask(replay(state, connection, this.connections))}>Replay many</button>` : nothing}
        </div>
        <div class="card">${this.#content(state)}</div>
        <div class="center">
          ${this.#list.goesOn ? html`<button ?disabled=${this.#list.busy} @click=${this.#list.showMore}>${this.#list.busy ? "Reading…" : "Show older ones"}</button>` : nothing}
        </div>
      </div>`
  }

  #content(state: EventState | "") {
    const { items, trouble } = this.#list
    if (trouble) return html`<p class="pad error" role="alert">${trouble}</p>`
    if (!items) return html`<wed-skeleton></wed-skeleton>`
    const [title, says] = empties[state] ?? empties[""]
    if (items.length === 0) return html`<wed-empty icon="integrations" title=${title}>${says}</wed-empty>`
    return html`<ul class="rows">${repeat(items, e => e.id, e => this.#row(e))}</ul>`
  }

  #row(e: HookEvent) {
    const from = e.connection_id ? (this.connections.find(c => c.id === e.connection_id)?.name ?? "a connection that is gone") : "no connection"
    return html`
      <li class="item">
        <div class="head"><h2><a class="link" href="/integrations?show=events&event=${e.id}">${titleOf(e)}</a>${about(e) ? html` <span class="soft small">about ${about(e)}</span>` : nothing}</h2>${eventBadge(e)}</div>
        <p class="soft small">${from} · <span title=${time(e.received_at, { exact: true })}>${ago(e.received_at)}</span></p>
        ${e.error ? html`<p class="small error">${sentence(e.error)}</p>` : nothing}
      </li>`
  }

  #select(name: string, title: string, chosen: string, options: [string, string][]) {
    return html`<select aria-label=${title} @change=${(e: Event) => this.#set(name, (e.target as HTMLSelectElement).value)}>
      ${options.map(([option, text]) => html`<option value=${option} .selected=${option === chosen}>${text}</option>`)}</select>`
  }

  #set(name: string, to: string) {
    const query = new URLSearchParams(this.query)
    if (to) query.set(name, to)
    else query.delete(name)
    go(`/integrations?${query}`, { replace: true })
  }
}

/** Asks which events of a state are to be worked on again. */
function replay(state: EventState, connection: string, connections: Connection[]): Question {
  return {
    heading: "Replay many",
    says: "In the order in which they came. However often an event is replayed, it has one effect.",
    fields: () => [
      { name: "connection", label: "Of", kind: "select", value: connection, options: [["", "All connections"], ...connections.map((c): [string, string] => [c.id, c.name])] },
      { name: "from", label: "Received from", kind: "time", hint: "Empty for the first on." },
      { name: "to", label: "until", kind: "time", hint: "Empty for up to now." },
    ],
    verb: "Replay them",
    run: async ({ connection, from, to }) => {
      let all = 0
      let cursor: string | null = ""
      do {
        const answer: { replayed: number; next: string | null } = await post("/api/webhooks/events/replay", {
          state, ...(connection && { connection_id: connection }), ...(from && { from: new Date(from).toISOString() }), ...(to && { to: new Date(to).toISOString() }), ...(cursor && { cursor }),
        })
        all += answer.replayed
        cursor = answer.next
      } while (cursor)
      return all === 1 ? "One event is worked on again." : `${count(all)} events are worked on again.`
    },
  }
}
