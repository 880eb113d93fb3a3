import { css, html, LitElement } from "lit"
import { customElement, property } from "lit/decorators.js"

export type Tone = "plain" | "accent" | "good" | "wait" | "bad"

/** A few words on a coloured ground: <wed-badge tone="wait">waiting</wed-badge>. */
@customElement("wed-badge")
export class Badge extends LitElement {
  static override styles = css`
    :host {
      display: inline-flex; align-items: center; gap: 0.35em; padding: 0.1rem 0.5rem; border-radius: 1rem; white-space: nowrap;
      font-size: var(--size-small); font-weight: 560; line-height: 1.35; background: var(--sunken); color: var(--text-soft);
    }
    :host([tone="accent"]) { background: var(--accent-wash); color: var(--accent-strong); }
    :host([tone="good"]) { background: var(--good-wash); color: var(--good); }
    :host([tone="wait"]) { background: var(--wait-wash); color: var(--wait); }
    :host([tone="bad"]) { background: var(--bad-wash); color: var(--bad); }
  `

  @property({ reflect: true }) tone: Tone = "plain"

  override render() {
    return html`<slot></slot>`
  }
}
