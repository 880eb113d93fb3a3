import "../main" // is there already: so what is shared with it stays in one file with it
import { css, html, LitElement, nothing, type PropertyValues } from "lit"
import { customElement, property } from "lit/decorators.js"
import "../components/all"
import "../components/cotext"
import "../components/critical"
import "../components/faces"
import "../components/history"
import { icon } from "../components/icon"
import "../components/merged"
import "../components/plainfield"
import "../components/timeline"
import { isText } from "../doc"
import { label, value } from "../format"
import { Loading } from "../loading"
import { Record, type Saving } from "../record"
import { fromList } from "../records"
import { mayEdit, session } from "../session"
import { base, controls, pageFrame } from "../styles"
import type { Client, Policy, Value } from "../types"

const ordinary = ["name", "email", "phone", "guests", "status"]

const savings: { [state in Saving]: [string, string] } = {
  loading: ["plain", "Opening…"],
  saved: ["good", "Saved"],
  sending: ["plain", "Saving…"],
  kept: ["wait", "Kept here"],
}

/** One record, on which everybody who has it open works at once. */
@customElement("wed-client")
export class ClientPage extends LitElement {
  static override styles = [base, controls, pageFrame, css`
    .back { display: inline-flex; align-items: center; gap: var(--space-1); margin-block-end: var(--space-2); font-size: var(--size-small); text-decoration: none; }
    .back svg { inline-size: 1rem; block-size: 1rem; }
    .page-head h1 { min-inline-size: 0; overflow-wrap: anywhere; }
    .columns { display: grid; gap: var(--space-4); align-items: start; }
    .columns > * { min-inline-size: 0; }
    .card > h2 { padding: var(--space-4) var(--space-4) 0; }
    .critical { display: grid; gap: var(--space-4); padding: var(--space-4); }
    @media (min-width: 40rem) {
      .critical { grid-template-columns: repeat(2, minmax(0, 1fr)); }
      .critical > :last-child:nth-child(odd) { grid-column: 1 / -1; }
    }
    .fields { display: grid; gap: var(--space-3) var(--space-4); padding: var(--space-4); grid-template-columns: repeat(auto-fit, minmax(min(100%, 15rem), 1fr)); }
    .fields > .field { align-content: start; }
    .notes { padding: var(--space-3) var(--space-4) var(--space-4); display: grid; gap: var(--space-2); }
    .gone { padding: var(--space-3) var(--space-4); margin-block-end: var(--space-4); border-radius: var(--radius-small); background: var(--wait-wash); color: var(--wait); }
    @media (min-width: 75rem) { .columns { grid-template-columns: minmax(0, 1fr) 22rem; } }
  `]

