import { css, html, LitElement, nothing } from "lit"
import { customElement, query, state } from "lit/decorators.js"
import { guard } from "lit/directives/guard.js"
import { repeat } from "lit/directives/repeat.js"
import type { BulkOutcome } from "../bulk"
import "../components/all"
import "../components/bulkdialog"
import type { BulkDialog } from "../components/bulkdialog"
import "../components/conflictcard"
import type { Choice, ConflictCard } from "../components/conflictcard"
import "../components/inboxfilters"
import type { InboxFilters } from "../components/inboxfilters"
import "../components/keyhelp"
import "../components/lately"
import type { KeyHelp } from "../components/keyhelp"
import { toast } from "../components/toasts"
import { Deciding } from "../deciding"
import { draftOf, dropDraft, isTyped } from "../drafts"
import { count } from "../format"
import { Gradually } from "../gradually"
import { Loading } from "../loading"
import { Queue } from "../queue"
import { go, place } from "../router"
import { mayDecide, mayEdit, session } from "../session"
import { shortcut } from "../shortcuts"
import { base, controls, pageFrame } from "../styles"
import type { Kind } from "../typed"
import type { Conflict, Policy, Proposal } from "../types"
import { Watch } from "../watch"

const filters = ["field", "device", "author", "search", "sort"]

/** The conflicts that wait for a decision, and those that were decided. */
@customElement("wed-inbox")
export class InboxPage extends LitElement {
  static override styles = [base, controls, pageFrame, css`
    .views { display: flex; gap: var(--space-1); }
    .views a { padding: 0.35rem 0.8rem; border-radius: 2rem; color: var(--text-soft); text-decoration: none; font-weight: 550; }
    .views a:hover { background: var(--sunken); }
    .views a[aria-current] { background: var(--accent-wash); color: var(--accent-strong); }
    wed-inbox-filters { margin-block-end: var(--space-4); }
    .list > li { margin-block-end: var(--space-2); content-visibility: auto; contain-intrinsic-size: auto 3.4rem; }
    .list > li.current { content-visibility: visible; }
    .told { min-block-size: 1.5em; margin-block-end: var(--space-2); }
    .more { text-align: center; }
    .help { min-inline-size: 2.25rem; padding-inline: 0.5rem; }
    @media (hover: none) { .help { display: none; } }
  `]

