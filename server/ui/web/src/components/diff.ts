import { css, html, LitElement } from "lit"
import { customElement, property } from "lit/decorators.js"
import { base } from "../styles"
import { words, type Piece } from "../words"

/** A text with what differs from another marked: <wed-diff .from=${before} .to=${after}></wed-diff>. */
@customElement("wed-diff")
export class Diff extends LitElement {
  static override styles = [base, css`
    :host { display: inline; overflow-wrap: anywhere; white-space: pre-wrap; }
    ins { background: var(--good-wash); color: var(--good); text-decoration: none; border-block-end: 2px solid; }
    del { background: var(--bad-wash); color: var(--bad); text-decoration: line-through; }
    ins, del { padding-inline: 0.1em; border-radius: 0.2em; }
  `]

  @property() from = ""
  @property() to = ""
  /** Whether what was taken out is shown too. */
  @property({ type: Boolean }) both = true

  override render() {
    return words(this.from, this.to).filter(piece => this.both || piece.kind !== "gone").map(show)
  }
}

function show(piece: Piece) {
  if (piece.kind === "gone") return html`<del>${piece.text}</del>`
  return piece.kind === "new" ? html`<ins>${piece.text}</ins>` : html`${piece.text}`
}
