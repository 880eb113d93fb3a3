import { html, LitElement } from "lit"
import { customElement } from "lit/decorators.js"
import { repeat } from "lit/directives/repeat.js"
import "../components/all"
import { ago } from "../format"
import { recent, streamState } from "../stream"
import { base, controls, pageFrame } from "../styles"
import { Watch } from "../watch"

@customElement("wed-activity")
export class ActivityPage extends LitElement {
  static override styles = [base, controls, pageFrame]

  constructor() {
    super()
    new Watch(this, recent, streamState)
  }

  override render() {
    return html`
      <div class="page-head"><h1>Activity</h1><wed-badge>${streamState.value}</wed-badge></div>
      <div class="card"><ol class="rows">${repeat(recent.value.toReversed(), e => e.id, e => html`
        <li>${e.data.text} <span class="soft small">${ago(e.time)}</span></li>`)}</ol></div>`
  }
}
