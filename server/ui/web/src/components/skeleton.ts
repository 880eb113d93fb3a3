import { css, html, LitElement } from "lit"
import { customElement, property } from "lit/decorators.js"

/** Rows of about the size of what is being loaded. */
@customElement("wed-skeleton")
export class Skeleton extends LitElement {
  static override styles = css`
    :host { display: grid; gap: var(--space-3); padding: var(--space-4); }
    i { display: block; block-size: 1.1rem; border-radius: var(--radius-small); background: var(--sunken); animation: breathe 1.6s ease-in-out infinite; }
    i:nth-child(3n + 2) { inline-size: 82%; }
    i:nth-child(3n) { inline-size: 64%; }
    @keyframes breathe { 50% { opacity: 0.45; } }
    @media (prefers-reduced-motion: reduce) { i { animation: none; } }
  `

  @property({ type: Number }) rows = 6

  override render() {
    return html`<span role="status" aria-label="Loading"></span>${Array.from({ length: this.rows }, () => html`<i></i>`)}`
  }
}
