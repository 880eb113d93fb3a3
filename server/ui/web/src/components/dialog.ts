import { css, html, LitElement } from "lit"
import { customElement, property, query } from "lit/decorators.js"
import { base, controls } from "../styles"
import { icon } from "./icon"

/** A dialog over the page: open() and close(). It tells of "close". Its foot goes in the slot "actions". */
@customElement("wed-dialog")
export class Dialog extends LitElement {
  static override styles = [base, controls, css`
    dialog {
      inline-size: min(34rem, calc(100vw - 2rem)); max-block-size: calc(100dvh - 2rem); padding: 0; border: 1px solid var(--line);
      border-radius: var(--radius); background: var(--raised); color: var(--text); box-shadow: var(--shadow-high);
    }
    dialog::backdrop { background: rgb(20 10 18 / 45%); }
    header { display: flex; align-items: center; gap: var(--space-3); padding: var(--space-3) var(--space-3) 0 var(--space-5); }
    h2 { flex: 1; min-inline-size: 0; overflow-wrap: anywhere; }
    h2:focus-visible { outline: none; }
    header button { min-inline-size: 2.25rem; padding: 0.25rem; color: var(--text-soft); }
    .body { padding: var(--space-3) var(--space-5) var(--space-5); }
    footer { display: flex; flex-wrap: wrap; justify-content: end; gap: var(--space-2); padding-inline: var(--space-5); }
    ::slotted([slot="actions"]) { margin-block-end: var(--space-5); }
  `]

  @property() heading = ""
  @query("dialog") private dialog!: HTMLDialogElement

  async open(): Promise<void> {
    await this.updateComplete
    if (!this.dialog.open) this.dialog.showModal()
  }

  close(): void {
    this.dialog.close()
  }

  override render() {
    return html`
      <dialog aria-labelledby="heading" @close=${() => this.dispatchEvent(new Event("close"))}>
        <header>
          <h2 id="heading" tabindex="-1" autofocus>${this.heading}</h2>
          <button class="plain" aria-label="Close" @click=${this.close}>${icon("close")}</button>
        </header>
        <div class="body"><slot></slot></div>
        <footer><slot name="actions"></slot></footer>
      </dialog>`
  }
}
