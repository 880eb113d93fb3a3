import { css, html, LitElement, nothing } from "lit"
import { customElement, property, state } from "lit/decorators.js"
import { get, patch, told } from "../api"
import { deviceNames } from "../devicenames"
import { ago, label, time, value, who } from "../format"
import { Loading } from "../loading"
import { mayEdit, session } from "../session"
import { base, controls } from "../styles"
import type { Client, HistoryItem, Page, Value } from "../types"
import { Watch } from "../watch"
import { toast } from "./toasts"

const outcomes: Record<string, [string, string]> = {
  accepted: ["good", "counts"], diverted: ["wait", "waits for approval"], rejected: ["bad", "rejected"], no_change: ["plain", "no change"],
}

/** What happened to a record, the newest first, and the way back to an old value. */
@customElement("wed-history")
export class History extends LitElement {
  static override styles = [base, controls, css`
    :host { padding-block-start: var(--space-3); }
    ol { display: grid; }
    li { display: grid; gap: var(--space-1); padding: var(--space-3) var(--space-4); border-block-start: 1px solid var(--line); }
    .top { display: flex; flex-wrap: wrap; align-items: baseline; gap: var(--space-1) var(--space-2); }
    .top strong { flex: 1; }
    .change { overflow-wrap: anywhere; }
    .arrow { color: var(--text-faint); padding-inline: 0.35em; }
    .foot > span { flex: 1; text-wrap: balance; }
    .foot { display: flex; align-items: center; justify-content: space-between; gap: var(--space-1) var(--space-2); font-size: var(--size-small); color: var(--text-soft); min-block-size: 1.75rem; }
    .note { font-style: italic; color: var(--text-soft); }
    .more { padding: var(--space-3) var(--space-4); }
  `]

  @property() client = ""
  @property({ attribute: false }) kinds: Record<string, string> = {}
  @state() private older: HistoryItem[] = []
  @state() private next: string | null = null
  #latest = new Loading<Page<HistoryItem>>(this, () => `/api/clients/${encodeURIComponent(this.client)}/history?limit=30`, ["wedsync.client.", "wedsync.conflict."])

  constructor() {
    super()
    new Watch(this, deviceNames)
  }

  override render() {
    const page = this.#latest.body
    if (this.#latest.trouble) return html`<p class="more error">${this.#latest.trouble}</p>`
    if (!page) return html`<wed-skeleton></wed-skeleton>`
    const next = this.older.length ? this.next : page.next
    return html`
      <ol>${[...page.items, ...this.older].map(item => this.#item(item))}</ol>
      ${next ? html`<div class="more"><button class="small" @click=${() => this.#more(next)}>Older</button></div>` : nothing}`
  }

  #item(h: HistoryItem) {
    const [tone, words] = outcomes[h.outcome ?? ""] ?? ["", ""]
    const decided = h.decision?.action ? `decided: ${h.decision.action}` : ""
    return html`
      <li>
        <div class="top"><strong>${h.field ? label(h.field) : label(h.kind)}</strong>
          ${words && words !== "counts" ? html`<wed-badge tone=${tone}>${words}</wed-badge>` : nothing}
          ${decided ? html`<wed-badge tone="accent">${decided}</wed-badge>` : nothing}</div>
        ${h.field ? html`<div class="change">${this.#change(h)}</div>` : nothing}
        ${h.decision?.note ? html`<p class="note">“${h.decision.note}”</p>` : nothing}
        <div class="foot"><span title=${time(h.at, { exact: true })}>${who(h.author)}, ${ago(h.at)}</span>${this.#back(h)}</div>
      </li>`
  }

  #change(h: HistoryItem) {
    if (typeof h.before === "string" && typeof h.after === "string" && h.before.length + h.after.length > 40) {
      return html`<wed-diff .from=${h.before} .to=${h.after} brief></wed-diff>`
    }
    const kind = this.kinds[h.field ?? ""] ?? "any"
    return html`<bdi class="soft">${value(h.before, kind)}</bdi><span class="arrow" aria-label="became">→</span><bdi>${value(h.after, kind)}</bdi>`
  }

  #back(h: HistoryItem) {
    if (!h.field || h.before === null || h.before === "" || !mayEdit(session.value)) return nothing
    return html`<button class="small plain" title="Set this value again" @click=${() => this.#restore(h.field!, h.before)}>Restore</button>`
  }

  async #restore(field: string, before: Value) {
    try {
      const answer = await patch<Client>(`/api/clients/${encodeURIComponent(this.client)}`, { fields: { [field]: before } })
      const outcome = answer.verdicts?.[field]?.outcome
      toast(outcome === "diverted"
        ? { text: `${label(field)}: ${value(before)} waits for approval.`, tone: "wait", lasts: 6000 }
        : { text: `${label(field)} is ${value(before)} again.`, tone: "good", lasts: 6000 })
    } catch (error) {
      toast({ text: told(error), tone: "bad" })
    }
  }

  async #more(next: string) {
    try {
      const page = await get<Page<HistoryItem>>(`/api/clients/${encodeURIComponent(this.client)}/history?limit=30&cursor=${encodeURIComponent(next)}`)
      this.older = [...this.older, ...page.body.items]
      this.next = page.body.next
    } catch (error) {
      toast({ text: told(error), tone: "bad" })
    }
  }
}
