import { html, LitElement, nothing, type PropertyValues } from "lit"
import { customElement, property, state } from "lit/decorators.js"
import { repeat } from "lit/directives/repeat.js"
import { del, patch, post, told } from "../api"
import { ask, done } from "../components/ask"
import { icon } from "../components/icon"
import { toast } from "../components/toasts"
import { count, duration } from "../format"
import { List } from "../list"
import { Loading } from "../loading"
import { go } from "../router"
import { base, cards, controls } from "../styles"
import "./delivery"
import { endpointFields, endpointOf, secretOf } from "./endpoints"
import { Poll } from "./poll"
import type { Connection, Delivery, Endpoint } from "./types"
import { deliveryStates, endpointBadges, looks, sentence } from "./words"

/** One receiver: how it does, and what it was sent. */
@customElement("wed-endpoint")
export class EndpointView extends LitElement {
  static override styles = [base, controls, cards, looks]

  @property() endpoint = ""
  @property({ attribute: false }) connections: Connection[] = []
  @state() private shows = ""
  @state() private busy = false
  #said = new Loading<Endpoint>(this, () => (this.endpoint ? this.#path() : ""))
  #list = new List<Delivery>(this, () => (this.endpoint ? `${this.#path()}/deliveries?limit=50${this.shows && `&state=${this.shows}`}` : ""), ["wedsync.client."])

  constructor() {
    super()
    new Poll(this, () => {
      this.#said.soon()
      this.#list.soon()
    }, () => this.#said.body?.status === "active" && (this.#list.items ?? []).some(d => d.state === "pending" && d.attempts === 0))
  }

  override willUpdate(changed: PropertyValues<this>) {
    if (changed.get("endpoint")) {
      void this.#said.reload()
      this.#list.restart()
    }
  }

  #path() {
    return `/api/webhooks/endpoints/${this.endpoint}`
  }

  override render() {
    const e = this.#said.body
    return html`
      <div class="stack">
        <a class="back" href="/integrations?show=endpoints">${icon("back")}Endpoints</a>
        ${this.#said.trouble ? html`<div class="card"><p class="pad error" role="alert">${this.#said.trouble}</p></div>`
          : !e ? html`<div class="card"><wed-skeleton></wed-skeleton></div>` : html`${this.#head(e)}${this.#deliveries()}`}
      </div>`
  }

  #head(e: Endpoint) {
    const { failing_since, failures, error } = e.health
    const connection = this.connections.find(c => c.id === e.connection)
    return html`
      <section class="card section" aria-labelledby="called">
        <div class="head"><h2 id="called">${e.description || e.url}</h2>${endpointBadges(e)}</div>
        ${failing_since ? html`<p class="error">It has failed for ${duration(failing_since)}${failures > 1 ? `, ${count(failures)} times` : ""}: ${sentence(error)}</p>` : nothing}
        <dl class="facts">
          <dt>URL</dt><dd class="mono">${e.url}</dd>
          <dt>Events</dt><dd>${e.events.length > 0 ? e.events.join(", ") : "all"}</dd>
          ${connection ? html`<dt>Sends through</dt><dd><a href="/integrations?connection=${connection.id}">${connection.name}</a></dd>` : nothing}
        </dl>
        <div class="row">
          <button ?disabled=${this.busy} @click=${this.#test}>Send a test</button>
          ${e.status === "active"
            ? html`<button ?disabled=${this.busy} @click=${() => this.#set("paused", "Paused. What happens meanwhile is sent later.")}>Pause</button>`
            : html`<button class="primary" ?disabled=${this.busy} @click=${() => this.#set("active", "Events are sent again, and nothing is left out.")}>${e.status === "paused" ? "Go on" : "Switch on again"}</button>`}
          <button @click=${() => this.#edit(e)}>Settings</button>
          <button @click=${() => this.#rotate()}>New secret</button>
          <button class="plain" @click=${() => this.#remove(e)}>Delete</button>
        </div>
      </section>`
  }

  #deliveries() {
    const { items, trouble, goesOn, busy } = this.#list
    return html`
      <section class="card" aria-labelledby="deliveries">
        <div class="section head">
          <h2 id="deliveries">Deliveries</h2>
          <select aria-label="State" @change=${this.#show}>
            <option value="">All</option>
            ${Object.entries(deliveryStates).map(([s, [, text]]) => html`<option value=${s} .selected=${s === this.shows}>${text.charAt(0).toUpperCase() + text.slice(1)}</option>`)}
          </select>
        </div>
        ${trouble ? html`<p class="pad error" role="alert">${trouble}</p>`
          : !items ? html`<wed-skeleton></wed-skeleton>`
          : items.length === 0 ? html`<wed-empty icon="integrations" title="No deliveries">${this.shows ? "None is in this state." : "What happens to clients from now on is sent, and stands here for 30 days."}</wed-empty>`
          : html`<ul class="rows">${repeat(items, d => d.id, d => html`<li><wed-delivery .delivery=${d} .path=${`${this.#path()}/deliveries/${encodeURIComponent(d.id)}`}></wed-delivery></li>`)}</ul>`}
        ${goesOn ? html`<div class="center pad"><button ?disabled=${busy} @click=${this.#list.showMore}>${busy ? "Reading…" : "Show older ones"}</button></div>` : nothing}
      </section>`
  }

  #show = (event: Event) => {
    this.shows = (event.target as HTMLSelectElement).value
    this.#list.restart()
  }

  #test = () => this.#do(async () => {
    const { log } = await post<Delivery>(`${this.#path()}/test`)
    const last = log?.at(-1)
    if (last?.error) toast({ text: `The test did not come through: ${last.error}`, tone: "bad" })
    else toast({ text: `The test came through in ${last?.took_ms ?? 0} ms.`, tone: "good", lasts: 5000 })
  })

  #set(status: string, said: string) {
    return this.#do(async () => {
      await patch(this.#path(), { status })
      toast({ text: said, tone: "good", lasts: 5000 })
    })
  }

  #edit(e: Endpoint) {
    ask({
      heading: "Settings",
      fields: () => endpointFields(this.connections, e),
      verb: "Save",
      run: async values => {
        await patch(this.#path(), endpointOf(values))
        return "Saved."
      },
    })
  }

  #rotate() {
    ask({
      heading: "New secret",
      says: "For 24 hours events are signed with the one before, too.",
      verb: "Make it",
      run: async () => secretOf(await post<Endpoint>(`${this.#path()}/rotate`)),
    })
  }

  #remove(e: Endpoint) {
    ask({
      heading: `Delete ${e.description || e.url}?`,
      says: e.pending ? `${e.pending} events that wait are never sent to it.` : "Its deliveries are deleted, too.",
      verb: "Delete it",
      danger: true,
      run: async () => {
        await del(this.#path())
        go("/integrations?show=endpoints")
        return "The endpoint is deleted."
      },
    })
  }

  async #do(act: () => Promise<void>) {
    this.busy = true
    try {
      await act()
    } catch (error) {
      toast({ text: told(error), tone: "bad" })
    } finally {
      this.busy = false
      done.set(done.value + 1)
    }
  }
}
