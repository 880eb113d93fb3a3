import { css, html, LitElement, nothing } from "lit"
import { customElement, query, queryAll, state } from "lit/decorators.js"
import { repeat } from "lit/directives/repeat.js"
import { get, told } from "../api"
import "../components/all"
import "../components/queue"
import "../components/repair"
import type { Repair } from "../components/repair"
import { inTrouble, stateOf } from "../components/standing"
import type { Standing } from "../components/standing"
import { ago, count, device } from "../format"
import { Loading } from "../loading"
import { names, watchNames } from "../names"
import { base, controls, pageFrame } from "../styles"
import type { DeviceState, RecordStatus, StatusPage as Statuses } from "../types"

const path = "/api/clients/sync-status?limit=100"
const moves = ["wedsync.client.", "wedsync.conflict."] // the kinds of events after which it may read otherwise
const every = 15_000 // milliseconds between two readings: devices come and go without an event
const order: DeviceState[] = ["refused", "fighting", "waiting_for_dependency", "hub_behind", "device_behind", "in_sync"]

/** Whether devices and hub agree, record by record. */
@customElement("wed-status")
export class StatusPage extends LitElement {
  static override styles = [base, controls, pageFrame, css`
    .totals { display: flex; flex-wrap: wrap; gap: 1px; overflow: clip; background: var(--line); }
    .totals div { display: grid; flex: 1 1 8rem; align-content: start; padding: var(--space-3) var(--space-4); background: var(--card); }
    .totals dd { font-size: var(--size-title); font-weight: 620; line-height: 1.3; font-variant-numeric: tabular-nums; }
    .totals dt { order: 1; color: var(--text-soft); font-size: var(--size-small); }
    .totals .bad dd { color: var(--bad); }
    .totals .wait dd { color: var(--wait); }
    section { display: grid; gap: var(--space-2); }
    section { padding-block-start: var(--space-3); }
    .title { display: flex; flex-wrap: wrap; align-items: baseline; gap: var(--space-2) var(--space-3); }
    .records { overflow: clip; }
    .records > * + * { border-block-start: 1px solid var(--line); }
    .center { display: grid; justify-items: center; }
  `]

  #first = new Loading<Statuses>(this, () => path, moves)
  #trouble = new Loading<Statuses>(this, () => `${path}&state=trouble`, moves)
  @state() private more: RecordStatus[] = []
  @state() private next: string | null | undefined
  @state() private reading = false
  @state() private failed = ""
  @state() private checked = ""
  @query("wed-repair") private repairs!: Repair
  @queryAll("wed-standing") private standings!: NodeListOf<Standing>
  #ends: (() => void)[] = []

  override connectedCallback() {
    super.connectedCallback()
    const timer = setInterval(() => {
      if (document.visibilityState === "hidden") return
      this.#first.soon()
      this.#trouble.soon()
    }, every)
    const end = names.subscribe(() => this.requestUpdate())
    this.#ends = [watchNames(), end, () => clearInterval(timer)]
  }

