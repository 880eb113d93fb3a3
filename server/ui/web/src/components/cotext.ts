import { css, html, LitElement, nothing, type PropertyValues } from "lit"
import { customElement, property, query } from "lit/decorators.js"
import { moveCaret, read, spliceOf, type } from "../doc"
import type { Peer } from "../presence"
import type { Automerge, ClientHandle } from "../repo"
import { base, controls } from "../styles"
import type { Value } from "../types"

/** A text field of a record that people write together, keystroke by keystroke. Until the document
 *  is open it shows what the hub said. It tells of "caret" when the caret moves, with its place. */
@customElement("wed-cotext")
export class CoText extends LitElement {
  static override styles = [base, controls, css`
    .box { position: relative; }
    textarea { display: block; min-block-size: 11rem; field-sizing: content; resize: none; overflow: hidden; position: relative; background: transparent; }
    .box { background: var(--card); border-radius: var(--radius-small); }
    .mirror {
      position: absolute; inset: 0; padding: 0.4rem 0.7rem; border: 1px solid transparent; color: transparent; line-height: 1.55;
      white-space: pre-wrap; overflow-wrap: break-word; overflow: hidden; pointer-events: none; user-select: none;
    }
    .single .mirror { line-height: 1.9; white-space: pre; }
    .caret { position: relative; display: inline-block; inline-size: 0; }
    .caret::before { content: ""; position: absolute; inset-block: -1.05em -0.2em; inset-inline-start: -1px; inline-size: 2px; background: var(--peer); border-radius: 1px; }
    .caret b {
      position: absolute; z-index: 2; inset-block-end: 0.95em; inset-inline-start: -1px; padding: 0 0.35em; border-radius: 0.3em 0.3em 0.3em 0;
      background: var(--peer); color: var(--on-peer); font-size: 0.7rem; font-weight: 600; line-height: 1.35; white-space: nowrap;
    }
    .mirror { overflow: visible; unicode-bidi: plaintext; }
    .p0 { --peer: light-dark(#2b6777, #7cc4d6); } .p1 { --peer: light-dark(#9a4a12, #f0a56c); } .p2 { --peer: light-dark(#3f6b1f, #a9d37f); }
    .p3 { --peer: light-dark(#5a4fb0, #b7aef5); } .p4 { --peer: light-dark(#a02a5c, #f39cbf); } .p5 { --peer: light-dark(#6d5a00, #dcc65b); }
    .caret { --on-peer: light-dark(#ffffff, #1c191b); }
  `]

  @property({ attribute: false }) handle?: ClientHandle
  @property({ attribute: false }) said: Value = null
  @property() field = ""
  @property() label = ""
  @property({ type: Boolean }) multiline = false
  @property({ type: Boolean }) readonly = false
  @property({ attribute: false }) peers: Peer[] = []
  @query("textarea, input") private input!: HTMLTextAreaElement | HTMLInputElement

  /** The text that document and page had in common last, and when that was. */
  #common = ""
  #heads: ReturnType<ClientHandle["heads"]> | undefined
  #composing = false
  #watched?: ClientHandle

  override connectedCallback() {
    super.connectedCallback()
    document.addEventListener("selectionchange", this.#moved)
    if (this.hasUpdated) this.#watch(this.handle)
  }

  override disconnectedCallback() {
    super.disconnectedCallback()
    document.removeEventListener("selectionchange", this.#moved)
    this.#watch(undefined)
  }

  override updated(changed: PropertyValues<this>) {
    if (!this.handle) this.input.value = typeof this.said === "string" ? this.said : ""
    if (!changed.has("handle") && !changed.has("field")) return
    this.#watch(this.handle)
    if (this.handle) this.#show(this.#text(), [])
  }

  override render() {
    return html`
      <div class="box ${this.multiline ? "" : "single"}">
        ${this.peers.length ? html`<div class="mirror" aria-hidden="true">${this.#carets()}</div>` : nothing}
        ${this.multiline
          ? html`<textarea aria-label=${this.label} ?readonly=${this.readonly || !this.handle} maxlength="100000" spellcheck="true"
              @input=${this.#typed} @compositionstart=${this.#begin} @compositionend=${this.#end} @focus=${this.#moved} @blur=${this.#left}></textarea>`
          : html`<input aria-label=${this.label} ?readonly=${this.readonly || !this.handle} maxlength="2000" autocomplete="off"
              @input=${this.#typed} @compositionstart=${this.#begin} @compositionend=${this.#end} @focus=${this.#moved} @blur=${this.#left}>`}
      </div>`
  }

  /** The text with others' carets in it, without a colour of its own. */
  #carets() {
    const text = this.#common
    const peers = this.peers.filter(peer => peer.caret >= 0).sort((a, b) => a.caret - b.caret)
    let at = 0
    return [...peers.map(peer => {
      const piece = text.slice(at, peer.caret)
      at = Math.max(at, peer.caret)
      return html`${piece}<span class="caret p${peer.colour}"><b>${peer.user}</b></span>`
    }), text.slice(at)]
  }

  #watch(handle: ClientHandle | undefined) {
    this.#watched?.off("change", this.#changed)
    this.#watched = handle
    handle?.on("change", this.#changed)
  }

  #text(): string {
    const v = this.handle?.isReady() ? read(this.handle.doc(), this.field) : null
    return typeof v === "string" ? v : ""
  }

  #typed = () => {
    if (this.#composing || !this.handle) return
    const text = this.input.value
    if (text === this.#common) return
    const splice = spliceOf(this.#common, text, this.input.selectionEnd ?? text.length)
    const moved = this.#text() !== this.#common // while a word was being composed
    type(this.handle, this.field, splice, moved ? this.#heads : undefined)
    if (moved) this.#show(this.#text(), [])
  }

  #begin = () => (this.#composing = true)

  #end = () => {
    this.#composing = false
    this.#typed()
    this.#show(this.#text(), [])
  }

  #changed = ({ patches }: { patches: Automerge.Patch[] }) => {
    if (!this.#composing) this.#show(this.#text(), patches)
  }

  /** Shows a text, with the caret where it was in it. */
  #show(text: string, patches: Automerge.Patch[]) {
    this.#common = text
    this.#heads = this.handle?.heads()
    if (this.peers.length) this.requestUpdate()
    const { input } = this
    if (!input || input.value === text) return
    const { selectionStart, selectionEnd, selectionDirection } = input
    const focused = this.shadowRoot?.activeElement === input
    input.value = text
    if (focused && selectionStart !== null && selectionEnd !== null) {
      const move = (at: number) => Math.min(moveCaret(at, this.field, patches), text.length)
      input.setSelectionRange(move(selectionStart), move(selectionEnd), selectionDirection ?? "none")
    }
  }

  #moved = () => {
    if (this.shadowRoot?.activeElement !== this.input || !this.input) return
    this.#tell(this.input.selectionEnd ?? -1)
  }

  #left = () => this.#tell(-2)

  #tell(caret: number) {
    this.dispatchEvent(new CustomEvent("caret", { detail: { field: caret === -2 ? "" : this.field, caret: Math.max(-1, caret) } }))
  }
}
