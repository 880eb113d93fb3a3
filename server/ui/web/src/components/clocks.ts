import { html, nothing, type TemplateResult } from "lit"
import { duration, time } from "../format"

const near = 120_000 // milliseconds that the clocks may differ without it being news

/** When something was edited by the clock of its device, and when the hub got it. */
export function clocks(edited: string | null, received: string | null): TemplateResult {
  if (!edited) return html`${received ? html`<p>Reached the hub ${moment(received)}</p>` : nothing}`
  if (!received) return html`<p>Edited ${moment(edited)} <span class="clock">device clock</span></p>`
  const late = Date.parse(received) - Date.parse(edited)
  if (Math.abs(late) <= near) return html`<p>Edited and received ${moment(received)}</p>`
  return html`
    <p>Edited ${moment(edited)} <span class="clock">device clock</span></p>
    <p>Received ${moment(received)} <span class="clock">hub clock</span>${
      late > 0 ? html` · ${duration(edited, received)} later` : html` · device clock ${duration(received, edited)} ahead`}</p>`
}

export function moment(at: string): TemplateResult {
  return html`<time datetime=${at} title=${time(at, { exact: true })}>${time(at)}</time>`
}
