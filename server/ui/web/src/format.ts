// Dates and money as people of this browser's language write them, and durations in the app's words.

import { deviceNames } from "./devicenames"
import { lazily } from "./lazily"
import type { Author, Value } from "./types"

const language = navigator.language
const words = "en" // of the sentences around them
const day = lazily(() => new Intl.DateTimeFormat(language, { dateStyle: "medium", timeZone: "UTC" }))
const longDay = lazily(() => new Intl.DateTimeFormat(language, { dateStyle: "full", timeZone: "UTC" }))
const localDay = lazily(() => new Intl.DateTimeFormat(language, { dateStyle: "full" }))
const moment = lazily(() => new Intl.DateTimeFormat(language, { dateStyle: "medium", timeStyle: "short" }))
const exactMoment = lazily(() => new Intl.DateTimeFormat(language, { dateStyle: "full", timeStyle: "long" }))
const clock = lazily(() => new Intl.DateTimeFormat(language, { timeStyle: "short" }))
const number = lazily(() => new Intl.NumberFormat(language, { maximumFractionDigits: 2 }))
const relative = lazily(() => new Intl.RelativeTimeFormat(words, { numeric: "auto" }))
const named = 4 // fields that a sentence names

const units: [Intl.RelativeTimeFormatUnit, number][] = [
  ["year", 31_536_000], ["month", 2_592_000], ["week", 604_800], ["day", 86_400], ["hour", 3600], ["minute", 60],
]

/** "12 Jun 2027" of "2027-06-12"; what is no date stays as it is. */
export function date(text: string, { long = false } = {}): string {
  if (!isDay(text)) return text
  return (long ? longDay : day)().format(new Date(text + "T00:00:00Z"))
}

/** A moment by this browser's clock and zone. */
export function time(at: string | Date, { exact = false } = {}): string {
  const when = new Date(at)
  return Number.isNaN(when.getTime()) ? String(at) : (exact ? exactMoment : moment)().format(when)
}

/** The time of day alone. */
export function hour(at: string | Date): string {
  return clock().format(new Date(at))
}

/** "Today", "Yesterday" or the day in full, by this browser's zone. */
export function longDayOf(at: string | Date, now = new Date()): string {
  const when = new Date(at)
  const days = Math.round((new Date(now).setHours(0, 0, 0, 0) - new Date(when).setHours(0, 0, 0, 0)) / 86_400_000)
  if (days === 0 || days === 1) return capital(relative().format(-days, "day"))
  return localDay().format(when)
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1)
}

/** "5 min ago", "in 2 days". */
export function ago(at: string | Date, now = Date.now()): string {
  const seconds = (new Date(at).getTime() - now) / 1000
  for (const [unit, size] of units) {
    if (Math.abs(seconds) >= size) return relative().format(Math.round(seconds / size), unit)
  }
  return "just now"
}

/** "3 days", "2 h", "5 min" between two moments. */
export function duration(from: string | Date, to: string | Date | number = Date.now()): string {
  const seconds = Math.max(0, (new Date(to).getTime() - new Date(from).getTime()) / 1000)
  for (const [unit, size] of units) {
    if (seconds >= size) {
      return new Intl.NumberFormat(words, { style: "unit", unit, unitDisplay: "long" }).format(Math.floor(seconds / size))
    }
  }
  return "less than a minute"
}

/** An amount; the hub knows no currency. */
export function money(amount: number): string {
  return number().format(amount)
}

export function count(n: number): string {
  return number().format(n)
}

/** A field's value for people, by the kind that the policy gives it. */
export function value(v: Value | undefined, kind = "any"): string {
  if (v === null || v === undefined || v === "") return "—"
  if (typeof v === "number") return kind === "any" ? number().format(v) : money(v)
  if (typeof v === "boolean") return v ? "yes" : "no"
  if (typeof v === "string") return kind === "date" || isDay(v) ? date(v) : v
  if (Array.isArray(v)) return v.map(item => value(item)).join(", ")
  return Object.entries(v).map(([key, item]) => `${label(key)}: ${value(item)}`).join(", ")
}

/** "Wedding date" of "wedding_date", "Venue · city" of "venue.city". */
export function label(field: string): string {
  const words = field.replaceAll("_", " ").replaceAll(".", " · ")
  return words.charAt(0).toUpperCase() + words.slice(1)
}

/** "notes, budget and wedding date": fields in a sentence; "…" among them stands for more. */
export function listed(fields: string[]): string {
  const all = fields.filter(field => field !== "…").map(field => label(field).toLowerCase())
  if (all.length === 0) return "something"
  const more = all.length - named
  if (fields.includes("…")) return `${all.slice(0, named).join(", ")} and more`
  return more > 0 ? `${all.slice(0, named).join(", ")} and ${more} more` : series(all)
}

export function series(all: string[]): string {
  return all.length < 2 ? (all[0] ?? "") : `${all.slice(0, -1).join(", ")} and ${all.at(-1)}`
}

/** What stands for a name where there is room for one letter. */
export function initial(name: string): string {
  return [...name][0] ?? "" // a letter of two code units is not cut in half
}

/** "Maya (maya-phone)". */
export function who(author: Author): string {
  const name = author.user || (author.role === "" ? "the hub" : "somebody")
  return author.device ? `${name} on ${device(author.device)}` : name
}

/** What people call a device, else what its token does, short if that is only the id of its storage. */
export function device(name: string): string {
  const given = deviceNames.value.get(name)
  if (given) return given
  return /^[0-9a-f]{8}-[0-9a-f]{4}-/.test(name) ? `browser ${name.slice(0, 4)}` : name
}

/** Whether a text is a calendar day. */
export function isDay(text: string): boolean {
  return /^\d{4}-\d{2}-\d{2}$/.test(text) && !Number.isNaN(Date.parse(text + "T00:00:00Z"))
}
