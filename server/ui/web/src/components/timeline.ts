import { css, html, LitElement, nothing, type PropertyValues } from "lit"
import { customElement, property, query, state } from "lit/decorators.js"
import { repeat } from "lit/directives/repeat.js"
import { get, post, put, reachable, told } from "../api"
import { kindNames, lack, others, sourceName, type Communication, type CommunicationSource, type OpenCommunication, type Synced } from "../communications"
import { ago, duration, time } from "../format"
import { Loading } from "../loading"
import { once } from "../once"
import { mayEdit, mayMatch, session } from "../session"
import { base, controls } from "../styles"
import type { Page } from "../types"
import { Watch } from "../watch"
import { icon } from "./icon"
import { toast } from "./toasts"

const pageSize = 20
const rest = 250 // milliseconds after a key until it is searched for

/** What a client and the supplier told each other, the newest first, and where people write to each other about it. */
@customElement("wed-timeline")
export class Timeline extends LitElement {
  static override styles = [base, controls, css`
    .tools { display: flex; flex-wrap: wrap; gap: var(--space-2); padding: var(--space-3) var(--space-4); }
    .tools input { flex: 1 1 12rem; inline-size: auto; min-inline-size: 0; }
    .tools svg { inline-size: 1rem; block-size: 1rem; }
    select { inline-size: auto; max-inline-size: 11rem; }
    .lacks { padding: 0 var(--space-4) var(--space-2); display: grid; gap: var(--space-1); font-size: var(--size-small); color: var(--wait); }
    .lacks li { overflow-wrap: anywhere; }
    ol > li { border-block-start: 1px solid var(--line); }
    .item { display: grid; grid-template-columns: auto minmax(0, 1fr) auto; gap: var(--space-1) var(--space-3); inline-size: 100%; padding: var(--space-3) var(--space-4); border: 0; border-radius: 0; background: none; text-align: start; font-weight: 400; line-height: 1.4; justify-content: initial; }
    .item svg { inline-size: 1.1rem; block-size: 1.1rem; margin-block-start: 0.1rem; color: var(--text-soft); }
    .who { font-weight: 580; }
    .mine .who { font-weight: 450; }
    .item time { font-size: var(--size-small); color: var(--text-soft); white-space: nowrap; }
    .line { grid-column: 2 / -1; color: var(--text-soft); }
    .line b { font-weight: 560; color: var(--text); }
    .open { display: grid; gap: var(--space-3); padding: 0 var(--space-4) var(--space-4) calc(var(--space-4) + 1.1rem + var(--space-3)); }
    .text { white-space: pre-wrap; overflow-wrap: anywhere; max-block-size: 32rem; overflow: auto; }
    dl { display: grid; grid-template-columns: auto minmax(0, 1fr); gap: var(--space-1) var(--space-3); font-size: var(--size-small); }
    dt { color: var(--text-soft); }
    dd { overflow-wrap: anywhere; }
    form { display: grid; grid-template-columns: minmax(0, 1fr) auto; align-items: end; gap: var(--space-2); padding: var(--space-3) var(--space-4); border-block-start: 1px solid var(--line); }
    textarea { min-block-size: 2.5rem; field-sizing: content; max-block-size: 12rem; }
    .more { padding: var(--space-3) var(--space-4); border-block-start: 1px solid var(--line); }
    @media (max-width: 30rem) { .open { padding-inline-start: var(--space-4); } }
  `]

  @property() client = ""
  @state() private search = ""
  @state() private kind = ""
  @state() private older: Communication[] = []
  @state() private next: string | null = null
  @state() private opened = ""
  @state() private detail?: OpenCommunication
  @state() private busy = ""
  @query("textarea") private text?: HTMLTextAreaElement
  #latest = new Loading<Page<Communication>>(this, () => (this.client ? this.#path() : ""), ["wedsync.activity.posted"])
  #sources = new Loading<Page<CommunicationSource>>(this, () => "/api/integrations/communication/sources", ["wedsync.activity.posted", "wedsync.communications.progress"])
  #timer?: ReturnType<typeof setTimeout>

