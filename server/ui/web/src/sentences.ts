// Lines of the feed as sentences. What is stored stays text: it is only put between
// words and links.

import { html, type TemplateResult } from "lit"
import type { Tone } from "./components/badge"
import type { IconName } from "./components/icon"
import type { Line } from "./feed"
import { device, label, listed, series } from "./format"
import { names } from "./names"
import type { Event } from "./types"

export interface Sentence {
  icon: IconName
  tone: Tone
  words: TemplateResult
}

/** What a line says. */
export function sentence({ event, proposals }: Line, me = ""): Sentence {
  const { data, type } = event
  const who = person(data.user ?? "", me)
  const client = clientLink(event)
  const field = label(data.verdict?.field ?? data.conflict?.field ?? data.merged?.field ?? "")
  switch (type) {
    case "wedsync.client.created": return { icon: "add", tone: "accent", words: html`${who} added ${client}` }
    case "wedsync.client.changed": return { icon: "activity", tone: "plain", words: html`${who} changed ${listed(data.fields ?? [])} of ${client}` }
    case "wedsync.client.deleted": return { icon: "close", tone: "bad", words: html`${who} deleted ${client}` }
    case "wedsync.client.restored": return { icon: "history", tone: "good", words: html`${who} brought ${client} back` }
    case "wedsync.client.erased": return { icon: "close", tone: "bad", words: html`${who} erased a client for good` }
    case "wedsync.client.recovered": return { icon: "history", tone: "wait", words: html`What the hub had lost of ${client} came back` }
    case "wedsync.client.merged": return { icon: "activity", tone: "plain", words: merged(event, who, field, client) }
    case "wedsync.verdict.diverted": return { icon: "wait", tone: "wait", words: html`${who} proposed another ${decision(event, field)} for ${client}; it waits for approval` }
    case "wedsync.verdict.rejected": return { icon: "close", tone: "bad", words: html`${possessive(data.user ?? "", me)} edit of ${decision(event, field)} of ${client} was not taken` }
    case "wedsync.verdict.accepted": return { icon: "check", tone: "good", words: html`${who} changed ${field.toLowerCase()} of ${client}, and it counts` }
    case "wedsync.verdict.no_change":
    case "wedsync.verdict.withdrawn": return { icon: "history", tone: "plain", words: html`${who} took ${decision(event, field)} of ${client} back to what counts` }
    case "wedsync.conflict.opened": return { icon: "wait", tone: "wait", words: html`${decision(event, field, field)} of ${client} waits for a decision` }
    case "wedsync.conflict.reopened": return { icon: "wait", tone: "wait", words: html`${who} reopened the decision about ${decision(event, field)} of ${client}` }
    case "wedsync.conflict.reminded": return { icon: "wait", tone: "wait", words: html`${decision(event, field, "An edit")} of ${client} has waited for long` }
    case "wedsync.conflict.resolved": return { icon: "check", tone: "good", words: html`${who} decided ${decision(event, field)} of ${client}${how(data.conflict?.action, proposals, me)}` }
    case "wedsync.conflict.withdrawn": return { icon: "history", tone: "plain", words: html`Nobody proposes another ${field.toLowerCase()} for ${client} any more` }
    case "wedsync.activity.posted": return { icon: "more", tone: "accent", words: html`${who} · ${client}: “${data.activity?.text ?? data.text}”` }
  }
  return { icon: "activity", tone: "plain", words: html`${client}: ${data.text}` }
}

/** The same as plain text, for a notification. */
export function plainSentence(event: Event): string {
  const name = names.value.get(event.data.client_id ?? "")?.name
  return (name ? `${name}: ` : "") + event.data.text
}

/** How an edit came, such as "on maya-phone"; empty if that says nothing. */
export function way({ data, type }: Event): string {
  if (type === "wedsync.client.merged") return ""
  if (data.origin === "api" || data.origin === "use") return "through the API"
  if (data.origin === "webhook") return "through a connection"
  return data.origin === "sync" && data.device ? `on ${device(data.device)}` : ""
}

/** A link to a client's page, by its name. */
export function clientLink({ data, type }: Event): TemplateResult {
  const known = names.value.get(data.client_id ?? "")
  const name = known?.name || "a client without a name"
  if (!data.client_id || type === "wedsync.client.erased") return html`a client`
  if (type === "wedsync.client.deleted") return html`<strong>${known ? name : "a client"}</strong>`
  return html`<a href="/clients/${data.client_id}">${known ? name : "a client"}</a>`
}

function person(user: string, me: string): TemplateResult {
  return html`<strong>${user === "" ? "The hub" : user === me ? "You" : user}</strong>`
}

function possessive(user: string, me: string): TemplateResult {
  return html`<strong>${user === "" ? "The hub’s" : user === me ? "Your" : `${user}’s`}</strong>`
}

/** The field, or other words, as a link to its conflict where there is one. */
function decision({ data }: Event, field: string, words = field.toLowerCase()): TemplateResult {
  const id = data.conflict?.id ?? data.verdict?.conflict_id
  return id ? html`<a href="/inbox?conflict=${id}">${words}</a>` : html`${words}`
}

function how(action: string | undefined, proposals: Line["proposals"], me: string): TemplateResult {
  const users = (state: string) => [...new Set(proposals.filter(p => p.state === state).map(p => (p.user === me ? "you" : p.user)))]
  const accepted = users("accepted")
  const others = users("rejected")
  if (action === "keep") return html`: what counted stays`
  if (accepted.length === 0) return html`: another value counts now`
  return html`: ${series(accepted)} ${accepted.length > 1 || accepted[0] === "you" ? "were" : "was"} accepted${others.length > 0 ? `, ${series(others)} not` : ""}`
}

function merged({ data }: Event, who: TemplateResult, field: string, client: TemplateResult): TemplateResult {
  switch (data.merged?.status) {
    case "open": return html`${field} of ${client} was written at the same time in several places; one value shows`
    case "used_other": return html`${who} chose the other ${field.toLowerCase()} of ${client}`
    case "dismissed": return html`${who} left ${field.toLowerCase()} of ${client} as it shows`
    default: return html`${field} of ${client} has one value again`
  }
}
