import { css, html, LitElement, type TemplateResult } from "lit"
import { customElement, property, state } from "lit/decorators.js"
import { repeat } from "lit/directives/repeat.js"
import { base } from "../styles"

const beyond = 12 // rows that are ready above and below the window
const step = beyond / 2 // rows by which it goes on, or each scrolled row would render

/** A long list of which only the rows about the window are on the page. All rows have
 *  the same height, --row-height in rem; row says what stands in one. An element that
 *  leaves the window comes back at its other end, with another item: a row keeps none
 *  of its own state. */
@customElement("wed-virtual")
export class Virtual<T> extends LitElement {
  static override styles = [base, css`
    :host { display: block; contain: layout style; }
    ul { position: relative; }
    li { position: absolute; inset-inline: 0; block-size: calc(var(--row-height) * 1rem); overflow: hidden; contain: strict; }
  `]

  @property({ attribute: false }) items: T[] = []
  @property({ attribute: false }) row: (item: T) => TemplateResult = () => html``
  @property() label = ""
  @state() private first = 0
  @state() private most = 40 // rows on the page
  #height = 64

  override connectedCallback() {
    super.connectedCallback()
    window.addEventListener("scroll", this.#look, { passive: true })
    window.addEventListener("resize", this.#measure)
  }

  override disconnectedCallback() {
    super.disconnectedCallback()
    window.removeEventListener("scroll", this.#look)
    window.removeEventListener("resize", this.#measure)
  }

  override firstUpdated() {
    this.#measure()
  }

  override updated() {
    this.#look()
  }

  override render() {
    const shown = this.items.slice(this.first, this.first + this.most)
    const list = this.renderRoot.querySelector?.("ul")
    if (list) list.style.blockSize = `${this.items.length * this.#height}px`
    return html`<ul role="list" aria-label=${this.label}>${repeat(shown, (_, i) => (this.first + i) % this.most, (item, i) => html`
      <li role="listitem" aria-setsize=${this.items.length} aria-posinset=${this.first + i + 1} .style=${`inset-block-start: ${(this.first + i) * this.#height}px`}>${this.row(item)}</li>`)}</ul>`
  }

  #measure = () => {
    const height = parseFloat(getComputedStyle(this).getPropertyValue("--row-height"))
    const root = parseFloat(getComputedStyle(document.documentElement).fontSize)
    if (height > 0) this.#height = height * root
    this.requestUpdate()
    this.#look()
  }

  #look = () => {
    const above = -this.getBoundingClientRect().top / this.#height
    this.first = Math.max(0, Math.floor((above - beyond) / step) * step)
    this.most = Math.ceil(window.innerHeight / this.#height) + 2 * beyond + step
  }
}
