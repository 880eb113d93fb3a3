import { css, html, LitElement, nothing } from "lit"
import { customElement, property } from "lit/decorators.js"
import { deviceNames } from "../devicenames"
import { device, label, value, who } from "../format"
import { distance, longValue, why } from "../saying"
import { base, controls } from "../styles"
import type { Kind } from "../typed"
import type { Proposal, Surrounding, Value } from "../types"
import { Watch } from "../watch"
import "./badge"
import { clocks } from "./clocks"
import "./diff"

const sources: Partial<Record<NonNullable<Proposal["source"]>, string>> = { api: "Through the API", webhook: "Through a connection" }
const states: Partial<Record<Proposal["state"], string>> = {
  accepted: "accepted", rejected: "not taken", superseded: "replaced by its author", withdrawn: "taken back", no_change: "counts already",
}

/** A value that was proposed, beside others: what differs, whose it is, since when, and
 *  what its author edited around it. Its buttons go in the slot. */
@customElement("wed-proposal")
export class ProposalView extends LitElement {
  static override styles = [base, controls, css`
    :host { display: flex; flex-direction: column; gap: var(--space-2); min-inline-size: 0; }
    .head { display: flex; flex-wrap: wrap; align-items: center; gap: var(--space-1) var(--space-2); font-size: var(--size-small); color: var(--text-soft); }
    .head strong { color: var(--text); font-weight: 600; overflow-wrap: anywhere; }
    .value { font-size: var(--size-large); line-height: 1.35; font-weight: 560; overflow-wrap: anywhere; max-block-size: 14rem; overflow: auto; padding-block-end: 0.2em; /* the lines under what differs need no scrollbar */ }
    .far { font-size: var(--size-small); color: var(--text-soft); }
    .facts { display: grid; gap: 0.15rem; font-size: var(--size-small); color: var(--text-soft); }
    .clock { padding: 0 0.35em; border: 1px solid var(--line); border-radius: 0.25rem; font-size: 0.92em; white-space: nowrap; }
    summary { cursor: pointer; padding-block: 0.2rem; font-size: var(--size-small); color: var(--accent); }
    .around { display: grid; gap: var(--space-1); padding: var(--space-2) 0 0 var(--space-3); border-inline-start: 2px solid var(--line); font-size: var(--size-small); }
    .around dt { color: var(--text-soft); }
    .around dd { overflow-wrap: anywhere; white-space: pre-line; }
    .around del { color: var(--text-soft); }
    slot { display: flex; flex-wrap: wrap; gap: var(--space-2); margin-block-start: auto; }
    :host([dim]) .value { color: var(--text-soft); font-weight: 450; }
  `]

  @property({ attribute: false }) proposal!: Proposal
  @property({ attribute: false }) current: Value = null
  @property() kind: Kind = "any"
  /** Why the conflict waits, which is not said again. */
  @property() known = ""
  /** Its number on the card, 0 if it stands alone. */
  @property({ type: Number }) n = 0
  /** Whether it arrived while the card was open. */
  @property({ type: Boolean }) fresh = false
  @property() me = ""
  @property({ type: Boolean, reflect: true }) dim = false

  constructor() {
    super()
    new Watch(this, deviceNames)
  }

  override render() {
    const p = this.proposal
    const far = distance(this.current, p.value, this.kind)
    return html`
      <p class="head">
        ${this.n ? html`<kbd aria-hidden="true">${this.n}</kbd>` : nothing}
        <span><strong>${p.author.user === this.me ? "You" : p.author.user || "Somebody"}</strong>${p.author.device ? html` on ${device(p.author.device)}` : nothing}</span>
        ${this.fresh ? html`<wed-badge tone="accent">just arrived</wed-badge>` : nothing}
        ${states[p.state] ? html`<wed-badge tone=${p.state === "accepted" ? "good" : "plain"}>${states[p.state]}</wed-badge>` : nothing}
      </p>
      <p class="value">${p.value === null
        ? html`<em class="soft">Clears the field</em>`
        : html`<wed-diff .from=${this.#before()} .to=${longValue(p.value, this.kind)} .both=${this.kind === "text"}></wed-diff>`}</p>
      ${far ? html`<p class="far">${far}</p>` : nothing}
      <div class="facts">
        ${clocks(p.edited_at, p.received_at)}
        ${p.reason === this.known ? nothing : html`<p>${why(p.reason)}</p>`}
        ${p.source && sources[p.source] ? html`<p>${sources[p.source]}</p>` : nothing}
        ${p.author.carried_by ? html`<p>Delivered by ${p.author.carried_by}</p>` : nothing}
        ${p.co_authors.length ? html`<p>Also proposed by ${p.co_authors.map(who).join(", ")}</p>` : nothing}
      </div>
      ${this.#around(p.surrounding ?? [])}
      <slot></slot>`
  }

  /** What its text is compared with; of a number no digit alone means anything. */
  #before(): string {
    const none = this.current === null || typeof this.proposal.value === "number"
    return none ? "" : longValue(this.current, this.kind)
  }

  #around(edits: Surrounding[]) {
    if (edits.length === 0) return nothing
    return html`
      <details ?open=${edits.length <= 4}>
        <summary>${edits.length === 1 ? "One other edit" : `${edits.length} other edits`} in the same minutes</summary>
        <dl class="around">${edits.map(e => html`
          <div>
            <dt>${label(e.field)}${e.outcome ? html` · ${label(e.outcome).toLowerCase()}` : nothing}</dt>
            <dd>${typeof e.before === "string" && typeof e.after === "string" && e.before.length + e.after.length > few
              ? html`<wed-diff .from=${e.before} .to=${e.after} brief></wed-diff>`
              : html`${e.before === null || e.before === "" ? nothing : html`<del><bdi>${short(e.before)}</bdi></del> → `}${e.after === null ? html`<em>cleared</em>` : html`<bdi>${short(e.after)}</bdi>`}`}</dd>
          </div>`)}</dl>
      </details>`
  }
}

const few = 60 // characters of two texts that are shown one after the other
const most = 160 // characters of a surrounding value

function short(v: Value): string {
  const text = value(v)
  return text.length > most ? text.slice(0, most) + "…" : text
}
