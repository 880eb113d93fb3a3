import { css, html, LitElement, nothing } from "lit"
import { customElement, state } from "lit/decorators.js"
import { guard } from "lit/directives/guard.js"
import { repeat } from "lit/directives/repeat.js"
import { get, Offline, reachable, told } from "../api"
import "../components/all"
import "../components/now"
import { icon } from "../components/icon"
import { breaks, joined, kinds, linesOf, type Break, type Line } from "../feed"
import { deviceNames } from "../devicenames"
import { ago, hour, longDayOf, time } from "../format"
import { names, watchNames } from "../names"
import { notifying, startNotifying, stopNotifying } from "../notify"
import { go, place } from "../router"
import { sentence, way } from "../sentences"
import { session } from "../session"
import { recent, streamState } from "../stream"
import { base, controls, pageFrame } from "../styles"
import { ownDevice, unsynced } from "../syncing"
import type { Event, Page } from "../types"
import { Watch } from "../watch"

const tick = 30_000 // milliseconds between two looks at the clock
const lately = 120_000 // for which it is told of an edit made here that the hub has it

/** What can have become of an edit that was made here, with how that is told. */
const fates = { waits: ["wait", "waits"], refused: ["bad", "not taken"], saved: ["good", "saved"] } as const

/** What happens to the supplier's records, as it happens. */
@customElement("wed-activity")
export class ActivityPage extends LitElement {
  static override styles = [base, controls, pageFrame, css`
    .filters { display: grid; grid-template-columns: repeat(2, minmax(0, 1fr)); gap: var(--space-2); margin-block-end: var(--space-4); }
    .filters .kind { grid-column: 1 / -1; }
    @media (min-width: 48rem) { .filters { grid-template-columns: repeat(3, minmax(0, 15rem)); } .filters .kind { grid-column: auto; } }
    .day { padding: var(--space-4) 0 var(--space-2); font-size: var(--size-small); color: var(--text-soft); font-weight: 600; }
    .line { display: grid; grid-template-columns: auto minmax(0, 1fr) auto; gap: var(--space-3); align-items: start; padding: var(--space-3) var(--space-4); }
    .mark { display: grid; place-items: center; inline-size: 1.75rem; block-size: 1.75rem; border-radius: 50%; background: var(--sunken); color: var(--text-soft); }
    .mark svg { inline-size: 1rem; block-size: 1rem; }
    .accent { background: var(--accent-wash); color: var(--accent-strong); }
    .good { background: var(--good-wash); color: var(--good); }
    .wait { background: var(--wait-wash); color: var(--wait); }
    .bad { background: var(--bad-wash); color: var(--bad); }
    .words { overflow-wrap: anywhere; padding-block-start: 0.1rem; }
    .words strong { font-weight: 600; }
    time { color: var(--text-soft); font-size: var(--size-small); white-space: nowrap; padding-block-start: 0.25rem; }
    @media (max-width: 30rem) {
      .line { grid-template-columns: auto minmax(0, 1fr); row-gap: 0; }
      time { grid-column: 2; padding: 0; }
    }
    .break { display: flex; align-items: center; justify-content: center; gap: var(--space-2); padding: var(--space-2) var(--space-4); border-block-start: 1px dashed var(--line-strong); color: var(--text-soft); font-size: var(--size-small); text-align: center; }
    .break + .line { border-block-start: 1px dashed var(--line-strong); }
    .line + .line { border-block-start: 1px solid var(--line); }
    .break:first-child { border-block-start: 0; }
    .break.missed { color: var(--wait); }
    .stack + .card { margin-block-start: var(--space-4); }
    .foot { display: grid; justify-items: center; gap: var(--space-2); padding-block-start: var(--space-4); color: var(--text-soft); text-align: center; }
    .state { display: flex; justify-content: end; min-inline-size: 6rem; }
  `]

  /** Older events of the client that is chosen. */
  @state() private older: Event[] = []
  @state() private next: string | null = ""
  @state() private loading = false
  @state() private trouble = ""
  #of = ""
  #ends: (() => void)[] = []

  constructor() {
    super()
    new Watch(this, recent, streamState, breaks, names, place, unsynced, ownDevice, notifying, reachable, deviceNames)
  }

  override connectedCallback() {
    super.connectedCallback()
    const clock = setInterval(() => this.requestUpdate(), tick)
    this.#ends = [watchNames(), () => clearInterval(clock)]
  }

