import { html, LitElement, nothing, type PropertyValues } from "lit"
import { customElement, property, state } from "lit/decorators.js"
import { patch, post, told } from "../api"
import { ask, done, type Question } from "../components/ask"
import { icon } from "../components/icon"
import { toast } from "../components/toasts"
import { date, label, time, value } from "../format"
import { Loading } from "../loading"
import { names, watchNames } from "../names"
import { records } from "../records"
import { base, cards, controls } from "../styles"
import { Watch } from "../watch"
import { called } from "./bench"
import { Poll } from "./poll"
import type { Candidate, Connection, HookEvent } from "./types"
import { about, eventBadge, looks, pretty, sentence, titleOf } from "./words"

const outcomes: { [outcome: string]: string } = {
  written: "written", repeated: "said before: left alone", accepted: "counts", diverted: "waits for your decision", rejected: "not taken", no_change: "is so already",
}

/** One event: what it says, what became of it, and what can be done about it. */
@customElement("wed-hook-event")
export class HookEventView extends LitElement {
  static override styles = [base, controls, cards, looks]

  @property() event = ""
  @property({ attribute: false }) connections: Connection[] = []
  /** The body as it is being edited. */
  @state() private draft?: string
  @state() private trouble = ""
  @state() private busy = false
  #said = new Loading<HookEvent>(this, () => (this.event ? this.#path() : ""))
  #end?: () => void

  constructor() {
    super()
    new Poll(this, this.#said.soon, () => this.#said.body?.state === "received")
    new Watch(this, names)
  }

  override connectedCallback() {
    super.connectedCallback()
    this.#end = watchNames()
  }

  override disconnectedCallback() {
    super.disconnectedCallback()
    this.#end?.()
  }

  override willUpdate(changed: PropertyValues<this>) {
    if (changed.get("event")) void this.#said.reload()
  }

  #path() {
    return `/api/webhooks/events/${this.event}`
  }

