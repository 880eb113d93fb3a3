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

  /** Whether of what stayed only a few words around what differs are shown. */
  @property({ type: Boolean }) brief = false

  override render() {
    const pieces = words(this.from, this.to).filter(piece => this.both || piece.kind !== "gone")
    return (this.brief ? shortened(pieces) : pieces).map(show)
  }
}

const around = 48 // characters of what stayed, on a side
const longest = 600 // of what differs

function shortened(pieces: Piece[]): Piece[] {
  return pieces.map((piece, i) => {
    const { kind, text } = piece
    if (kind !== "same") return text.length > longest ? { kind, text: text.slice(0, longest) + "…" } : piece
    const head = i > 0 ? text.slice(0, around).replace(/\s*\S*$/, "…") : "…"
    const tail = i < pieces.length - 1 ? text.slice(-around).replace(/^\S*\s*/, i > 0 ? " " : "") : ""
    return text.length > 2 * around ? { kind, text: head + tail } : piece
  })
}

function show(piece: Piece) {
  if (piece.kind === "gone") return html`<del>${piece.text}</del>`
  return piece.kind === "new" ? html`<ins>${piece.text}</ins>` : html`${piece.text}`
}
