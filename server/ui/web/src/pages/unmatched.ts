import { css, html, LitElement, nothing } from "lit"
import { customElement, query, state } from "lit/decorators.js"
import { repeat } from "lit/directives/repeat.js"
import { reachable } from "../api"
import { Assigning, type Said, type Whose } from "../assigning"
import { kindNames, others, reason, type Unmatched } from "../communications"
import "../components/all"
import "../components/clientchoice"
import type { ClientChoice } from "../components/clientchoice"
import { icon } from "../components/icon"
import { ago, time } from "../format"
import { List } from "../list"
import { go, place } from "../router"
import { mayDecide, session } from "../session"
import { base, controls, pageFrame } from "../styles"
import { Watch } from "../watch"

const pageSize = 25
const few = 3 // suggestions that a row has room for
const rest = 250 // milliseconds after a key until it is searched for
const every = 30_000 // milliseconds between two readings: no event tells of what is nobody's

const ways = { inbound: "Incoming", outbound: "Outgoing", internal: "Internal" }

/** What is in no client's timeline, for people to say whose it is. */
@customElement("wed-unmatched")
export class UnmatchedPage extends LitElement {
  static override styles = [base, controls, pageFrame, css`
    :host { max-inline-size: 64rem; }
    .page-head { margin-block-end: var(--space-3); }
    .why { margin-block-end: var(--space-4); max-inline-size: 44rem; }
    .tools { display: grid; grid-template-columns: minmax(0, 1fr) auto; gap: var(--space-2); margin-block-end: var(--space-3); }
    select { inline-size: auto; max-inline-size: 11rem; }
    .told { margin-block-end: var(--space-3); color: var(--wait); }
    .rows > li { padding: var(--space-4); scroll-margin-block: var(--space-4) calc(var(--bar, 0px) + var(--space-4)); }
    .item { display: grid; grid-template-columns: auto minmax(0, 1fr); gap: var(--space-1) var(--space-3); }
    .item > * { grid-column: 2; min-inline-size: 0; overflow-wrap: anywhere; }
    .item > .mark { grid-area: 1 / 1 / span 2; }
    .mark { display: grid; place-items: center; inline-size: 2.25rem; block-size: 2.25rem; border-radius: 50%; background: var(--sunken); color: var(--text-soft); }
    .mark svg { inline-size: 1.15rem; block-size: 1.15rem; }
    .head { display: flex; flex-wrap: wrap; align-items: baseline; justify-content: space-between; gap: 0 var(--space-3); }
    h2 { font-size: var(--size-body); }
    time { font-size: var(--size-small); color: var(--text-soft); white-space: nowrap; }
    .text { display: -webkit-box; -webkit-box-orient: vertical; -webkit-line-clamp: 3; overflow: hidden; margin-block-start: var(--space-1); }
    .text b { font-weight: 560; }
    .acts { display: flex; flex-wrap: wrap; gap: var(--space-2); margin-block-start: var(--space-2); }
    .acts button { text-align: start; }
    .acts span { font-weight: 400; }
    .done { display: flex; flex-wrap: wrap; align-items: center; gap: var(--space-2) var(--space-3); }
    .done .mark { background: var(--good-wash); color: var(--good); }
    .done p { flex: 1 1 12rem; min-inline-size: 0; overflow-wrap: anywhere; }
    .more { text-align: center; padding-block-start: var(--space-4); }
    @media (max-width: 30rem) {
      .item { grid-template-columns: minmax(0, 1fr); }
      .item > * { grid-column: 1; }
      .item > .mark, .done > .mark { display: none; }
    }
  `]

  @state() private search = place.value.query.get("q") ?? ""
  @state() private kind = place.value.query.get("kind") ?? ""
  @query("wed-client-choice") private choice!: ClientChoice
  #list = new List<Unmatched>(this, () => this.#path(), ["wedsync.activity.posted", "wedsync.communications.progress"])
  #assigning = new Assigning(this, id => this.#list.drop(id))
  #asked?: Unmatched // for which a client is searched
  #typing?: ReturnType<typeof setTimeout>
  #clock?: ReturnType<typeof setInterval>
  #focus: { on: HTMLElement; row: Element; at: number } | null = null // before the page rendered