  override disconnectedCallback() {
    super.disconnectedCallback()
    for (const end of this.#ends) end()
  }

  override render() {
    const page = this.#first.body
    return html`
      <div class="page-head">
        <h1>Sync status</h1>
        <p class="soft small" role="status">${this.#first.answer?.old && !this.#first.trouble ? `as of ${ago(this.#first.answer.at)}` : ""}</p>
      </div>
      <div class="stack">
        <wed-queue class="card">
          <p slot="says" class="soft" role="status">${this.checked}</p>
          <button slot="actions" ?disabled=${!page || page.items.length === 0 || this.reading} @click=${this.#checkAll}>Compare with the hub</button>
        </wed-queue>
        ${this.#first.trouble ? html`<div class="card"><p class="pad error" role="alert">${this.#first.trouble}</p></div>` : page ? this.#whole(page) : html`<div class="card"><wed-skeleton rows="8"></wed-skeleton></div>`}
      </div>
      <wed-repair></wed-repair>`
  }

  #whole(page: Statuses) {
    const troubled = (this.#trouble.body?.items ?? page.items).filter(r => r.notice || r.devices.some(inTrouble))
    const known = new Set(troubled.map(r => r.client_id))
    const others = [...page.items, ...this.more].filter(r => !known.has(r.client_id))
    const next = this.next === undefined ? page.next : this.next
    if (page.items.length === 0 && !next) return html`<div class="card"><wed-empty icon="status" title="No records yet">How devices stand to each record appears here.</wed-empty></div>`
    const directory = page.directory?.devices.filter(inTrouble) ?? []
    return html`
      ${this.#totals(page, next)}
      <section aria-label="Trouble">
        <div class="title"><h2>Needs a look</h2>${this.#trouble.body?.next ? html`<span class="soft small">the first ${count(troubled.length)}</span>` : nothing}</div>
        ${directory.length > 0 ? html`<div class="card pad">${directory.map(d => html`<p>The list of records on <strong>${d.user}</strong>’s ${device(d.device)}: ${d.explanation} <strong>${d.action}</strong></p>`)}</div>` : nothing}
        ${troubled.length > 0 ? this.#records(troubled) : html`<div class="card pad soft">${directory.length > 0 ? "No record does." : "Nothing does: every device that was here holds what the hub holds."}</div>`}
      </section>
      ${others.length > 0 ? html`
        <section aria-label="All well"><div class="title"><h2>In order</h2></div>${this.#records(others)}</section>` : nothing}
      <div class="center">
        ${this.failed ? html`<p class="error" role="alert">${this.failed}</p>` : nothing}
        ${next ? html`<button ?disabled=${this.reading} @click=${() => this.#more(next)}>${this.reading ? "Reading…" : "Show more records"}</button>` : nothing}
      </div>`
  }

  #totals({ totals, next: more, items }: Statuses, next: string | null) {
    const all = more ? `of the first ${count(items.length)} records` : "of all records"
    const shown = order.filter(state => (totals[state] ?? 0) > 0)
    return html`
      <dl class="card totals" aria-label="Totals ${all}" title=${next || more ? `Totals ${all}` : nothing}>
        <div><dt>${more ? `of ${count(items.length)}+ records` : "records"}</dt><dd>${count(totals.records ?? 0)}</dd></div>
        <div class=${totals.pending ? "wait" : ""}><dt>wait for approval</dt><dd>${count(totals.pending ?? 0)}</dd></div>
        ${shown.map(state => {
          const [name, tone] = stateOf(state)
          return html`<div class=${tone}><dt>copies ${name}</dt><dd>${count(totals[state]!)}</dd></div>`
        })}
      </dl>`
  }

  #records(records: RecordStatus[]) {
    return html`<div class="card records">${repeat(records, r => r.client_id, r => html`
      <wed-standing .record=${r} @repair=${(e: CustomEvent<string>) => void this.#repair(r, e.detail)}></wed-standing>`)}</div>`
  }

  async #repair(r: RecordStatus, named: string) {
    await this.repairs.repair(r.client_id, names.value.get(r.client_id)?.name || "a client", named)
    this.#first.soon()
    this.#trouble.soon()
  }

  async #more(cursor: string) {
    this.reading = true
    this.failed = ""
    try {
      const { body } = await get<Statuses>(`${path}&cursor=${encodeURIComponent(cursor)}`)
      this.more = [...this.more, ...body.items]
      this.next = body.next
    } catch (error) {
      this.failed = told(error)
    } finally {
      this.reading = false
    }
  }

  /** Compares this browser's copies of all records that are shown, one after another. */
  async #checkAll() {
    this.reading = true
    const all = [...this.standings]
    const found: Record<string, number> = {}
    for (const [i, standing] of all.entries()) {
      this.checked = `Comparing ${i + 1} of ${all.length}…`
      const finding = await standing.check()
      const state = finding?.state ?? "failed"
      found[state] = (found[state] ?? 0) + 1
    }
    this.reading = false
    const parts = [["same", "the same"], ["differs", "different"], ["moving", "still moving"], ["absent", "not held here"], ["unknown", "not read yet"], ["failed", "not compared"]] as const
    this.checked = "Compared with the hub: " + parts.filter(([state]) => found[state]).map(([state, text]) => `${found[state]} ${text}`).join(" · ") + "."
  }
}
