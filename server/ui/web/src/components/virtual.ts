import { css, html, LitElement, render, type PropertyValues, type TemplateResult } from "lit"
import { property, query, state } from "lit/decorators.js"
import { idle } from "../idle"
import { base } from "../styles"

const beyond = 12 // rows that are ready above and below the window
const step = beyond / 2 // rows by which it goes on, or each scrolled row would render
const lowest = 48 // pixels of a row, at least: by it the first rows are counted before any can be measured

/** One of the rows that are on the page. */
interface Row<T> {
  li: HTMLLIElement
  item?: T
  /** Which item of the list stands in it, and how many there are. */
  place: string
}

/** A long list of which only the rows about the window are on the page. All rows have
 *  the same height, --row-height in rem. A row that leaves the window comes back at its
 *  other end, with another item: it keeps no state of its own. */
export abstract class Virtual<T> extends LitElement {
  static override styles = [base, css`
    :host { display: block; contain: layout style; }
    ul { position: relative; }
    li { position: absolute; inset-inline: 0; block-size: calc(var(--row-height) * 1rem); overflow: hidden; contain: strict; }
  `]

  @property({ attribute: false }) items: T[] = []
  @property() label = ""
  @state() private first = 0
  @state() private most = Math.ceil(window.innerHeight / lowest) // rows on the page
  @query("ul") private list!: HTMLElement
  #rows: Row<T>[] = []
  #at = 0 // the first row's place in the list

  /** What stands in the row of an item, as long as it is the same object. */
  abstract row(item: T): TemplateResult

  override connectedCallback() {
    super.connectedCallback()
    window.addEventListener("scroll", this.#look, { passive: true })
    window.addEventListener("resize", this.#look)
  }

  override disconnectedCallback() {
    super.disconnectedCallback()
    window.removeEventListener("scroll", this.#look)
    window.removeEventListener("resize", this.#look)
  }

  override updated(changed: PropertyValues<this>) {
    this.#arrange()
    if (changed.has("items")) void idle().then(this.#look) // rows beyond the window hold nothing up, and to look lays the page out
  }

  /** The items in the rows that are on the page. */
  protected get shown(): T[] {
    return this.items.slice(this.first, this.first + this.most)
  }

  override render() {
    const height = `block-size: calc(var(--row-height) * ${this.items.length}rem)`
    return html`<ul role="list" aria-label=${this.label} .style=${height}></ul>`
  }

  /** Puts the items in rows. Only the rows that leave move: one that moves is laid out anew, and loses the keyboard. */
  #arrange() {
    const [shown, rows] = [this.shown, this.#rows]
    const by = this.first - this.#at
    this.#at = this.first
    if (Math.abs(by) < rows.length) {
      const leave = by > 0 ? rows.splice(0, by) : rows.splice(rows.length + by)
      this.list[by > 0 ? "append" : "prepend"](...leave.map(row => row.li))
      rows.splice(by > 0 ? rows.length : 0, 0, ...leave)
    }
    while (rows.length < shown.length) rows.push(this.#newRow())
    for (const { li } of rows.splice(shown.length)) li.remove()
    shown.forEach((item, i) => this.#fill(rows[i]!, item, this.first + i))
  }

  #newRow(): Row<T> {
    const li = document.createElement("li")
    li.setAttribute("role", "listitem")
    this.list.append(li)
    return { li, place: "" }
  }

  #fill(row: Row<T>, item: T, at: number) {
    const place = `${at} ${this.items.length}`
    if (row.place !== place) {
      row.li.setAttribute("aria-setsize", String(this.items.length))
      row.li.setAttribute("aria-posinset", String(at + 1))
      row.li.style.insetBlockStart = `calc(var(--row-height) * ${at}rem)`
    }
    if (row.item !== item) render(this.row(item), row.li, { host: this })
    row.place = place
    row.item = item
  }

  #look = () => {
    if (!this.isConnected || this.items.length === 0) return
    const { top, height } = this.getBoundingClientRect()
    const row = height / this.items.length
    if (row === 0) return // it is not displayed
    this.first = Math.max(0, Math.floor((-top / row - beyond) / step) * step)
    this.most = Math.ceil(window.innerHeight / row) + 2 * beyond + step
  }
}
