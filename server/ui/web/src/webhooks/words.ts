// What webhooks are in words.

import { css, html, type TemplateResult } from "lit"
import type { Tone } from "../components/badge"
import type { Field, Values } from "../components/ask"
import { ago, count } from "../format"
import type { Connection, Delivery, Endpoint, EventState, HookEvent, Mapping, Source } from "./types"

/** CSS of all that shows webhooks. */
export const looks = css`
  .back { display: inline-flex; align-items: center; gap: var(--space-1); font-size: var(--size-small); text-decoration: none; justify-self: start; }
  .back svg { inline-size: 1rem; block-size: 1rem; }
  .head { display: flex; flex-wrap: wrap; align-items: center; gap: var(--space-2) var(--space-3); }
  .head > :first-child { flex: 1 1 12rem; min-inline-size: 0; }
  h2, h3, p, li, dd { overflow-wrap: anywhere; }
  .card { min-inline-size: 0; }
  .section { display: grid; gap: var(--space-3); padding: var(--space-4); }
  .link { color: inherit; text-decoration: none; font-weight: 560; }
  .link:hover { color: var(--accent-strong); }
  .item { display: grid; gap: var(--space-1); }
  .go:hover { background: var(--sunken); }
  pre { margin: 0; max-block-size: 24rem; overflow: auto; padding: var(--space-3); border-radius: var(--radius-small); background: var(--sunken); font: 0.85rem/1.5 var(--mono); white-space: pre-wrap; overflow-wrap: anywhere; }
  textarea.code { font: 0.85rem/1.5 var(--mono); min-block-size: 12rem; }
  summary { cursor: pointer; color: var(--accent); }
  .section .rows > li { padding-inline: 0; }
  .facts { display: grid; grid-template-columns: minmax(6rem, auto) minmax(0, 1fr); gap: var(--space-1) var(--space-4); }
  .facts dt { color: var(--text-soft); }
  .error { overflow-wrap: anywhere; }
  .filters { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 9rem), 1fr)); gap: var(--space-2); flex: 1 1 18rem; }
  .center { display: grid; justify-items: center; gap: var(--space-2); }
`

interface Kind {
  title: string
  /** What to do where the sender's webhooks are set up. */
  says: string
  /** Whether the sender makes the secret. */
  told?: boolean
  /** Whether there is a secret at all. */
  open?: boolean
  paths?: boolean
  fields?: Field[]
}

const header = (usual: string): Field => ({ name: "header", label: "Header", placeholder: usual, hint: `In which it stands; ${usual} if left empty.` })

/** The kinds of senders. */
export const kinds: { [source in Source]: Kind } = {
  zapier: {
    title: "HoneyBook and others, through Zapier", paths: true, fields: [header("X-WedSync-Secret")],
    says: "Have the Zap post JSON to the URL, with the secret in that header.",
  },
  "client-integrations": {
    title: "CRM of your own", paths: true,
    fields: [{ name: "sources", label: "What its events call their source", value: "*", hint: "Several with commas between them; * for anything." }],
    says: "Have it sign the body with the secret: the hexadecimal HMAC-SHA256, in X-Webhook-Signature.",
  },
  vsco: {
    title: "VSCO Workspace (Táve)",
    fields: [
      { name: "api_key", label: "Key of its API", hint: "One that may read. It is not shown again." },
      { name: "api_url", label: "Where its API is", placeholder: "https://workspace.vsco.co", hint: "Empty for the usual place." },
    ],
    says: "Subscribe its REST hooks to the URL, with &event=job.created and so on at its end.",
  },
  "standard-webhooks": { title: "Standard Webhooks", paths: true, says: "Enter the URL and the secret where its webhooks are set up." },
  timestamped: { title: "Signed like Stripe", told: true, paths: true, fields: [header("Stripe-Signature")], says: "Enter the URL where its webhooks are set up; it shows the secret there." },
  github: { title: "Signed like GitHub", paths: true, fields: [header("X-Hub-Signature-256")], says: "Enter the URL and the secret where its webhooks are set up." },
  twilio: { title: "Twilio", told: true, says: "Enter the URL for incoming messages of the number." },
  gmail: {
    title: "Gmail", open: true,
    fields: [
      { name: "audience", label: "Audience", hint: "Of the token that Pub/Sub sends." },
      { name: "account", label: "Service account", hint: "Its e-mail address, which Pub/Sub sends as." },
    ],
    says: "Make a push subscription of Pub/Sub to the URL, with authentication.",
  },
  "microsoft-graph": { title: "Microsoft Graph", says: "Make the subscription to the URL, with the secret as its clientState." },
}

const placeNames: [string, string][] = [["event", "event’s id"], ["object", "object’s id"], ["type", "type of the event"], ["version", "object’s version"], ["data", "object itself"]]

