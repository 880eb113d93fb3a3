import { css, html, LitElement, nothing } from "lit"
import { customElement, state } from "lit/decorators.js"
import { repeat } from "lit/directives/repeat.js"
import { get, post } from "../api"
import { Offline, Problem, told } from "../problem"
import { verdictSentence } from "../saying"
import { session } from "../session"
import { onNews } from "../stream"
import { base, controls } from "../styles"
import { documents } from "../syncing"
import type { Conflict, Page, Policy, Verdict } from "../types"
import { icon } from "./icon"

const few = 2 // notices that are shown before all are asked for
const gather = 300 // milliseconds

// What was read in one tab is read in all of this browser.
const reading = new BroadcastChannel("wedsync:read")

/** What became of what somebody proposed. The hub keeps each until this device says that
 *  it was read, so that a closed tab misses none. Decisions of one's own are no news. */
@customElement("wed-verdicts")
export class Verdicts extends LitElement {
  static override styles = [base, controls, css`
    :host { padding: 0 var(--space-4); max-inline-size: 72rem; margin-inline: auto; }
    ul { display: grid; gap: var(--space-2); }
    ul:not(:empty) { padding-block-start: var(--space-4); }
    li {
      display: grid; grid-template-columns: auto minmax(0, 1fr) auto; gap: var(--space-1) var(--space-3); align-items: center; padding: var(--space-2) var(--space-2) var(--space-2) var(--space-3);
      border: 1px solid var(--line); border-inline-start: 4px solid var(--accent); border-radius: var(--radius-small); background: var(--card); box-shadow: var(--shadow);
    }
    li.good { border-inline-start-color: var(--good); }
    li.good > svg { color: var(--good); }
    li > svg { color: var(--text-soft); }
    p { overflow-wrap: anywhere; }
    q { color: var(--text-soft); }
    a { white-space: nowrap; }
    .close { padding: 0.25rem; min-inline-size: 2.25rem; color: var(--text-soft); }
    .more { display: flex; flex-wrap: wrap; gap: var(--space-3); align-items: center; padding-block-start: var(--space-2); font-size: var(--size-small); color: var(--text-soft); }
    @media (min-width: 48rem) { :host { padding-inline: var(--space-6); } }
  `]

  @state() private verdicts: Verdict[] = []
  @state() private all = false
  @state() private trouble = ""
  #names = new Map<string, string>()
  #kinds = new Map<string, Policy["fields"][number]["kind"]>()
  #acked = new Set<string>()
  #ends: (() => void)[] = []
  #timer?: ReturnType<typeof setTimeout>
  #generation = 0

  override connectedCallback() {
    super.connectedCallback()
    const forget = () => {
      this.verdicts = []
      this.#acked.clear()
      this.#soon()
    }
    this.#ends = [
      onNews(["wedsync.proposal.", "wedsync.conflict."], this.#soon),
      session.subscribe(forget),
      () => reading.removeEventListener("message", this.#elsewhere),
    ]
    reading.addEventListener("message", this.#elsewhere)
    window.addEventListener("online", this.#soon)
    void this.#read()
  }

  override disconnectedCallback() {
    super.disconnectedCallback()
    for (const end of this.#ends) end()
    window.removeEventListener("online", this.#soon)
    clearTimeout(this.#timer)
    this.#timer = undefined
    this.#generation++
  }

  override render() {
    const shown = this.all ? this.verdicts : this.verdicts.slice(0, few)
    const more = this.verdicts.length - shown.length
    return html`
      <ul aria-label="What became of your proposals" aria-live="polite">${repeat(shown, v => v.id, v => html`
        <li class=${v.outcome === "accepted" ? "good" : ""}>
          ${icon(v.outcome === "accepted" ? "check" : "history")}
          <p>${verdictSentence(v, this.#names.get(v.conflict_id) ?? "", this.#kinds.get(v.field) ?? "any")}
            ${v.decision?.note ? html`<q>${v.decision.note}</q>` : nothing}
            <a href="/clients/${encodeURIComponent(v.client_id)}">Open the record</a></p>
          <button class="plain close" aria-label="Read" title="I have read it" @click=${() => this.#ack([v])}>${icon("close")}</button>
        </li>`)}</ul>
      ${more > 0 ? html`<p class="more">${more} more of your proposals were decided <button class="small" @click=${() => (this.all = true)}>Show all</button></p>` : nothing}
      ${this.all && this.verdicts.length > 1 ? html`<p class="more"><button class="small" @click=${() => this.#ack(this.verdicts)}>I have read all</button></p>` : nothing}
      ${this.trouble ? html`<p class="error small" role="alert">${this.trouble}</p>` : nothing}`
  }

  #soon = () => {
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined
      void this.#read()
    }, gather)
  }

  #elsewhere = (message: MessageEvent<string[]>) => {
    for (const id of message.data) this.#acked.add(id)
    this.verdicts = this.verdicts.filter(v => !this.#acked.has(v.id))
  }

  async #read() {
    const mine = ++this.#generation
    try {
      const s = session.value
      if (!s) return
      const query = await device()
      if (mine !== this.#generation || session.value !== s) return // to open documents takes a while
      const page = await get<Page<Verdict>>(`/api/verdicts?${query}`)
      if (page.old) return // some of what was kept may have been read since
      const mineToKnow = page.body.items.filter(v => !this.#acked.has(v.id))
      const own = mineToKnow.filter(v => v.decision?.by.user === s.user)
      const news = mineToKnow.filter(v => v.decision?.by.user !== s.user)
      await this.#learn(news)
      if (mine !== this.#generation) return
      this.verdicts = news
      this.trouble = ""
      if (own.length > 0) void this.#ack(own)
    } catch {
      // It is read again when the hub is back, which the state of the connection tells.
    }
  }

  /** Learns the names and kinds that the sentences need. */
  async #learn(news: Verdict[]) {
    if (news.length === 0) return
    const policy = await get<Policy>("/api/policy").catch(() => undefined)
    for (const f of policy?.body.fields ?? []) this.#kinds.set(f.path, f.kind)
    await Promise.all(news.filter(v => !this.#names.has(v.conflict_id)).map(async v => {
      const c = await get<Conflict>(`/api/conflicts/${v.conflict_id}`).catch(() => undefined)
      if (c) this.#names.set(v.conflict_id, c.body.client_name)
    }))
  }

  async #ack(read: Verdict[]) {
    for (const v of read) this.#acked.add(v.id)
    const before = this.verdicts
    this.verdicts = this.verdicts.filter(v => !this.#acked.has(v.id))
    if (this.verdicts.length === 0) this.all = false
    try {
      const query = await device()
      for (const v of read) await post(`/api/verdicts/${encodeURIComponent(v.id)}/ack?${query}`)
      this.trouble = ""
      reading.postMessage(read.map(v => v.id))
      this.#soon()
    } catch (error) {
      for (const v of read) this.#acked.delete(v.id)
      this.verdicts = before
      if (error instanceof Offline || error instanceof Problem) this.trouble = told(error)
    }
  }
}

/** Names this browser's device, unless the token does. */
async function device(): Promise<string> {
  if (session.value?.device) return ""
  return new URLSearchParams({ device: await (await documents()).device() }).toString()
}