  constructor() {
    super()
    new Watch(this, session, reachable)
  }

  override connectedCallback() {
    super.connectedCallback()
    this.#clock = setInterval(() => document.visibilityState === "visible" && this.#list.soon(), every)
  }

  override disconnectedCallback() {
    super.disconnectedCallback()
    clearInterval(this.#clock)
    clearTimeout(this.#typing)
  }

  override willUpdate() {
    const on = this.shadowRoot?.activeElement as HTMLElement | null
    const row = on?.closest("li")
    this.#focus = on && row ? { on, row, at: this.#rows.indexOf(row) } : null
  }

  override render() {
    const none = !this.search && !this.kind && this.#items()?.length === 0
    return html`
      <div class="page-head"><h1 tabindex="-1">Unmatched</h1></div>
      <p class="why soft" ?hidden=${none}>Messages, calls and meetings with addresses and numbers that are no client’s, or several clients’. Say whose one is, and it is in that client’s timeline.</p>
      <div class="tools" role="search" ?hidden=${none}>
        <input type="search" aria-label="Search what is unmatched" placeholder="Search…" .value=${this.search} @input=${this.#find}>
        <select aria-label="Kind" @change=${this.#choose}>
          <option value="">Everything</option>
          ${Object.entries(kindNames).filter(([kind]) => kind !== "message" && kind !== "note").map(([kind, [name]]) =>
            html`<option value=${kind} ?selected=${kind === this.kind}>${name}</option>`)}
        </select>
      </div>
      ${reachable.value || !this.#list.at ? nothing : html`
        <p class="told small" role="status">The hub cannot be reached. This is what it said ${ago(this.#list.at)}; whose something is can be said once it is reached again.</p>`}
      ${this.#content()}
      <wed-client-choice @choose=${this.#chosen}></wed-client-choice>`
  }

  #content() {
    const { trouble, goesOn, busy } = this.#list
    const items = this.#items()
    const failed = trouble ? html`<p class="pad error" role="alert">${trouble}</p>` : nothing
    if (!items) return html`<div class="card">${trouble ? failed : html`<wed-skeleton></wed-skeleton>`}</div>`
    if (items.length === 0) return html`<div class="card">${trouble ? failed : this.#empty()}</div>`
    return html`
      <ul class="card rows" aria-label="Unmatched">${repeat(items, item => item.id, item => this.#row(item))}</ul>
      ${failed}
      ${goesOn ? html`<div class="more"><button @click=${this.#more}>${busy ? "Reading…" : "Show more"}</button></div>` : nothing}`
  }

  #empty() {
    if (this.search || this.kind) return html`<wed-empty icon="search" title="Nothing fits">No message, call or meeting without a client fits.</wed-empty>`
    return html`<wed-empty icon="check" title="Everything has its client">
      A mail from a new address, or a call from a number that nobody knows, waits here for you to say whose it is.
      ${mayDecide(session.value) ? html`<br><a href="/integrations?show=accounts">Accounts that are read</a>` : nothing}</wed-empty>`
  }

  #row(item: Unmatched) {
    const said = this.#assigning.said.get(item.id)
    return html`
      <li tabindex="-1" data-kind=${item.kind}>
        ${said?.client ? this.#done(said, said.client) : this.#open(item)}
        ${said?.refusal ? html`<p class="small error" role="alert">${said.refusal}</p>` : nothing}
      </li>`
  }

  #open(item: Unmatched) {
    const [name, drawing] = kindNames[item.kind] ?? [item.kind, "more" as const]
    const own = item.participants.filter(p => p.own).map(p => p.address).filter(Boolean).join(", ")
    const way = `${ways[item.direction]} ${name.toLowerCase()}${own ? ` ${item.direction === "outbound" ? "from" : "to"} ${own}` : ""}`
    const off = !reachable.value
    return html`
      <article class="item">
        <span class="mark">${icon(drawing)}</span>
        <div class="head"><h2>${others(item) || "Somebody"}</h2><time datetime=${item.occurred_at} title=${time(item.occurred_at, { exact: true })}>${ago(item.occurred_at)}</time></div>
        <p class="small soft">${addresses(item)}${way}</p>
        ${item.subject || item.snippet ? html`<p class="text">${item.subject ? html`<b>${item.subject}</b> ` : nothing}<span class="soft">${item.snippet}</span></p>` : nothing}
        <div class="acts">
          ${item.suggestions.slice(0, few).map(s => html`
            <button class="small" ?disabled=${off} @click=${() => this.#assigning.assign(item, { id: s.client_id, name: s.name })}><span><b>${s.name}</b> – ${reason(s, item)}</span></button>`)}
          <button class="small other ${item.suggestions.length ? "plain" : ""}" ?disabled=${off} @click=${() => this.#ask(item)}>${item.suggestions.length ? "Another client…" : "Choose a client…"}</button>
        </div>
      </article>`
  }

  #done(said: Said, client: Whose) {
    const { item } = said
    return html`
      <div class="done">
        <span class="mark">${icon("check")}</span>
        <p>${titleOf(item)} <span class="soft">is with</span> <a href="/clients/${client.id}">${client.name}</a></p>
        <button class="small undo" @click=${() => this.#assigning.undo(said)}>Undo<span class="hidden-text">: it is with ${client.name}</span></button>
      </div>`
  }

  /** The list, and what was said here of parts of it, the newest first. */
  #items(): Unmatched[] | undefined {
    const items = this.#list.items
    if (!items) return undefined
    const { said } = this.#assigning
    const kept = [...said.values()].map(({ item }) => item).filter(({ id }) => !items.some(item => item.id === id))
    return [...items, ...kept].sort((a, b) => Date.parse(b.occurred_at) - Date.parse(a.occurred_at) || (a.id < b.id ? 1 : -1))
  }

  #path(): string {
    const asked = new URLSearchParams({ limit: String(pageSize) })
    if (this.kind) asked.set("kind", this.kind)
    if (this.search.trim()) asked.set("q", this.search.trim())
    return `/api/communications/unmatched?${asked}`
  }

  #anew() {
    const query = new URLSearchParams()
    if (this.search) query.set("q", this.search)
    if (this.kind) query.set("kind", this.kind)
    go(`/unmatched${query.size ? `?${query}` : ""}`, { replace: true })
    this.#assigning.forget()
    this.#list.restart()
  }

  #find(event: Event) {
    this.search = (event.target as HTMLInputElement).value
    clearTimeout(this.#typing)
    this.#typing = setTimeout(() => this.#anew(), rest)
  }

  #choose(event: Event) {
    this.kind = (event.target as HTMLSelectElement).value
    this.#anew()
  }

  #ask(item: Unmatched) {
    this.#asked = item
    void this.choice.open(titleOf(item), item.suggestions.map(s => ({ id: s.client_id, name: s.name, says: reason(s, item) })))
  }

  #chosen(event: CustomEvent<Whose>) {
    if (this.#asked) this.#assigning.assign(this.#asked, event.detail)
  }

  async #more() {
    if (this.#list.busy) return
    const shown = this.#rows.length
    await this.#list.showMore()
    await this.updateComplete
    this.#rows[shown]?.focus()
  }

  get #rows(): HTMLElement[] {
    return [...this.renderRoot.querySelectorAll<HTMLElement>(".rows > li")]
  }

  /** Keeps the keyboard where it was, or near that. */
  override updated() {
    if (!this.#focus || this.shadowRoot!.activeElement) return
    const { on, row, at } = this.#focus
    if (on.isConnected) return on.focus()
    const rows = this.#rows
    const next = rows.find(r => r === row) ?? rows[Math.min(at, rows.length - 1)]
    const to = next?.querySelector<HTMLElement>(".undo") ?? next ?? this.renderRoot.querySelector<HTMLElement>("h1")
    to?.focus()
  }
}

/** "Hanna Lind: “Peonies”": what it is, in a few words. */
function titleOf(item: Unmatched): string {
  const what = item.subject ? `“${item.subject}”` : (kindNames[item.kind]?.[0] ?? item.kind).toLowerCase()
  return `${others(item) || "Somebody"}: ${what}`
}

/** The addresses of the others, where they are not all that is known of them. */
function addresses(item: Unmatched): string {
  const named = item.participants.filter(p => !p.own && p.name && p.address).map(p => p.address)
  return named.length ? `${[...new Set(named)].slice(0, 3).join(", ")} · ` : ""
}