/** The fields that a connection of a source has besides. */
export function fieldsOf(source: Source, c?: Connection): Field[] {
  const kind = kinds[source]
  const fields = (kind.fields ?? []).map(field => {
    const set = c?.[field.name as keyof Connection]
    return { ...field, value: Array.isArray(set) ? set.join(", ") : typeof set === "string" ? set : c ? "" : (field.value ?? "") }
  })
  if (c?.has_api_key) fields[0]!.hint = "Left empty, the one before stays."
  if (!kind.paths || !c) return fields
  return [...fields, ...placeNames.map(([name, title]) => ({ name: `paths.${name}`, label: `Where the ${title} is`, value: c.paths?.[name] ?? "" }))]
}

/** What is in those fields, as the hub takes it. */
export function settingsOf(values: Values): object {
  const settings: Record<string, unknown> = {}
  const paths: Record<string, string> = {}
  for (const [name, value] of Object.entries(values)) {
    if (name.startsWith("paths.")) paths[name.slice(6)] = value.trim()
    else if (name === "sources") settings[name] = split(value)
    else if (name === "paused" || name === "create_unknown") settings[name] = value !== ""
    else if (value.trim() !== "" || !["api_key", "secret"].includes(name)) settings[name] = value.trim()
  }
  return Object.keys(paths).length > 0 ? { ...settings, paths } : settings
}

export function split(text: string): string[] {
  return text.split(",").map(part => part.trim()).filter(part => part !== "")
}

/** A mapping as JSON, a rule to a line. */
export function written(m: Mapping | undefined): string {
  return m ? `{"rules": [\n${m.rules.map(({ from, to, do: steps, ...rest }) => "  " + JSON.stringify({ from, to, do: steps, ...rest }).replaceAll(/"(:|,)(?=["[{])/g, '"$1 ')).join(",\n")}\n]}` : ""
}

/** JSON for people; anything else as it is. */
export function pretty(text: string): string {
  try {
    const read: unknown = JSON.parse(text)
    return typeof read === "object" ? JSON.stringify(read, null, 2) : text
  } catch {
    return text
  }
}

export const states: { [state in EventState]: [Tone, string] } = {
  waiting: ["wait", "whose is it?"],
  dead: ["bad", "failed"],
  unrouted: ["wait", "unrouted"],
  received: ["accent", "being worked on"],
  done: ["good", "done"],
}

/** What an event is called. */
export function titleOf(e: HookEvent): string {
  return e.type || (about(e) ? "Event" : "Something that cannot be read")
}

/** The sender's id of what an event is about, empty if it names nothing. */
export function about(e: HookEvent): string {
  return e.object_id.startsWith("body ") ? "" : e.object_id
}

/** How far an event has come. */
export function eventBadge(e: HookEvent): TemplateResult {
  const [tone, text] = states[e.state]
  const again = e.state === "received" && e.attempts > 0 && e.due_at && Date.parse(e.due_at) > Date.now() + 5000
  return again ? badge("wait", `tried ${e.attempts}×, again ${soon(e.due_at!)}`) : badge(tone, text)
}

export const deliveryStates: { [state in Delivery["state"]]: [Tone, string] } = {
  pending: ["accent", "waits"], delivered: ["good", "delivered"], failed: ["bad", "given up"],
}

/** How it stands with a connection. */
export function connectionBadges(c: Connection): (TemplateResult | undefined)[] {
  const { state, until } = c.sender
  const n = c.events ?? {}
  return [
    c.paused ? badge("wait", "paused") : undefined,
    state === "open" ? badge("bad", until ? `its API fails, asked again ${soon(until)}` : "its API fails") : undefined,
    state === "half_open" ? badge("wait", "its API is tried") : undefined,
    n.waiting ? badge("wait", waits(n.waiting)) : undefined,
    n.dead ? badge("bad", `${n.dead} failed`) : undefined,
  ]
}

/** How it stands with an endpoint. */
export function endpointBadges(e: Endpoint): (TemplateResult | undefined)[] {
  const { breaker, retry_at } = e.health
  return [
    e.status === "paused" ? badge("wait", "paused") : undefined,
    e.status === "disabled" ? badge("bad", e.disabled_reason === "gone" ? "switched off: its receiver is gone" : "switched off: nothing came through for 72 hours") : undefined,
    e.status === "active" && breaker === "closed" ? badge("good", "active") : undefined,
    e.status === "active" && breaker === "open" ? badge("bad", retry_at ? `fails, tried again ${soon(retry_at)}` : "fails") : undefined,
    e.status === "active" && breaker === "half_open" ? badge("wait", "one at a time, to see") : undefined,
    e.pending ? badge("accent", waits(e.pending)) : undefined,
    e.failed ? badge("bad", `${e.failed} given up`) : undefined,
  ]
}

/** A text of the hub as a sentence. */
export function sentence(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1) + (/[.!?]$/.test(text) ? "" : ".")
}

function waits(n: number): string {
  return n === 1 ? "1 waits" : `${count(n)} wait`
}

/** "in 5 minutes"; of what is nearer, or late, that it is soon. */
function soon(at: string): string {
  return Date.parse(at) - Date.now() < 60_000 ? "soon" : ago(at)
}

function badge(tone: Tone, text: string): TemplateResult {
  return html`<wed-badge tone=${tone}>${text}</wed-badge>`
}
