// Accounts of communication, and what they are in words.

import type { Field, Question, Values } from "../components/ask"
import { del, patch, post } from "../api"
import type { Tone } from "../components/badge"
import type { CommunicationSource } from "../communications"
import { ago, count } from "../format"
import { split } from "../webhooks/words"

export const accountsPath = "/api/integrations/communication/accounts"

/** An account that communication is read from. */
export interface Account {
  id: string
  provider: Provider
  name: string
  address: string
  state: "connected" | "reconnect" | "paused"
  error?: string
  level: "metadata" | "subject" | "everything"
  region: string
  since: string | null
  own: string[]
}

export type Provider = "google" | "microsoft" | "twilio"

export const providers: { [provider in Provider]: string } = { google: "Google", microsoft: "Microsoft", twilio: "Twilio" }

const levels: [Account["level"], string][] = [
  ["everything", "Everything"], ["subject", "Who, when and the subject"], ["metadata", "Who and when"],
]

export function levelName(level: Account["level"]): string {
  return levels.find(([name]) => name === level)![1].toLowerCase()
}

const states: { [state in CommunicationSource["state"]]: [Tone, string] } = {
  up_to_date: ["good", "up to date"], reading: ["accent", "being read"], resyncing: ["accent", "read anew"], limited: ["wait", "told to wait"],
  failing: ["bad", "fails"], reconnect: ["bad", "connect again"], paused: ["wait", "paused"], never: ["plain", "not read yet"],
}

/** How it stands with a source, in two words. */
export function standing(s: CommunicationSource): [Tone, string] {
  return states[s.state]
}

/** Whether a source is about to change. */
export function moves(s: CommunicationSource): boolean {
  return s.state === "reading" || s.state === "resyncing" || s.state === "never"
}

/** What there is to say of a source besides, and what to do. */
export function about(s: CommunicationSource): string {
  const said = [
    moves(s) && s.left > 0 ? `${count(s.left)} left` : "",
    s.state === "resyncing" ? "the provider forgot how far it was read" : "",
    s.error ?? "",
    s.next_retry ? `tried again ${Date.parse(s.next_retry) - Date.now() < 60_000 ? "soon" : ago(s.next_retry)}, nothing has to be done` : "",
    s.last_success ? `complete as of ${ago(s.last_success)}` : "",
    s.no_push ? `read every ${Math.round(s.poll_seconds / 60)} min: ${s.no_push}` : "",
  ]
  return said.filter(Boolean).join(" · ")
}

const level = (value: Account["level"] = "everything"): Field =>
  ({ name: "level", label: "What colleagues see of it", kind: "select", options: levels, value })
const region = (value = ""): Field =>
  ({ name: "region", label: "Country of local numbers", value, placeholder: "GB", hint: "Two letters; empty if all numbers have the code of their country." })
const token: Field = { name: "token", label: "Auth token", kind: "secret", hint: "It is encrypted, and never shown." }

/** Asks which account to connect, a provider's at first. */
export function connect(first: Provider = "google"): Question {
  return {
    heading: "Connect an account",
    fields: values => {
      const provider = (values.provider ?? first) as Provider
      const chosen: Field = {
        name: "provider", label: "Whose it is", kind: "select", options: Object.entries(providers), value: provider,
        hint: provider === "twilio" ? "Text messages and calls." : `Mail and calendars. You go on at ${providers[provider]}, which asks whether the hub may read them: it never writes.`,
      }
      if (provider !== "twilio") return [chosen, level()]
      return [
        chosen, { name: "sid", label: "Account SID", placeholder: "AC…" }, token, { name: "name", label: "What you call it", placeholder: "Office phone" },
        { name: "numbers", label: "Its phone numbers", placeholder: "+442079460018", hint: "With commas between them." }, region(), level(),
      ]
    },
    verb: "Connect it",
    run: async ({ provider, numbers, ...values }) => {
      if (provider !== "twilio") return agree(provider as Provider, values)
      const given = Object.entries(trimmed(values)).filter(([, value]) => value !== "")
      await post(accountsPath, { ...Object.fromEntries(given), numbers: split(numbers!) })
      return "It is connected, and read now."
    },
  }
}

/** Asks what is needed to connect an account anew. */
export function connectAgain(a: Account): Question {
  const twilio = a.provider === "twilio"
  return {
    heading: `Connect ${a.name} again`,
    says: twilio ? "Its auth token was changed, or the account closed." : `You go on at ${providers[a.provider]}. Choose ${a.address} there.`,
    fields: () => (twilio ? [token] : []),
    verb: "Connect it",
    run: async ({ token }) => {
      if (!twilio) return agree(a.provider)
      await post(accountsPath, { sid: a.address, token: token!.trim() })
      return "It is connected again."
    },
  }
}

/** Goes on at a provider, which sends the browser back. */
async function agree(provider: Provider, wish: object = {}): Promise<void> {
  const { url } = await post<{ url: string }>("/api/integrations/communication/connect", { provider, ...wish })
  location.assign(url)
}

/** Asks what an account is to be set to. What is left as it was is not sent: the hub changes accounts too, whenever it
 *  refreshes a token. */
export function settings(a: Account): Question {
  const is: Values = {
    name: a.name, level: a.level, own: a.own.filter(own => own !== a.address).join(", "), region: a.region, since: a.since ? local(a.since) : "",
  }
  return {
    heading: a.address,
    says: "With another level, country, time or addresses all of it is read again.",
    fields: () => [
      { name: "name", label: "What you call it", value: is.name },
      level(a.level),
      { name: "own", label: "Other addresses and numbers of its owner", value: is.own, hint: "With commas between them. What they sent is outbound." },
      region(is.region),
      { name: "since", label: "Leave alone what was before", kind: "time", value: is.since },
    ],
    verb: "Save",
    run: async values => {
      const changed = Object.entries(trimmed(values)).filter(([name, value]) => value !== is[name])
      await patch(`${accountsPath}/${a.id}`, Object.fromEntries(changed.map(([name, value]) => [name, sent(name, value)])))
      return "Saved."
    },
  }
}

/** What is in a field, as the hub takes it. */
function sent(name: string, value: string): unknown {
  if (name === "own") return split(value)
  return name === "since" && value ? new Date(value).toISOString() : value
}

/** Asks whether an account is to be forgotten. */
export function disconnect(a: Account): Question {
  return {
    heading: `Disconnect ${a.name}?`,
    says: "What only this account had is removed from the timelines of clients. In the account itself nothing changes.",
    verb: "Disconnect",
    danger: true,
    run: async () => {
      await del(`${accountsPath}/${a.id}`)
      return "It is disconnected."
    },
  }
}

function trimmed(values: Values): Values {
  return Object.fromEntries(Object.entries(values).map(([name, value]) => [name, value.trim()]))
}

/** A moment as a field for local times has it. */
function local(at: string): string {
  const when = new Date(at)
  return new Date(when.getTime() - when.getTimezoneOffset() * 60_000).toISOString().slice(0, 16)
}
