import { html, LitElement, nothing, type PropertyValues } from "lit"
import { customElement, property, query, state } from "lit/decorators.js"
import { repeat } from "lit/directives/repeat.js"
import { get } from "../api"
import { draftOf, keepDraft, seen, type Draft } from "../drafts"
import { duration, label, value } from "../format"
import { ended, isOf, longValue, openOnes, why } from "../saying"
import { base, controls } from "../styles"
import { typedText, type Kind } from "../typed"
import type { Conflict, Proposal, Value } from "../types"
import "./badge"
import { cardStyles } from "./cardstyles"
import { icon } from "./icon"
import "./proposal"
import "./valueinput"
import type { ValueInput } from "./valueinput"

/** What somebody decided on a card. */
export type Choice = { conflict: Conflict; note: string } & (
  | { action: "accept"; proposal: Proposal }
  | { action: "keep" }
  | { action: "custom"; value: Value }
)

const rest = 150 // milliseconds on a card until what was edited around it is read

/** A conflict as a card, which opens while it is the current one. It tells of "open",
 *  "decide" (a Choice), "withdraw" (a Proposal), "reopen", "bulk", "dismiss", of what is to
 *  be told as "say" (a text), and of what the card shows and is to be read out as "read". */
@customElement("wed-conflict")
export class ConflictCard extends LitElement {
  static override styles = [base, controls, cardStyles]

  @property({ attribute: false }) conflict!: Conflict
  @property() kind: Kind = "any"
  /** Whether it is the one that keys act on. */
  @property({ type: Boolean, reflect: true }) current = false
  @property({ type: Boolean }) decides = false
  @property() me = ""
  @property({ type: Boolean }) busy = false
  /** Why the last decision was not carried out. */
  @property() trouble = ""
  /** Whether it stands in a queue that it has left. */
  @property({ type: Boolean }) left = false
  /** Whether its decision may still be reopened. */
  @property({ type: Boolean }) undoable = false
  @state() private draft!: Draft
  @state() private detail?: Conflict
  @query("wed-value-input") private input?: ValueInput
  @query("#head") private head!: HTMLElement
  #reading = ""
  #timer?: ReturnType<typeof setTimeout>
  #within = false // whether the keyboard was on it before it rendered

  override willUpdate(changed: PropertyValues<this>) {
    if (changed.get("conflict")?.id !== this.conflict.id && changed.has("conflict")) this.draft = draftOf(this.conflict.id)
    this.#within = Boolean(this.shadowRoot?.activeElement)
    // Why it was not decided says that it moved on: that is not asked about twice.
    if (changed.has("trouble") && this.trouble && this.moved) this.#keep({ ...this.draft, seen: this.conflict.version })
    if (!this.current) return this.#leave()
    if (this.draft.seen === 0) this.#keep(seen(this.draft, this.conflict))
    const read = `${this.conflict.id} ${this.conflict.version}`
    if (read !== this.#reading) {
      this.#leave()
      this.#reading = read
      this.#timer = setTimeout(() => void this.#readDetail(), rest)
    }
  }