  @state() private at = "" // the current conflict
  @state() private read = "" // out, by a screen reader: the page shows it
  @query("wed-inbox-filters") private filters?: InboxFilters
  @query("wed-bulk") private bulk!: BulkDialog
  @query("wed-key-help") private help!: KeyHelp
  #policy = new Loading<Policy>(this, () => "/api/policy", ["wedsync.policy"], { first: true })
  #queue = new Queue(this, () => this.#asked(), gone => this.#vanish(gone))
  #deciding = new Deciding(this, this.#queue, {
    kind: c => this.#kind(c.field), say: text => this.#say(text), decided: id => this.#step(id), again: c => this.#stay(c.id),
    reopened: id => this.#await(id),
  })
  #gradually = new Gradually(this)
  #path = ""
  #named = "" // by the address
  #wanted = "" // to be the current one as soon as it is shown
  #within = false // whether the keyboard was on the page before it rendered
  #last = 0 // where the current one was
  #hush?: () => void // takes away what was told last

  constructor() {
    super()
    new Watch(this, place, session)
  }

  override connectedCallback() {
    this.#follow()
    super.connectedCallback()
    window.addEventListener("keydown", this.#key)
  }

  override disconnectedCallback() {
    super.disconnectedCallback()
    window.removeEventListener("keydown", this.#key)
  }

  override willUpdate() {
    this.#within = Boolean(this.shadowRoot?.activeElement)
    if (place.value.page === "inbox" && (this.#path !== this.#asked() || this.#named !== (place.value.query.get("conflict") ?? ""))) {
      this.#follow()
      void this.#queue.reload()
    }
    const items = this.#queue.fresh ? this.#queue.items : []
    const index = items.findIndex(c => c.id === this.at)
    if (index >= 0) this.#last = index
    else this.at = items[Math.min(this.#last, items.length - 1)]?.id ?? ""
    for (const c of items) {
      if (c.id !== this.at && this.#isOver(c) && !isTyped(draftOf(c.id))) this.#queue.drop(c.id) // it was only being looked at
    }
    if (this.#wanted && items.some(c => c.id === this.#wanted)) {
      this.#go(this.#wanted)
      this.#wanted = ""
    }
  }

  override updated() {
    if (this.#within && !this.shadowRoot?.activeElement) this.#land()
    const more = this.renderRoot.querySelector(".more")
    if (more && !this.#watched.has(more)) {
      this.#watched.add(more)
      this.#near.observe(more)
    }
  }

  #watched = new WeakSet<Element>()
  #near = new IntersectionObserver(seen => seen.some(s => s.isIntersecting) && void this.#queue.more(), { rootMargin: "600px" })

  override render() {
    const s = session.value
    const decided = this.#decidedView
    return html`
      <div class="page-head">
        <h1 tabindex="-1">Inbox</h1>
        <div class="actions">
          <nav class="views" aria-label="Which conflicts">
            <a href="/inbox" aria-current=${decided ? nothing : "true"}>Waiting${decided || !this.#queue.loaded ? nothing : html` <span class="number">${count(this.#queue.total)}</span>`}</a>
            <a href="/inbox?show=decided" aria-current=${decided ? "true" : nothing}>Decided</a>
          </nav>
          <button class="plain help" aria-label="Keys" title="Keys (?)" @click=${() => this.help.open()}><kbd>?</kbd></button>
        </div>
      </div>
      <wed-inbox-filters ?hidden=${this.#queue.fresh && this.#queue.items.length === 0 && !this.#filtered} .query=${place.value.query} .order=${decided ? "newest" : "oldest"} .counts=${this.#queue.counts} .devices=${this.#queue.devices} .me=${mayEdit(s) ? s!.user : ""}
        .fields=${this.#policy.body?.fields.map(f => f.path) ?? []} @change=${this.#filter} @leave=${this.#land}></wed-inbox-filters>
      ${this.#queue.old ? html`<p class="told small soft">Shown as it was when the hub was last reached.</p>` : nothing}
      ${this.#queue.trouble ? html`<p class="error pad card" role="alert">${this.#queue.trouble} <button class="small" @click=${() => this.#queue.reload()}>Try again</button></p>` : nothing}
      ${this.#list()}
      <p class="hidden-text" role="status" aria-live="polite">${this.read}</p>
      <wed-bulk .kind=${this.#kind(this.#currentOne?.field ?? "")} @decided=${this.#bulkDone}></wed-bulk>
      <wed-key-help></wed-key-help>`
  }

  #list() {
    const { items, loaded, hasMore, trouble } = this.#queue
    if (!loaded && items.length === 0) return trouble ? nothing : html`<div class="card"><wed-skeleton></wed-skeleton></div>`
    if (items.length === 0) return this.#empty()
    const shown = this.#gradually.of(items, items.findIndex(c => c.id === this.at) + 1)
    return html`
      <ul class="list" aria-label=${this.#decidedView ? "Decided conflicts" : "Conflicts that wait"}>
        ${repeat(shown, c => c.id, c => html`<li class=${c.id === this.at ? "current" : ""}>${this.#card(c)}</li>`)}
        ${hasMore && shown === items ? html`<li class="more"><button @click=${() => this.#queue.more()}>Show more</button></li>` : nothing}
      </ul>`
  }

  /** A card, which is looked at again only if something about it changed: a key moves between two of hundreds. */
  #card(c: Conflict) {
    const current = c.id === this.at
    const [kind, left, busy, trouble, undoable] = [this.#kind(c.field), this.#isOver(c), this.#deciding.busy.has(c.id), this.#deciding.trouble.get(c.id) ?? "", this.#undoable(c)]
    return guard([c, current, kind, left, busy, trouble, undoable, session.value], () => html`
      <wed-conflict .conflict=${c} .kind=${kind} ?current=${current} .decides=${mayDecide(session.value)} .me=${session.value?.user ?? ""}
        .left=${left} .busy=${busy} .trouble=${trouble} .undoable=${undoable}
        @open=${() => this.#go(c.id)} @say=${(e: CustomEvent<string>) => this.#say(e.detail)} @read=${(e: CustomEvent<string>) => (this.read = e.detail)}
        @decide=${(e: CustomEvent<Choice>) => this.#deciding.decide(e.detail)}
        @withdraw=${(e: CustomEvent<Proposal>) => this.#deciding.withdraw(c, e.detail)}
        @reopen=${() => this.#deciding.reopen([c])} @bulk=${() => this.bulk.open(c)} @dismiss=${() => this.#dismiss(c)}></wed-conflict>`)
  }

  #empty() {
    if (this.#filtered) {
      return html`<div class="card"><wed-empty icon="search" title="Nothing fits"><a href=${this.#decidedView ? "/inbox?show=decided" : "/inbox"}>Show all</a></wed-empty></div>`
    }
    if (this.#decidedView) return html`<div class="card"><wed-empty icon="history" title="Nothing was decided yet">Decisions stand here, to be looked up and, for a while, reopened.</wed-empty></div>`
    return html`
      <div class="card"><wed-empty icon="check" title="All decided" tabindex="-1">
        Nobody waits for an answer. What needs one appears here by itself.
        <wed-lately></wed-lately>
      </wed-empty></div>`
  }

  get #filtered(): boolean {
    return ["field", "device", "author", "search"].some(name => place.value.query.has(name))
  }

  get #decidedView(): boolean {
    return place.value.query.get("show") === "decided"
  }

  get #currentOne(): Conflict | undefined {
    return this.#queue.items.find(c => c.id === this.at)
  }

  get #currentCard(): ConflictCard | null {
    return this.renderRoot.querySelector<ConflictCard>("wed-conflict[current]")
  }

  #kind(field: string): Kind {
    return this.#policy.body?.fields.find(f => f.path === field)?.kind ?? "any"
  }

  /** Whether a conflict stands among those that wait, and does not. */
  #isOver(c: Conflict): boolean {
    return !this.#decidedView && c.status !== "pending"
  }

  #undoable(c: Conflict): boolean {
    const hours = this.#policy.body?.reopen_hours ?? 0
    return c.status === "resolved" && !c.reopened_as && c.decision !== undefined && Date.now() - Date.parse(c.decision.at) < hours * 3_600_000
  }

  /** Takes what is to be shown from the address. */
  #follow() {
    this.#path = this.#asked()
    this.#named = this.#wanted = this.#queue.lead = place.value.query.get("conflict") ?? ""
    this.#last = 0
  }

  /** The hub's query of what is shown. */
  #asked(): string {
    const { query: shown } = place.value
    const asked = new URLSearchParams({ status: shown.get("show") === "decided" ? "resolved" : "pending" })
    for (const name of filters) if (shown.get(name)) asked.set(name, shown.get(name)!)
    if (shown.get("show") === "decided" && !shown.has("sort")) asked.set("sort", "newest")
    return asked.toString()
  }

  #filter(event: CustomEvent<URLSearchParams>) {
    event.detail.delete("conflict")
    const text = event.detail.toString()
    go(text ? `/inbox?${text}` : "/inbox", { replace: true })
  }

  /** Whether a conflict that left the queue stays on the page, as it ended. */
  #vanish(gone: Conflict): boolean {
    if (this.#deciding.busy.has(gone.id) || this.#deciding.own.has(gone.id)) return false
    const stays = gone.id === this.at || isTyped(draftOf(gone.id))
    if (stays) this.#say(`${gone.client_name} was decided by somebody else.`)
    return stays
  }

  #dismiss(c: Conflict) {
    dropDraft(c.id)
    this.#deciding.trouble.delete(c.id)
    this.#step(c.id)
    this.#queue.drop(c.id)
  }

  #bulkDone(event: CustomEvent<BulkOutcome>) {
    const { decided, refused } = event.detail
    for (const c of decided) {
      dropDraft(c.id)
      this.#deciding.own.add(c.id)
      this.#queue.drop(c.id)
    }
    for (const [id, why] of refused) this.#deciding.trouble.set(id, why)
    if (decided.length === 0 && refused.size === 0) return
    const text = `${count(decided.length)} decided${refused.size ? `, ${count(refused.size)} have moved on and wait for a look` : ""}.`
    this.#deciding.remember(decided, text)
    this.#queue.soon()
  }

  /** Goes on to the next after one is done with. */
  #step(id: string) {
    const { items } = this.#queue
    const i = items.findIndex(c => c.id === id)
    if (id !== this.at || i < 0) return
    const next = items[i + 1] ?? items[i - 1]
    if (next) this.#go(next.id)
    else {
      this.at = ""
      void this.updateComplete.then(() => this.#land())
    }
  }

  #stay(id: string) {
    if (id === this.at) void this.updateComplete.then(() => this.#currentCard?.focus())
  }

  #go(id: string) {
    this.at = id
    this.read = ""
    void this.updateComplete.then(async () => {
      const card = this.#currentCard
      if (!card) return
      await card.updateComplete
      card.focus()
      card.scrollIntoView({ block: "nearest" })
    })
  }

  /** Goes to a conflict as soon as it is in the queue. */
  #await(id: string) {
    this.#wanted = id
    this.requestUpdate()
  }

  /** Puts the keyboard, whose place is gone, where it is of use. */
  #land() {
    const place = this.#currentCard ?? this.renderRoot.querySelector<HTMLElement>("wed-empty") ?? this.renderRoot.querySelector<HTMLElement>("h1")
    place?.focus()
  }

  #move(by: number) {
    const { items } = this.#queue
    const i = items.findIndex(c => c.id === this.at)
    const next = items[Math.max(0, Math.min(items.length - 1, i + by))]
    if (next) this.#go(next.id)
    if (by > 0 && i + by >= items.length - 5) void this.#queue.more()
  }

  #say(text: string) {
    this.#hush?.()
    if (text) this.#hush = toast({ text, lasts: 6000 })
  }

  #key = (event: KeyboardEvent) => {
    const key = shortcut(event)
    const card = this.#currentCard
    const acts: Record<string, (() => void) | undefined> = {
      j: () => this.#move(1), ArrowDown: () => this.#move(1), k: () => this.#move(-1), ArrowUp: () => this.#move(-1),
      Home: () => this.#move(-Infinity), "?": () => this.help.open(), "/": () => this.filters?.focus(), u: () => this.#deciding.undo(),
      a: () => card?.accept(), x: () => card?.keep(), e: () => card?.edit(), n: () => card?.focusNote(), w: () => card?.withdraw(),
      b: () => mayDecide(session.value) && this.#currentOne?.status === "pending" && this.bulk.open(this.#currentOne),
    }
    const act = /^[1-9]$/.test(key) ? () => card?.pick(Number(key)) : acts[key]
    if (!act) return
    event.preventDefault()
    act()
  }
}

