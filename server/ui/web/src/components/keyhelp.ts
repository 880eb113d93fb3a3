import { css, html, LitElement } from "lit"
import { customElement, query } from "lit/decorators.js"
import { setShortcuts, shortcutsOn } from "../shortcuts"
import { base, controls } from "../styles"
import { Watch } from "../watch"
import "./dialog"
import type { Dialog } from "./dialog"

const keys: [string[], string][] = [
  [["j", "↓"], "Next conflict"],
  [["k", "↑"], "Previous conflict"],
  [["1", "…", "9"], "Pick one of several values"],
  [["a"], "Accept the proposed value"],
  [["x"], "Keep what counts now"],
  [["e"], "Type another value; Enter sets it, Esc leaves the field"],
  [["n"], "Note for the author"],
  [["w"], "Take back a value of your own"],
  [["b"], "Decide all of this kind"],
  [["u"], "Undo the last decision"],
  [["/"], "Search"],
  [["?"], "These keys"],
]

/** Which keys there are: open(). */
@customElement("wed-key-help")
export class KeyHelp extends LitElement {
  static override styles = [base, controls, css`
    dl { display: grid; grid-template-columns: auto 1fr; gap: var(--space-2) var(--space-4); align-items: baseline; }
    dt { white-space: nowrap; }
    label { display: flex; gap: var(--space-2); align-items: center; margin-block-start: var(--space-4); color: var(--text); font-size: inherit; font-weight: 450; }
    input { flex: none; inline-size: 1.125rem; }
  `]

  @query("wed-dialog") private dialog!: Dialog

  constructor() {
    super()
    new Watch(this, shortcutsOn)
  }

  open(): void {
    void this.dialog.open()
  }

  override render() {
    return html`
      <wed-dialog heading="Keys">
        <dl>${keys.map(([names, does]) => html`<dt>${names.map(name => html`<kbd>${name}</kbd> `)}</dt><dd>${does}</dd>`)}</dl>
        <label><input type="checkbox" .checked=${shortcutsOn.value} @change=${(e: Event) => setShortcuts((e.target as HTMLInputElement).checked)}>Keys made of one letter or digit act</label>
      </wed-dialog>`
  }
}
