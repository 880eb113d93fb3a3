import { css, html, LitElement, nothing } from "lit"
import { customElement } from "lit/decorators.js"
import { repeat } from "lit/directives/repeat.js"
import { base, controls } from "../styles"
import { Source, Watch } from "../watch"
import { icon } from "./icon"

export interface Toast {
  text: string
  tone?: "plain" | "good" | "wait" | "bad"
  /** What can be done about it. */
  action?: { label: string; run: () => void }
  /** Milliseconds until it goes by itself; what matters stays until it is closed. */
  lasts?: number
  /** Called when it is closed by hand or its action is taken. */
  closed?: () => void
}

const toasts = new Source<(Toast & { id: number })[]>([])
const most = 4
let next = 1

/** Shows a notice. The function that it returns takes it away. */
export function toast(t: Toast): () => void {
  const id = next++
  toasts.set([...toasts.value, { ...t, id }].slice(-most))
  const close = () => toasts.set(toasts.value.filter(shown => shown.id !== id))
  if (t.lasts) setTimeout(close, t.lasts)
  return close
}

/** Where notices appear. */
@customElement("wed-toasts")
export class Toasts extends LitElement {
  static override styles = [base, controls, css`
    :host {
      position: fixed; z-index: 50; inset-block-end: calc(var(--space-4) + var(--bar, 0px)); inset-inline: var(--space-4);
      display: grid; justify-items: end; gap: var(--space-2); pointer-events: none;
    }
    .toast {
      display: flex; align-items: center; gap: var(--space-3); max-inline-size: 30rem; padding: var(--space-2) var(--space-2) var(--space-2) var(--space-4);
      border: 1px solid var(--line); border-inline-start: 4px solid var(--accent); border-radius: var(--radius-small);
      background: var(--raised); box-shadow: var(--shadow-high); pointer-events: auto;
    }
    .good { border-inline-start-color: var(--good); }
    .wait { border-inline-start-color: var(--wait); }
    .bad { border-inline-start-color: var(--bad); }
    p { flex: 1; overflow-wrap: anywhere; }
    button.close { padding: 0.25rem; min-inline-size: 2.25rem; color: var(--text-soft); }
  `]

  constructor() {
    super()
    new Watch(this, toasts)
  }

  override render() {
    return html`<div role="status" aria-live="polite">${repeat(toasts.value, t => t.id, t => html`
      <div class="toast ${t.tone ?? "plain"}">
        <p>${t.text}</p>
        ${t.action ? html`<button class="small" @click=${() => this.#close(t, t.action!.run)}>${t.action.label}</button>` : nothing}
        <button class="plain close" aria-label="Close" @click=${() => this.#close(t)}>${icon("close")}</button>
      </div>`)}</div>`
  }

  #close(t: Toast & { id: number }, run?: () => void) {
    toasts.set(toasts.value.filter(shown => shown.id !== t.id))
    t.closed?.()
    run?.()
  }
}