  override updated(changed: PropertyValues<this>) {
    if (this.#within && !this.shadowRoot?.activeElement) this.focus()
    const before = changed.get("conflict")
    if (before?.id === this.conflict.id && before.version !== this.conflict.version && this.current && this.moved) {
      this.#tell("read", `Another value arrived for ${label(this.conflict.field)} of ${this.conflict.client_name}. Look again before you decide.`)
    }
  }

  /** Puts the keyboard on the card. */
  override focus() {
    void this.updateComplete.then(() => this.head.focus({ preventScroll: true }))
  }

  /** Whether it changed since it was looked at. */
  get moved(): boolean {
    return this.conflict.status === "pending" && this.draft.seen !== 0 && this.draft.seen < this.conflict.version
  }

  accept(): void {
    const open = openOnes(this.conflict)
    const picked = open.length === 1 ? open[0] : open.find(p => p.id === this.draft.picked)
    if (!picked) {
      this.#say(open.length === 0 ? "There is no proposal to accept." : `Which of the ${open.length} values? Press its number, then a.`)
      return
    }
    this.#decide({ conflict: this.conflict, note: this.draft.note, action: "accept", proposal: picked })
  }

  keep(): void {
    this.#decide({ conflict: this.conflict, note: this.draft.note, action: "keep" })
  }

  /** Picks the nth of several proposals. */
  pick(n: number): void {
    const p = openOnes(this.conflict)[n - 1]
    if (!p) return
    this.#keep({ ...this.draft, picked: p.id })
    this.#tell("read", `${value(p.value, this.kind)} is picked. Press a to accept it.`)
  }

  edit(): void {
    if (!this.decides || this.conflict.status !== "pending") return
    if (!this.draft.editing) {
      const text = this.draft.text || typedText(openOnes(this.conflict).at(-1)?.value ?? this.conflict.current.value, this.kind)
      this.#keep({ ...this.draft, editing: true, text })
    }
    void this.updateComplete.then(() => this.input?.focus())
  }

  withdraw(): void {
    const own = openOnes(this.conflict).find(p => isOf(p, this.me))
    if (own) this.#tell("withdraw", own)
    else this.#say("None of these values is yours to take back.")
  }

  focusNote(): void {
    this.renderRoot.querySelector<HTMLElement>("#note")?.focus()
  }

  override render() {
    const c = this.conflict
    return html`
      <article aria-labelledby="head" class=${c.status === "pending" ? "" : "over"}>
        <h2><button id="head" class="head" aria-expanded=${this.current} @click=${() => this.#tell("open")}>
          <span class="what"><span class="client ${this.current ? "" : "cut"}">${c.client_name || "Client without a name"}</span><span class="field cut">${label(c.field)}</span></span>
          ${this.current ? nothing : html`<span class="change">${this.#change(c)}</span>`}
          <span class="since" title=${`Since ${c.opened_at}`}>${this.#since(c)}</span>
        </button></h2>
        ${this.current ? this.#body(c) : nothing}
      </article>`
  }

  #since(c: Conflict) {
    if (c.decision) return nothing
    return html`${icon("wait")}<span><span class="hidden-text">waits </span>${duration(c.opened_at)}</span>`
  }

  #change(c: Conflict) {
    if (c.decision) return html`<strong>${ended(c, this.kind, this.me)}</strong>`
    const open = openOnes(c)
    const last = open.at(-1)
    return html`<bdi class="soft">${value(c.current.value, this.kind)}</bdi> <span aria-label="to">→</span>
      <strong>${last ? (last.value === null ? "cleared" : value(last.value, this.kind)) : "no proposal"}</strong>
      ${open.length > 1 ? html`<wed-badge tone="wait">+${open.length - 1}</wed-badge>` : nothing}`
  }

  #body(c: Conflict) {
    const detail = this.detail?.id === c.id ? this.detail : undefined
    const around = (p: Proposal) => ({ ...p, surrounding: detail?.proposals.find(d => d.id === p.id)?.surrounding })
    const shown = c.status === "pending" ? openOnes(c) : c.proposals
    const sameBase = JSON.stringify(c.base.value) === JSON.stringify(c.current.value)
    return html`
      <div class="body">
        <p class="why small soft">
          <a href="/clients/${encodeURIComponent(c.client_id)}">Open the record</a>
          <span>${why(c.reason)}</span>
          ${c.reminders ? html`<span>Reminded ${c.reminders === 1 ? "once" : `${c.reminders} times`}</span>` : nothing}
        </p>
        ${this.#notices(c)}
        <div class="values">
          ${sameBase ? nothing : this.#base(c)}
          <section class="side now">
            <h3>${c.status === "pending" ? "Counts now" : "Counted"}</h3>
            <p class="value">${this.#plain(c.current.value)}</p>
            <p class="small soft">${sameBase ? "Unchanged since" : c.reopens ? "By the decision" : "Accepted since"}</p>
            ${this.decides && c.status === "pending" ? html`<div class="acts"><button ?disabled=${this.busy} @click=${this.keep}>Keep this <kbd aria-hidden="true">x</kbd></button></div>` : nothing}
          </section>
          ${repeat(shown, p => p.id, (p, i) => this.#proposal(c, around(p), shown.length > 1 ? i + 1 : 0))}
          ${shown.length === 0 ? html`<section class="side"><h3>Proposed</h3><p class="soft">Nothing is proposed any more.</p></section>` : nothing}
        </div>
        ${c.status === "pending" ? (this.decides ? this.#foot(c) : html`<p class="small soft foot">An owner decides this.</p>`) : this.#end(c)}
      </div>`
  }

  #base(c: Conflict) {
    const text = c.reopens ? ["Before the decision", "What counted until then"] : ["When it was edited", "What the first author knew"]
    return html`
      <section class="side">
        <h3>${text[0]}</h3>
        <p class="value">${this.#plain(c.base.value)}</p>
        <p class="small soft">${text[1]}</p>
        ${c.reopens && this.decides && c.status === "pending" ? html`<div class="acts"><button ?disabled=${this.busy}
          @click=${() => this.#decide({ conflict: c, note: this.draft.note, action: "custom", value: c.base.value })}>Restore this</button></div>` : nothing}
      </section>`
  }

  #plain(v: Value) {
    return v === null ? html`<em class="soft">Empty</em>` : longValue(v, this.kind)
  }

  #proposal(c: Conflict, p: Proposal, n: number) {
    const open = p.state === "open" && c.status === "pending"
    const picked = n > 0 && this.draft.picked === p.id
    return html`
      <section class="side proposed ${picked ? "picked" : ""}">
        <h3>${picked ? "Picked" : "Proposed"}</h3>
        <wed-proposal .proposal=${p} .current=${c.current.value} .kind=${this.kind} .known=${c.reason} .n=${n} .me=${this.me} ?dim=${!open}
          .fresh=${open && this.draft.seen > 0 && !this.draft.known.includes(p.id)}>
          ${open && this.decides ? html`<button class="primary" ?disabled=${this.busy} @click=${() => this.#decide({ conflict: c, note: this.draft.note, action: "accept", proposal: p })}>Accept${n && !picked ? nothing : html` <kbd aria-hidden="true">a</kbd>`}</button>` : nothing}
          ${open && isOf(p, this.me) ? html`<button ?disabled=${this.busy} @click=${() => this.#tell("withdraw", p)}>Take back <kbd aria-hidden="true">w</kbd></button>` : nothing}
        </wed-proposal>
      </section>`
  }

  #notices(c: Conflict) {
    return html`
      ${this.trouble ? html`<p class="notice bad" role="alert">${icon("warning")}<span>${this.trouble}</span></p>` : nothing}
      ${this.moved ? html`<p class="notice wait" role="status">${icon("warning")}
        <span>Another value arrived while this card was open. Look again before you decide.</span>
        <button class="small" @click=${this.#look}>I have seen it</button></p>` : nothing}
      ${c.reopens ? html`<p class="notice" role="note">${icon("history")}<span>This was decided before and reopened. What was decided counts until you choose again.</span></p>` : nothing}`
  }

  #foot(c: Conflict) {
    const d = this.draft
    return html`
      <div class="foot">
        ${d.editing ? html`
          <div class="editor">
            <wed-value-input .label=${`Another value for ${label(c.field).toLowerCase()}`} .kind=${this.kind} .text=${d.text} .like=${c.current.value}
              @typed=${(e: Event) => this.#keep({ ...d, text: (e.target as ValueInput).text })} @done=${this.#custom} @keydown=${this.#escape}></wed-value-input>
            <div class="acts">
              <button class="primary" ?disabled=${this.busy} @click=${this.#custom}>Set this value <kbd aria-hidden="true">↵</kbd></button>
              <button class="plain" @click=${() => this.#keep({ ...d, editing: false })}>Not now</button>
            </div>
          </div>` : nothing}
        <div class="field note">
          <label for="note">Note for the author <span class="soft">(optional)</span></label>
          <input id="note" maxlength="1000" autocomplete="off" .value=${d.note} @input=${(e: Event) => this.#keep({ ...d, note: (e.target as HTMLInputElement).value })} @keydown=${this.#escape}>
        </div>
        <div class="acts">
          ${d.editing ? nothing : html`<button ?disabled=${this.busy} @click=${this.edit}>Another value… <kbd aria-hidden="true">e</kbd></button>`}
          <button class="plain" ?disabled=${this.busy} @click=${() => this.#tell("bulk")}>All of this kind… <kbd aria-hidden="true">b</kbd></button>
          ${this.busy ? html`<span class="soft" role="status">Deciding…</span>` : nothing}
        </div>
      </div>`
  }

  /** How it ended, with what was typed meanwhile. */
  #end(c: Conflict) {
    const d = this.draft
    return html`
      <div class="foot">
        <p><strong>${ended(c, this.kind, this.me)}</strong>${c.decision?.note ? html` <q>${c.decision.note}</q>` : nothing}</p>
        ${d.editing && d.text ? html`<p class="typed">What you typed: <output>${value(d.text, this.kind)}</output></p>` : nothing}
        ${d.note ? html`<p class="typed">Your note: <output>${d.note}</output></p>` : nothing}
        <div class="acts">
          ${this.undoable && this.decides ? html`<button ?disabled=${this.busy} @click=${() => this.#tell("reopen")}>${icon("history")}Reopen</button>` : nothing}
          ${this.left || this.trouble || d.note || d.editing ? html`<button @click=${() => this.#tell("dismiss")}>Put it away</button>` : nothing}
        </div>
      </div>`
  }

  #custom = () => {
    const meaning = this.input?.meaning
    if (!meaning || meaning.fault !== undefined) {
      this.#say(meaning?.fault ?? "")
      this.input?.focus()
      return
    }
    this.#decide({ conflict: this.conflict, note: this.draft.note, action: "custom", value: meaning.value as Value })
  }

  #look = () => {
    this.#keep(seen(this.draft, this.conflict))
    this.focus()
  }

  /** Decides, unless something arrived that was not looked at: then it asks again. */
  #decide(choice: Choice) {
    if (this.busy || !this.decides || this.conflict.status !== "pending") return
    if (this.moved) {
      this.#keep(seen(this.draft, this.conflict))
      this.#say("Nothing is decided yet: another value has arrived. Look again, then decide.")
      return
    }
    this.#tell("decide", choice)
  }

  #keep(draft: Draft) {
    this.draft = draft
    keepDraft(this.conflict.id, draft)
  }

  #escape(event: KeyboardEvent) {
    if (event.key !== "Escape") return
    event.preventDefault()
    this.focus()
  }

  /** Somebody who goes past a card does not read all of it. */
  #leave() {
    clearTimeout(this.#timer)
    this.#reading = ""
  }

  async #readDetail() {
    try {
      this.detail = (await get<Conflict>(`/api/conflicts/${this.conflict.id}`)).body
    } catch {
      // The card is whole without what was edited around it.
    }
  }

  #say(text: string) {
    this.#tell("say", text)
  }

  #tell(kind: string, detail?: Choice | Proposal | string) {
    this.dispatchEvent(new CustomEvent(kind, { detail }))
  }
}