  override disconnectedCallback() {
    super.disconnectedCallback()
    for (const end of this.#ends) end()
  }

  override willUpdate() {
    if (this.#client === this.#of) return
    this.#of = this.#client
    this.older = []
    this.next = ""
    this.trouble = ""
    if (this.#client) void this.#more()
  }

  get #client() { return place.value.query.get("client") ?? "" }
  get #person() { return place.value.query.get("person") ?? "" }
  get #kind() { return kinds.find(([kind]) => kind === place.value.query.get("kind"))?.[0] ?? "" }

  override render() {
    const all = linesOf(joined(this.older, recent.value))
    const lines = all.filter(line =>
      (!this.#client || line.event.data.client_id === this.#client) && (!this.#kind || line.kind === this.#kind) &&
      (!this.#person || line.event.data.user === this.#person)).sort((a, b) => (a.at < b.at ? 1 : a.at > b.at ? -1 : 0))
    return html`
      <div class="page-head">
        <h1>Activity</h1>
        <div class="actions"><span class="state" role="status">${this.#live()}</span>${this.#bell()}</div>
      </div>
      ${this.#filters(all)}
      <div class="stack">
        <wed-now></wed-now>
        <wed-sending></wed-sending>
      </div>
      ${this.#days(lines)}
      <div class="foot">${this.#foot(lines.length)}</div>`
  }

  #live() {
    if (streamState.value === "live" && navigator.onLine) return html`<wed-badge tone="good">live</wed-badge>`
    return navigator.onLine && reachable.value ? html`<wed-badge>connecting…</wed-badge>` : html`<wed-badge tone="wait">not live</wed-badge>`
  }

  #bell() {
    switch (notifying.value) {
      case "impossible": return nothing
      case "forbidden": return html`<button class="small" disabled title="This browser forbids it; its settings for this site change that.">Notifications forbidden</button>`
      case "on": return html`<button class="small" aria-pressed="true" @click=${stopNotifying}>${icon("check")}Notifying</button>`
      case "off": return html`<button class="small" aria-pressed="false" @click=${startNotifying}>Notify me</button>`
    }
  }

  #filters(all: Line[]) {
    const people = [...new Set([...all.map(line => line.event.data.user ?? ""), this.#person])].filter(Boolean).sort()
    const choose = (name: string, title: string, chosen: string, options: () => (readonly [string, string])[], of: unknown) => html`
      <select class=${name} aria-label=${title} @change=${(e: globalThis.Event) => this.#filter(name, (e.target as HTMLSelectElement).value)}>
        <option value="" ?selected=${chosen === ""}>${title}</option>
        ${guard([chosen, of], () => options().map(([value, text]) => html`<option value=${value} ?selected=${value === chosen}>${text}</option>`))}
      </select>`
    return html`
      <div class="filters" role="search" aria-label="What is shown">
        ${choose("kind", "Everything", this.#kind, () => [...kinds], kinds)}
        ${choose("client", "All clients", this.#client, () => this.#clients(), names.value)}
        ${choose("person", "Everybody", this.#person, () => people.map(user => [user, user === session.value?.user ? `${user} (you)` : user]), people.join("\n"))}
      </div>`
  }

  #clients(): [string, string][] {
    const clients = [...names.value.values()].sort((a, b) => a.name.localeCompare(b.name))
    if (this.#client && !names.value.has(this.#client)) clients.unshift({ id: this.#client, name: "This client", document: "" })
    return clients.map(c => [c.id, c.name || "Without a name"])
  }

  #filter(name: string, value: string) {
    const query = new URLSearchParams(place.value.query)
    if (value) query.set(name, value)
    else query.delete(name)
    go(`/activity${query.size ? `?${query}` : ""}`, { replace: true })
  }

  #days(lines: Line[]) {
    if (lines.length === 0) return this.#nothing()
    const rows: (Line | Break)[] = [...lines]
    if (!this.#kind && !this.#client && !this.#person) rows.push(...breaks.value)
    rows.sort((a, b) => (a.at < b.at ? 1 : a.at > b.at ? -1 : 0))
    const days = new Map<string, (Line | Break)[]>()
    for (const row of rows) {
      const day = longDayOf(row.at)
      days.set(day, [...(days.get(day) ?? []), row])
    }
    return html`${[...days].map(([day, those]) => html`
      <h2 class="day">${day}</h2>
      <ol class="card">${repeat(those, row => ("id" in row ? row.id : row.at), row => ("id" in row ? this.#line(row) : breakLine(row)))}</ol>`)}`
  }

  /** A line, made anew if what it says has changed: there are hundreds, and each event renders the page. */
  #line(line: Line) {
    const fate = this.#fate(line.event)
    const when = Date.now() - Date.parse(line.at) < 3_600_000 ? ago(line.at) : hour(line.at)
    const proposals = line.proposals.map(p => `${p.state} ${p.user}`).join("\n")
    return guard([line.event, proposals, fate, when, names.value, deviceNames.value], () => {
      const { icon: name, tone, words } = sentence(line, session.value?.user)
      const how = way(line.event)
      const [colour, told] = fate ? fates[fate] : []
      return html`
        <li class="line" data-type=${line.event.type}>
          <span class="mark ${tone}">${icon(name)}</span>
          <p class="words">${words}${how ? html` <span class="soft">${how}</span>` : nothing}${line.kind === "posted" ? nothing : "."}
            ${fate ? html`<wed-badge tone=${colour} data-fate=${fate}>${told}</wed-badge>` : nothing}</p>
          <time datetime=${line.at} title=${time(line.at, { exact: true })}>${when}</time>
        </li>`
    })
  }

  /** What became of an edit that was made in this browser just now, empty of any other. */
  #fate({ type, time: at, data }: Event): keyof typeof fates | "" {
    const own = data.user === session.value?.user && data.device === ownDevice.value && data.origin === "sync"
    if (!own || Date.now() - Date.parse(at) > lately) return ""
    if (type === "wedsync.verdict.diverted") return "waits"
    return type === "wedsync.verdict.rejected" ? "refused" : "saved"
  }

  #nothing() {
    if (this.trouble) return html`<div class="card"><p class="pad error" role="alert">${this.trouble}</p></div>`
    if (this.loading || (streamState.value !== "live" && navigator.onLine && reachable.value)) return html`<div class="card"><wed-skeleton rows="8"></wed-skeleton></div>`
    if (streamState.value !== "live") return html`<div class="card"><wed-empty icon="offline" title="The feed waits for the hub">What happened meanwhile appears here once it is reached. Your own edits are kept and sent then.</wed-empty></div>`
    if (this.#kind || this.#client || this.#person) return html`
      <div class="card"><wed-empty icon="search" title="Nothing of this kind">
        <p>Nothing that is shown here fits what was chosen.</p>
        <p><button class="plain" @click=${() => go("/activity", { replace: true })}>Show everything</button></p>
      </wed-empty></div>`
    return html`<div class="card"><wed-empty icon="activity" title="Nothing has happened yet">Every edit, decision and call appears here as it happens.</wed-empty></div>`
  }

  #foot(shown: number) {
    if (this.#client) {
      if (this.trouble && shown > 0) return html`<p class="error" role="alert">${this.trouble}</p>${this.#button()}`
      return this.next === null ? (shown > 0 ? html`<p class="small">That is all that is known of this client.</p>` : nothing) : this.#button()
    }
    return shown > 0 ? html`<p class="small">The newest of all clients. Choose a client to see all that happened to it.</p>` : nothing
  }

  #button() {
    return html`<button ?disabled=${this.loading} @click=${this.#more}>${this.loading ? "Reading…" : "Show older"}</button>`
  }

  /** Reads more of the history of the client that is chosen. */
  async #more() {
    const client = this.#client
    this.loading = true
    this.trouble = ""
    try {
      const path = `/api/clients/${encodeURIComponent(client)}/activities?limit=50${this.next ? `&cursor=${encodeURIComponent(this.next)}` : ""}`
      const { body } = await get<Page<Event>>(path)
      if (client !== this.#client) return
      this.older = [...body.items.toReversed(), ...this.older]
      this.next = body.next
    } catch (error) {
      if (client !== this.#client) return
      this.trouble = error instanceof Offline ? "What is older can be read once the hub is reached." : told(error)
    } finally {
      if (client === this.#client) this.loading = false
    }
  }
}

function breakLine({ at, missed }: Break) {
  if (!missed) return html`<li class="break">Connected again ${hour(at)} · nothing was missed</li>`
  return html`<li class="break missed">${icon("warning")}Connected again ${hour(at)} · some of what happened before is not in this list: ${missed}</li>`
}
