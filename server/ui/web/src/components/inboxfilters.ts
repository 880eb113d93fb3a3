import { css, html, LitElement, nothing } from "lit"
import { customElement, property, query } from "lit/decorators.js"
import { deviceNames } from "../devicenames"
import { count, device, label } from "../format"
import { base, controls } from "../styles"
import type { ConflictPage } from "../types"
import { Watch } from "../watch"

const pause = 250 // milliseconds of typing before it searches

const orders: [string, string][] = [["oldest", "Oldest first"], ["newest", "Newest first"], ["client", "By client"], ["field", "By field"]]

/** Which part of the queue is shown, as the query of its address. It tells of "change"
 *  with the new query as detail, and of "leave" when the keyboard is to go elsewhere. */
@customElement("wed-inbox-filters")
export class InboxFilters extends LitElement {
  static override styles = [base, controls, css`
    form { display: grid; grid-template-columns: repeat(2, minmax(0, 1fr)); gap: var(--space-2); }
    .search { grid-column: 1 / -1; }
    @media (min-width: 48rem) {
      form { grid-template-columns: minmax(12rem, 2fr) repeat(3, minmax(8rem, 1fr)); }
      form.with-mine { grid-template-columns: minmax(12rem, 2fr) repeat(4, minmax(7rem, 1fr)); }
      .search { grid-column: auto; }
    }
  `]

  @property({ attribute: false }) query = new URLSearchParams()
  /** How many conflicts there are, by field. */
  @property({ attribute: false }) counts: Record<string, number> = {}
  @property({ attribute: false }) devices: NonNullable<ConflictPage["device_counts"]> = []
  @property({ attribute: false }) fields: string[] = []
  @property() me = ""
  /** The order if none was chosen. */
  @property() order = "oldest"
  @query("input") private input!: HTMLInputElement
  #timer?: ReturnType<typeof setTimeout>

  constructor() {
    super()
    new Watch(this, deviceNames)
  }

  override focus() {
    this.input.focus()
    this.input.select()
  }

  override render() {
    const q = this.query
    const field = q.get("field") ?? ""
    const from = q.get("device") ?? ""
    const fields = [...new Set([...this.fields, ...Object.keys(this.counts), ...(field ? [field] : [])])]
    const devices = [...new Set([...this.devices.map(d => d.device), ...(from ? [from] : [])])].filter(d => d !== "")
    const counted = (f: string) => (this.counts[f] !== undefined ? ` (${count(this.counts[f])})` : "")
    return html`
      <form role="search" aria-label="Conflicts" class=${this.me ? "with-mine" : ""} @submit=${(e: Event) => e.preventDefault()}>
        <input class="search" type="search" placeholder="Search clients" aria-label="Search clients" .value=${q.get("search") ?? ""} @input=${this.#search} @keydown=${this.#leave}>
        ${this.#select("field", "Field", [["", "All fields"], ...fields.map(f => [f, label(f) + counted(f)])])}
        ${this.#select("device", "Device", [["", "All devices"], ...devices.map(d => [d, device(d)])])}
        ${this.me ? this.#select("author", "Whose", [["", "Of everybody"], [this.me, "My own"]]) : nothing}
        ${this.#select("sort", "Order", orders, this.order)}
      </form>`
  }

  #select(name: string, title: string, options: string[][], otherwise = "") {
    const chosen = this.query.get(name) ?? otherwise
    return html`<select aria-label=${title} @change=${(e: Event) => this.#set(name, (e.target as HTMLSelectElement).value)}>
      ${options.map(([option, text]) => html`<option value=${option!} .selected=${option === chosen}>${text}</option>`)}</select>`
  }

  #search() {
    clearTimeout(this.#timer)
    this.#timer = setTimeout(() => this.#set("search", this.input.value.trim()), pause)
  }

  #leave(event: KeyboardEvent) {
    if (event.key === "Escape" && this.input.value === "") this.dispatchEvent(new Event("leave"))
  }

  #set(name: string, to: string) {
    const next = new URLSearchParams(this.query)
    if (to && !(name === "sort" && to === this.order)) next.set(name, to)
    else next.delete(name)
    this.dispatchEvent(new CustomEvent("change", { detail: next }))
  }
}
