import { css, html, LitElement, nothing } from "lit"
import { customElement, query, state } from "lit/decorators.js"
import "../components/all"
import { icon } from "../components/icon"
import "../components/clientlist"
import "../components/newclient"
import type { NewClient } from "../components/newclient"
import { ago, count } from "../format"
import { remember, remembered } from "../glance"
import { records, selected, watchRecords, type Order, type Row } from "../records"
import { go, place } from "../router"
import { mayEdit, session } from "../session"
import { base, controls, pageFrame } from "../styles"
import { Watch } from "../watch"

const glimpse = 40 // rows: more than a window shows

/** How the list began when it was last shown. */
interface Beginning {
  order: Order
  total: number
  rows: Row[]
}

const orders: [Order, string][] = [["date", "Wedding date"], ["name", "Name"], ["pending", "Waiting first"], ["newest", "Newest first"]]

/** All records: found, sorted, and opened. */
@customElement("wed-clients")
export class ClientsPage extends LitElement {
  static override styles = [base, controls, pageFrame, css`
    .tools { display: grid; grid-template-columns: minmax(0, 1fr) auto; align-items: center; gap: var(--space-2) var(--space-3); margin-block-end: var(--space-3); }
    .search { grid-column: 1 / -1; }
    .search { position: relative; }
    .search svg { position: absolute; inset: 0 auto 0 0.7rem; margin-block: auto; color: var(--text-faint); pointer-events: none; }
    .search input { padding-inline-start: 2.4rem; }
    select { inline-size: auto; max-inline-size: 11rem; }
    .sum { min-block-size: 1.5rem; }
    .card { overflow: clip; }
    wed-client-list { --row-height: 4.25; }
    @media (min-width: 48rem) {
      wed-client-list { --row-height: 3.5; }
      .tools { grid-template-columns: minmax(0, 1fr) auto auto; }
      .search { grid-column: auto; }
      .sum { order: 1; min-inline-size: 5.5rem; text-align: end; }
    }
  `]

  @state() private search = place.value.query.get("q") ?? ""
  @state() private order: Order = orders.find(([o]) => o === place.value.query.get("sort"))?.[0] ?? "date"
  @query("wed-new-client") private dialog!: NewClient
  #end?: () => void
  #rows: Row[] = []
  #of: unknown[] = []
  #beginning = remembered<Beginning>("list")

  constructor() {
    super()
    new Watch(this, records)
  }

  override connectedCallback() {
    super.connectedCallback()
    this.#end = watchRecords()
  }

  override disconnectedCallback() {
    super.disconnectedCallback()
    this.#end?.()
  }

  override render() {
    const { complete, old, trouble } = records.value
    const first = this.#first()
    const shown = first?.rows ?? this.#selected()
    const all = first?.total ?? records.value.rows.length
    return html`
      <div class="page-head">
        <h1>Clients</h1>
        <div class="actions">
          ${mayEdit(session.value) ? html`<button class="primary" @click=${() => this.dialog.open()}>${icon("add")}New client</button>` : nothing}
        </div>
      </div>
      <div class="tools" role="search">
        <div class="search">
          ${icon("search")}
          <input type="search" aria-label="Search" placeholder="Name, venue, email, date…" .value=${this.search} @input=${this.#find}>
        </div>
        <p class="sum soft small number" role="status">${this.#sum(first ? all : shown.length, all, complete || first !== undefined, old)}</p>
        <select aria-label="Order" @change=${this.#sort}>
          ${orders.map(([order, title]) => html`<option value=${order} ?selected=${order === this.order}>${title}</option>`)}
        </select>
      </div>
      ${trouble ? html`<p class="error">${trouble}</p>` : nothing}
      ${this.#list(shown, all, complete)}
      <wed-new-client></wed-new-client>`
  }

  override updated() {
    const { complete, old, rows } = records.value
    if (!complete || old || this.search || this.#beginning === undefined && rows.length === 0) return
    if (this.#beginning?.order === this.order && this.#rows.slice(0, glimpse).every((row, i) => row === this.#beginning!.rows[i]) && rows.length === this.#beginning.total) return
    this.#beginning = { order: this.order, total: rows.length, rows: this.#rows.slice(0, glimpse) }
    remember("list", this.#beginning)
  }

  /** The beginning of the list as it was last shown, until the list is read. */
  #first(): Beginning | undefined {
    const { rows, complete, trouble } = records.value
    return rows.length === 0 && !complete && !trouble && !this.search && this.#beginning?.order === this.order ? this.#beginning : undefined
  }

  #list(shown: Row[], all: number, complete: boolean) {
    if (all === 0 && !complete) return records.value.trouble ? nothing : html`<div class="card"><wed-skeleton rows="10"></wed-skeleton></div>`
    if (all === 0) return html`<div class="card"><wed-empty icon="clients" title="No clients yet">The first one that is made here, on a phone or through the API appears in this list.</wed-empty></div>`
    if (shown.length === 0) return html`<div class="card"><wed-empty icon="search" title="Nothing found">No client has “${this.search}” in it.</wed-empty></div>`
    return html`<div class="card"><wed-client-list label="Clients" .items=${shown}></wed-client-list></div>`
  }

  #sum(shown: number, all: number, complete: boolean, old: Date | null) {
    if (all === 0) return ""
    const found = shown === all ? `${count(all)} ${all === 1 ? "client" : "clients"}` : `${count(shown)} of ${count(all)}`
    return `${found}${complete ? "" : ", reading more…"}${old ? ` · as of ${ago(old)}` : ""}`
  }

  /** The rows to show, found anew only if something about them changed. */
  #selected(): Row[] {
    const of = [records.value.rows, this.search, this.order]
    if (of.some((part, i) => part !== this.#of[i])) {
      this.#rows = selected(records.value.rows, this.search, this.order)
      this.#of = of
    }
    return this.#rows
  }

  #find(event: Event) {
    this.search = (event.target as HTMLInputElement).value
    this.#remember()
  }

  #sort(event: Event) {
    this.order = (event.target as HTMLSelectElement).value as Order
    this.#remember()
  }

  #remember() {
    const query = new URLSearchParams()
    if (this.search) query.set("q", this.search)
    if (this.order !== "date") query.set("sort", this.order)
    go(`/clients${query.size ? `?${query}` : ""}`, { replace: true })
  }
}
