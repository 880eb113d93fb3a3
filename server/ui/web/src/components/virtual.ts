import { css, html, LitElement, type TemplateResult } from "lit"
import { property, state } from "lit/decorators.js"
import { repeat } from "lit/directives/repeat.js"
import { idle } from "../idle"
import { base } from "../styles"

const beyond = 12 // rows that are ready above and below the window
const step = beyond / 2 // rows by which it goes on, or each scrolled row would render
const lowest = 48 // pixels of a row, at least: by it the first rows are counted before any can be measured

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

  /** What stands in the row of an item. */
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

  override updated() {
    void idle().then(this.#look) // rows beyond the window hold nothing up, and to look lays the page out
  }

  /** The items in the rows that are on the page. */
  protected get shown(): T[] {
    return this.items.slice(this.first, this.first + this.most)
  }

  override render() {
    const height = `block-size: calc(var(--row-height) * ${this.items.length}rem)`
    return html`<ul role="list" aria-label=${this.label} .style=${height}>${repeat(this.shown, (_, i) => (this.first + i) % this.most, (item, i) => html`
      <li role="listitem" aria-setsize=${this.items.length} aria-posinset=${this.first + i + 1} .style=${`inset-block-start: calc(var(--row-height) * ${this.first + i}rem)`}>${this.row(item)}</li>`)}</ul>`
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
