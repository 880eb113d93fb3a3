import { css, html, LitElement } from "lit"
import { customElement, property } from "lit/decorators.js"
import { base } from "../styles"
import { icon, type IconName } from "./icon"

/** What stands where there is nothing to show: <wed-empty icon="check" title="All decided">why</wed-empty>. */
@customElement("wed-empty")
export class Empty extends LitElement {
  static override styles = [base, css`
    :host { display: grid; justify-items: center; gap: var(--space-2); padding: var(--space-7) var(--space-4); text-align: center; }
    .mark { display: grid; place-items: center; inline-size: 4rem; block-size: 4rem; border-radius: 50%; background: var(--accent-wash); color: var(--accent); }
    .mark svg { inline-size: 1.75rem; block-size: 1.75rem; }
    h2 { margin-block-start: var(--space-2); }
    .why { text-wrap: balance; max-inline-size: 34rem; color: var(--text-soft); }
  `]

  @property() icon: IconName = "check"
  @property() override title = ""

  override render() {
    return html`
      <div class="mark">${icon(this.icon)}</div>
      <h2>${this.title}</h2>
      <div class="why"><slot></slot></div>`
  }
}