  constructor() {
    super()
    new Watch(this, session, reachable)
  }

  override willUpdate(changed: PropertyValues<this>) {
    if (changed.has("client") && changed.get("client") !== undefined) this.#anew()
  }

  override render() {
    const lacks = (this.#sources.body?.items ?? []).filter(s => lack(s) !== "")
    return html`
      <div class="tools" role="search">
        <input type="search" aria-label="Search communication" placeholder="Words, names, addresses…" .value=${this.search} @input=${this.#find}>
        <select aria-label="Kind" @change=${this.#choose}>
          <option value="">Everything</option>
          ${Object.entries(kindNames).map(([kind, [name]]) => html`<option value=${kind} ?selected=${kind === this.kind}>${name}</option>`)}
        </select>
        <button ?disabled=${this.busy !== "" || !reachable.value} @click=${this.#sync}>${icon("status")}<span>${this.busy === "sync" ? "Looking…" : "Look for new"}</span></button>
      </div>
      ${lacks.length ? html`<ul class="lacks" role="status">${lacks.map(s => html`<li>${sourceName(s.source)}${s.account ? ` (${s.account})` : ""} ${lack(s)}.</li>`)}</ul>` : nothing}
      ${mayEdit(session.value) ? html`
        <form @submit=${this.#write}>
          <textarea rows="1" aria-label="Message to your colleagues" placeholder="Write to your colleagues about this client…" maxlength="16000" @keydown=${this.#enter}></textarea>
          <button class="primary" ?disabled=${this.busy !== ""}>Send</button>
        </form>` : nothing}
      ${this.#list()}
      ${mayMatch(session.value) ? html`<p class="more small soft">Something missing? <a href="/unmatched">Messages that are no client’s yet</a></p>` : nothing}`
  }

  #list() {
    const page = this.#latest.body
    if (this.#latest.trouble) return html`<p class="more error">${this.#latest.trouble}</p>`
    if (!page) return html`<wed-skeleton></wed-skeleton>`
    const known = new Set(page.items.map(c => c.id))
    const items = [...page.items, ...this.older.filter(c => !known.has(c.id))]
    const next = this.older.length ? this.next : page.next
    if (items.length === 0) return html`<wed-empty icon="message" title=${this.search || this.kind ? "Nothing fits" : "Nothing yet"}>
      ${this.search || this.kind ? "No mail, message or call with this client fits." : "Mails, text messages, calls and meetings with this client’s addresses and numbers appear here once an account is connected."}</wed-empty>`
    return html`
      <ol>${repeat(items, c => c.id, c => this.#item(c))}</ol>
      ${next ? html`<div class="more"><button class="small" @click=${() => this.#more(next)}>Older</button></div>` : nothing}`
  }

  #item(c: Communication) {
    const [name, drawing] = kindNames[c.kind] ?? [c.kind, "more" as const]
    const open = this.opened === c.id
    return html`
      <li class=${c.direction === "inbound" ? "" : "mine"} data-kind=${c.kind}>
        <button class="item" aria-expanded=${open} @click=${() => this.#open(c)}>
          ${icon(drawing)}
          <span class="who cut"><span class="hidden-text">${name}: </span>${c.direction === "outbound" ? "to " : ""}${others(c) || name}</span>
          <time datetime=${c.occurred_at} title=${time(c.occurred_at, { exact: true })}>${ago(c.occurred_at)}</time>
          <span class="line cut">${c.subject ? html`<b>${c.subject}</b> ` : nothing}${c.snippet || (c.subject ? nothing : name)}</span>
        </button>
        ${open ? html`<div class="open">${this.#detail(c)}</div>` : nothing}
      </li>`
  }

  #detail(c: Communication) {
    const d = this.detail?.id === c.id ? this.detail : undefined
    if (!d) return html`<wed-skeleton rows="3"></wed-skeleton>`
    const people = d.participants.map(p => `${[p.name, p.address].filter(Boolean).join(" · ")} (${p.role})`)
    const facts: [string, string][] = [
      ["When", time(d.occurred_at, { exact: true })],
      ["Who", people.join(", ")],
      ["State", (d.state ?? "").replaceAll("_", " ")],
      ["Took", d.seconds ? duration(new Date(0), new Date(d.seconds * 1000)) : ""],
      ["Where", d.conference ?? d.location ?? ""],
      ["Files", (d.attachments ?? []).map(a => a.name).join(", ")],
      ["Found in", d.occurrences.map(o => sourceName(o.source)).join(", ")],
    ]
    return html`
      ${d.body ? html`<div class="text" tabindex="0" role="region" aria-label="Text">${d.body}</div>` : nothing}
      <dl>${facts.filter(([, text]) => text !== "").map(([name, text]) => html`<dt>${name}</dt><dd>${text}</dd>`)}</dl>
      ${mayEdit(session.value) && c.kind !== "message" && c.kind !== "note" ? html`<div><button class="small plain" @click=${() => this.#unlink(c)}>Not about this client</button></div>` : nothing}`
  }

  #path(cursor = ""): string {
    const asked = new URLSearchParams({ limit: String(pageSize) })
    if (this.kind) asked.set("kind", this.kind)
    if (this.search.trim()) asked.set("q", this.search.trim())
    if (cursor) asked.set("cursor", cursor)
    return `${this.#base}/communications?${asked}`
  }

  get #base(): string {
    return `/api/clients/${encodeURIComponent(this.client)}`
  }

  #anew() {
    this.older = []
    this.next = null
    this.opened = ""
    void this.#latest.reload()
  }

  #find(event: Event) {
    this.search = (event.target as HTMLInputElement).value
    clearTimeout(this.#timer)
    this.#timer = setTimeout(() => this.#anew(), rest)
  }

  #choose(event: Event) {
    this.kind = (event.target as HTMLSelectElement).value
    this.#anew()
  }

  async #open(c: Communication) {
    this.opened = this.opened === c.id ? "" : c.id
    if (!this.opened || this.detail?.id === c.id) return
    await this.#try(async () => {
      this.detail = (await get<OpenCommunication>(`${this.#base}/communications/${encodeURIComponent(c.id)}`)).body
    })
  }

  async #more(next: string) {
    await this.#try(async () => {
      const { body } = await get<Page<Communication>>(this.#path(next))
      this.older = [...this.older, ...body.items]
      this.next = body.next
    })
  }

  async #sync() {
    this.busy = "sync"
    await this.#try(async () => {
      const { sources } = await post<Synced>("/api/integrations/communication/sync", { client_id: this.client, wait: "15s" })
      const lacking = sources.filter(s => lack(s) !== "")
      if (lacking.length === 0) toast({ text: "All sources are up to date.", tone: "good", lasts: 4000 })
    })
    this.busy = ""
    void this.#sources.reload()
    this.#anew()
  }

  #enter(event: KeyboardEvent) {
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) void this.#write(event)
  }

  #write = async (event: Event) => {
    event.preventDefault()
    const text = this.text?.value.trim() ?? ""
    if (!text || this.busy) return
    this.busy = "send"
    await this.#try(async () => {
      await once(`${this.#base}/messages`, { text })
      this.text!.value = ""
    })
    this.busy = ""
    this.#anew()
  }

  async #unlink(c: Communication) {
    await this.#try(async () => {
      await put(`${this.#base}/communications/${encodeURIComponent(c.id)}/link`, { state: "unlinked" })
      toast({
        text: "It is no longer among this client’s.", lasts: 8000,
        action: {
          label: "Undo", run: () => void this.#try(async () => {
            await put(`${this.#base}/communications/${encodeURIComponent(c.id)}/link`, { state: "linked" })
            this.#anew()
          }),
        },
      })
    })
    this.#anew()
  }

  /** Does something, or tells why that failed. */
  async #try(act: () => Promise<void>) {
    try {
      await act()
    } catch (error) {
      toast({ text: told(error), tone: "bad" })
    }
  }
}
