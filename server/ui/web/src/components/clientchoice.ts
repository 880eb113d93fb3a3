import { css, html, LitElement, nothing } from "lit"
import { customElement, query, state } from "lit/decorators.js"
import type { Whose } from "../assigning"
import { count, date } from "../format"
import { records, selected, watchRecords } from "../records"
import { base, controls } from "../styles"
import { Watch } from "../watch"
import type { Dialog } from "./dialog"

const most = 7 // options that are shown at once

/** A client that can be chosen, and what is said of it. */
export interface Option extends Whose {
  says: string
}

/** Asks for a client, by what it is called or else has in its record: "choose" has a Whose as detail. */
@customElement("wed-client-choice")
export class ClientChoice extends LitElement {
  static override styles = [base, controls, css`
    .of { margin-block-end: var(--space-3); overflow-wrap: anywhere; }
    .field { margin-block-end: var(--space-3); }
    li { display: grid; gap: 0; padding: var(--space-2) var(--space-3); border-radius: var(--radius-small); cursor: pointer; }
    li:hover { background: var(--sunken); }
    li[aria-selected="true"] { background: var(--accent-wash); box-shadow: inset 3px 0 var(--accent); }
    .name { font-weight: 560; overflow-wrap: anywhere; }
    .none { padding: var(--space-2) var(--space-3); overflow-wrap: anywhere; }
  `]

  @state() private search = ""
  @state() private at = -1 // the option that Enter takes; -1 for none
  @state() private of = ""
  @state() private suggested: Option[] = []
  @query("wed-dialog") private dialog!: Dialog
  @query("input") private input!: HTMLInputElement
  #end?: () => void

  constructor() {
    super()
    new Watch(this, records)
  }

  /** Asks whose something is, with those first whose it may be. */
  async open(of: string, suggested: Option[]): Promise<void> {
    this.#end ??= watchRecords()
    this.search = ""
    this.at = suggested.length ? 0 : -1
    this.of = of
    this.suggested = suggested
    await this.updateComplete
    await this.dialog.open()
    this.input.focus()
  }

  override disconnectedCallback() {
    super.disconnectedCallback()
    this.#closed()
  }

  override render() {
    const all = this.#options()
    const shown = all.slice(0, most)
    return html`
      <wed-dialog heading="Whose is it?" @close=${this.#closed}>
        <p class="of soft">${this.of}</p>
        <div class="field">
          <label for="client">Client</label>
          <input id="client" role="combobox" autocomplete="off" spellcheck="false" placeholder="Name, venue, email, date…" .value=${this.search}
            aria-autocomplete="list" aria-expanded=${shown.length > 0} aria-controls=${shown.length ? "options" : nothing}
            aria-activedescendant=${shown[this.at] ? `option-${this.at}` : nothing} @input=${this.#find} @keydown=${this.#key}>
        </div>
        ${shown.length ? html`
          <ul id="options" role="listbox" aria-label="Clients">${shown.map((option, i) => html`
            <li id="option-${i}" role="option" aria-selected=${i === this.at} @click=${() => this.#choose(option)}>
              <span class="name">${option.name}</span><span class="soft small">${option.says}</span>
            </li>`)}</ul>` : nothing}
        <p class="none soft small" role="status">${this.#sum(all.length - shown.length, all.length)}</p>
      </wed-dialog>`
  }

  override updated() {
    this.renderRoot.querySelector(`[aria-selected="true"]`)?.scrollIntoView({ block: "nearest" })
  }

  /** Those that fit; while nothing is searched for, those that are suggested come first. */
  #options(): Option[] {
    if (!this.#end) return []
    const found = selected(records.value.rows, this.search, "name").map(row => (
      { id: row.id, name: row.name || "Without a name", says: [row.date && date(row.date), row.venue].filter(Boolean).join(" · ") }))
    if (this.search.trim()) return found
    return [...this.suggested, ...found.filter(({ id }) => !this.suggested.some(s => s.id === id))]
  }

  #sum(more: number, all: number): string {
    const { complete, trouble } = records.value
    if (more > 0) return `${count(more)} more: type to find ${more === 1 ? "it" : "them"}.`
    if (all > 0) return ""
    return trouble || (complete ? `No client has “${this.search}” in it.` : "Reading the clients…")
  }

  #find(event: Event) {
    this.search = (event.target as HTMLInputElement).value
    this.at = this.search.trim() || this.suggested.length ? 0 : -1
  }

  #key(event: KeyboardEvent) {
    const shown = this.#options().slice(0, most)
    const to = { ArrowDown: this.at + 1, ArrowUp: this.at < 0 ? -1 : this.at - 1 }[event.key]
    if (shown.length === 0 || event.isComposing || (to === undefined && event.key !== "Enter")) return
    event.preventDefault()
    if (to !== undefined) this.at = (to + shown.length) % shown.length
    else if (shown[this.at] && !event.repeat) this.#choose(shown[this.at]!) // a key that is held has opened this
  }

  #choose({ id, name }: Option) {
    this.dialog.close()
    this.dispatchEvent(new CustomEvent<Whose>("choose", { detail: { id, name } }))
  }

  #closed = () => {
    this.#end?.()
    this.#end = undefined
  }
}