  override render() {
    const e = this.#said.body
    return html`
      <div class="stack">
        <a class="back" href="/integrations?show=events">${icon("back")}Events</a>
        ${this.#said.trouble ? html`<div class="card"><p class="pad error" role="alert">${this.#said.trouble}</p></div>`
          : !e ? html`<div class="card"><wed-skeleton></wed-skeleton></div>` : html`${this.#head(e)}${this.#body(e)}`}
      </div>`
  }

  #head(e: HookEvent) {
    const c = this.connections.find(c => c.id === e.connection_id)
    const o = e.outcome
    return html`
      <section class="card section" aria-labelledby="type">
        <div class="head"><h2 id="type">${titleOf(e)}</h2>${eventBadge(e)}</div>
        ${e.error ? html`<p class="error">${sentence(e.error)}</p>` : nothing}
        <dl class="facts">
          <dt>From</dt><dd>${c ? html`<a href="/integrations?connection=${c.id}">${c.name}</a>` : e.connection_id ? "a connection that is gone" : "no connection"}</dd>
          ${about(e) ? html`<dt>About</dt><dd class="mono">${about(e)}</dd>` : nothing}
          <dt>Received</dt><dd>${time(e.received_at)}</dd>
          ${e.client_id ? html`<dt>Client</dt><dd><a href="/clients/${e.client_id}">${names.value.get(e.client_id)?.name || "a client"}</a></dd>` : nothing}
        </dl>
        ${o?.note ? html`<p>${sentence(o.note)}</p>` : nothing}
        ${this.#whose(e, o?.candidates ?? [])}
        ${o && o.fields.length > 0 ? html`
          <ul class="rows" aria-label="What became of it">${o.fields.map(f => html`
            <li class="row"><strong>${label(f.field)}</strong> ${value(f.value)} <span class="soft">· ${outcomes[f.outcome] ?? f.outcome}</span></li>`)}</ul>` : nothing}
      </section>`
  }

  /** What is to be said of an event that nobody knows whose it is. */
  #whose(e: HookEvent, candidates: Candidate[]) {
    if (e.state === "unrouted" || (e.state === "waiting" && !e.connection_id)) {
      return html`<div class="row"><button class="primary" @click=${() => ask(this.#route())}>Give it to a connection</button></div>`
    }
    if (e.state !== "waiting") return nothing
    return html`
      <ul class="rows" aria-label="Whose it may be">${candidates.map(c => html`
        <li class="head">
          <p><a href="/clients/${c.client_id}">${called(c)}</a> <span class="soft small">${c.matches.map(m => `${m.kind} ${m.value}${m.same ? "" : " but for the country"}`).join(", ")}</span></p>
          <button ?disabled=${this.busy} aria-label="It is theirs: ${called(c)}" @click=${() => this.#assign({ client_id: c.client_id })}>It is theirs</button>
        </li>`)}</ul>
      <div class="row">
        <button ?disabled=${this.busy} @click=${() => this.#assign({ create: true })}>A new client</button>
        <button ?disabled=${this.busy} @click=${() => ask(this.#choose())}>Another client</button>
      </div>`
  }

  #body(e: HookEvent) {
    const editable = e.state === "dead" || e.state === "waiting" || e.state === "unrouted"
    const text = pretty(e.body ?? "")
    const edited = this.draft !== undefined && this.draft !== text
    return html`
      <section class="card section" aria-labelledby="says">
        <h2 id="says">What it says</h2>
        ${e.body === undefined ? html`<p class="soft">It is forgotten: a month after an event is done, or when its client is erased.</p>`
          : editable ? html`<textarea class="code" aria-labelledby="says" spellcheck="false" .value=${this.draft ?? text} @input=${(i: Event) => (this.draft = (i.target as HTMLTextAreaElement).value)}></textarea>`
          : html`<pre tabindex="0" aria-labelledby="says">${text}</pre>`}
        <p class="error" role="alert">${this.trouble}</p>
        <div class="row">
          ${e.state === "received" || e.state === "unrouted" ? nothing : html`
            <button class=${editable ? "primary" : ""} ?disabled=${this.busy} @click=${() => this.#replay(e, edited)}>${edited ? "Save and replay" : "Replay"}</button>`}
          ${edited ? html`
            <button ?disabled=${this.busy} @click=${() => this.#do(() => this.#save(e), "Saved.")}>Save</button>
            <button class="plain" @click=${() => (this.draft = undefined)}>Discard</button>` : nothing}
        </div>
        ${e.header && Object.keys(e.header).length > 0 ? html`<details><summary>Headers</summary><pre tabindex="0" aria-label="Headers">${JSON.stringify(e.header, null, 2)}</pre></details>` : nothing}
      </section>`
  }

  async #save(e: HookEvent) {
    await patch<HookEvent>(this.#path(), { version: e.version, body: this.draft })
    this.draft = undefined
  }

  #replay(e: HookEvent, edited: boolean) {
    return this.#do(async () => {
      if (edited) await this.#save(e)
      await post(`${this.#path()}/replay`)
    }, "It is worked on again.")
  }

  #assign(whose: object) {
    return this.#do(() => post(`${this.#path()}/assign`, whose), "Said. It is worked on, and later events of the same are theirs, too.")
  }

  #choose(): Question {
    const rows = [...records.value.rows].sort((a, b) => a.name.localeCompare(b.name))
    return {
      heading: "Whose is it?",
      says: "Later events of the same object are this client’s, too.",
      fields: () => [{ name: "client_id", label: "Client", kind: "select", value: rows[0]?.id ?? "", options: rows.map(r => [r.id, [r.name || "Without a name", r.date && date(r.date)].filter(Boolean).join(" · ")]) }],
      verb: "It is theirs",
      run: async values => {
        await post(`${this.#path()}/assign`, { ...values })
        return "Said. It is worked on."
      },
    }
  }

  #route(): Question {
    return {
      heading: "Give it to a connection",
      says: "It is worked on as if it had come there.",
      fields: () => [{ name: "connection_id", label: "Connection", kind: "select", value: this.connections[0]?.id ?? "", options: this.connections.map(c => [c.id, c.name]) }],
      verb: "Give it",
      run: async values => {
        await post(`${this.#path()}/assign`, { ...values })
        return "Given. It is worked on."
      },
    }
  }

  async #do(act: () => Promise<unknown>, said: string) {
    this.busy = true
    this.trouble = ""
    try {
      await act()
      toast({ text: said, tone: "good", lasts: 5000 })
    } catch (error) {
      this.trouble = told(error)
    } finally {
      this.busy = false
      done.set(done.value + 1)
    }
  }
}