  /** The id of the record or of its document. */
  @property() client = ""
  #said = new Loading<Client>(this, () => (this.client ? `/api/clients/${encodeURIComponent(this.client)}` : ""), ["wedsync.client.", "wedsync.conflict."], {
    otherwise: () => fromList(this.client),
  })
  #policy = new Loading<Policy>(this, () => "/api/policy")
  #record = new Record(this)

  override willUpdate(changed: PropertyValues<this>) {
    if (changed.has("client")) {
      this.#record.close()
      void this.#said.reload()
    }
    const said = this.#said.body
    if (said && this.isConnected) void this.#record.open(said.document_id)
  }

  override updated() {
    if (this.isConnected) document.title = `${this.#name || "Client"} · WedSync`
  }

  get #name(): string {
    const name = this.#record.read("name") ?? this.#said.body?.fields.name
    return name ? value(name) : ""
  }

  override render() {
    const said = this.#said.body
    const trouble = this.#said.trouble || (this.#policy.body ? "" : this.#policy.trouble)
    if (trouble) return html`${this.#back()}<wed-empty icon="search" title="This record cannot be shown">${trouble}</wed-empty>`
    if (!said || !this.#policy.body) return html`${this.#back()}<div class="card"><wed-skeleton rows="12"></wed-skeleton></div>`
    const readonly = !mayEdit(session.value)
    const critical = this.#policy.body.fields
    const kinds = Object.fromEntries(critical.map(f => [f.path, f.kind]))
    const [tone, words] = savings[this.#record.saving]
    return html`
      ${this.#back()}
      <div class="page-head">
        <h1>${this.#name || "Without a name"}</h1>
        <div class="actions">
          <wed-faces .peers=${this.#record.peers}></wed-faces>
          <wed-badge tone=${tone} role="status" data-saving=${this.#record.saving}>${words}</wed-badge>
        </div>
      </div>
      ${this.#record.trouble ? html`<p class="gone" role="status">${this.#record.trouble} What you see is what the hub said last.</p>` : nothing}
      <div class="columns">
        <div class="stack">
          <section class="card" aria-labelledby="counts">
            <h2 id="counts">Needs approval</h2>
            <div class="critical">${critical.map(f => html`
              <wed-critical .policy=${f} .shown=${this.#shown(said, f.path)} .accepted=${fieldOf(said, f.path)}
                .conflict=${this.#conflict(said, f.path)} .synced=${this.#record.saving === "saved"}
                .readonly=${readonly || !this.#record.handle} @commit=${this.#commit} data-field=${f.path}></wed-critical>`)}
            </div>
          </section>
          <section class="card" aria-labelledby="details">
            <h2 id="details">Details</h2>
            <div class="fields">${this.#ordinary(said, critical.map(f => f.path)).map(field => this.#field(said, field, readonly))}</div>
          </section>
          <section class="card" aria-labelledby="notes">
            <h2 id="notes">Notes</h2>
            <div class="notes">${this.#text(said, "notes", readonly, true)}${this.#merged(said, "notes", readonly)}</div>
          </section>
          <section class="card" aria-labelledby="communication">
            <h2 id="communication">Communication</h2>
            <wed-timeline .client=${said.client_id}></wed-timeline>
          </section>
        </div>
        <aside class="card" aria-labelledby="history">
          <h2 id="history">History</h2>
          <wed-history .client=${said.client_id} .kinds=${kinds}></wed-history>
        </aside>
      </div>`
  }

  #back() {
    return html`<a class="back" href="/clients">${icon("back")}Clients</a>`
  }

  /** What the document shows of a field, else what the hub said of it. */
  #shown(said: Client, path: string): Value {
    const v = this.#record.read(path)
    return v === undefined ? fieldOf(said, path) : v
  }

  /** The conflict of a critical field: the document knows it without a network. */
  #conflict(said: Client, path: string): string {
    const marks = this.#record.read("sync_conflicts")
    if (marks === undefined) return said.pending[path] ?? ""
    const mark = marks && typeof marks === "object" && !Array.isArray(marks) ? marks[path] : undefined
    return typeof mark === "string" ? mark : ""
  }

  /** Ordinary fields to show: those that every record has, then what else is in this one. */
  #ordinary(said: Client, critical: string[]): string[] {
    const there = this.#record.fields() ?? Object.keys(said.fields)
    const known = new Set([...ordinary, "notes", "sync_conflicts", ...critical.map(path => path.split(".")[0]!)])
    return [...ordinary, ...there.filter(field => !known.has(field)).sort()].filter(field => !critical.includes(field))
  }

  #field(said: Client, field: string, readonly: boolean) {
    const { handle } = this.#record
    const whole = handle?.isReady() && !isText(handle.doc(), field)
    return html`
      <div class="field">
        <span class="label" aria-hidden="true">${label(field)}</span>
        ${whole || field === "guests"
          ? html`<wed-plain-field .label=${label(field)} .value=${this.#shown(said, field)} .number=${field === "guests"} .readonly=${readonly || !handle}
              data-field=${field} @commit=${(e: CustomEvent<Value>) => this.#record.write(field, e.detail)} @focusin=${() => this.#record.at(field)}></wed-plain-field>`
          : this.#text(said, field, readonly, false)}
        ${this.#merged(said, field, readonly)}
      </div>`
  }

  #text(said: Client, field: string, readonly: boolean, multiline: boolean) {
    return html`<wed-cotext .handle=${this.#record.handle} .said=${fieldOf(said, field)} .field=${field} .label=${label(field)} .multiline=${multiline} .readonly=${readonly}
      .peers=${this.#record.peers.filter(peer => peer.field === field)} data-field=${field} @caret=${this.#caret}></wed-cotext>`
  }

  #merged(said: Client, field: string, readonly: boolean) {
    const entry = said.merged?.[field]
    return entry ? html`<wed-merged .entry=${entry} .readonly=${readonly}></wed-merged>` : nothing
  }

  #commit = (event: CustomEvent<{ field: string; value: Value }>) => {
    this.#record.write(event.detail.field, event.detail.value)
  }

  #caret = (event: CustomEvent<{ field: string; caret: number }>) => {
    this.#record.at(event.detail.field, event.detail.caret)
  }
}

function fieldOf(said: Client, path: string): Value {
  let at: Value = said.fields
  for (const key of path.split(".")) {
    if (at === null || typeof at !== "object" || Array.isArray(at)) return null
    at = at[key] ?? null
  }
  return at
}
