// Values as people type them, by the kind that the policy gives a field.

import { money } from "./format"
import { lazily } from "./lazily"
import type { FieldPolicy, Value } from "./types"

export type Kind = FieldPolicy["kind"]

/** What a text means, or why it means nothing. */
export type Meaning = { value: Value; fault?: undefined } | { value?: undefined; fault: string }

const point = lazily(() => new Intl.NumberFormat(navigator.language).formatToParts(1.5).find(part => part.type === "decimal")?.value ?? ".")

/** What a text means as a field's value. Nothing typed clears the field. Of the kind any, a
 *  text stays text unless the field's value is something else: then it is read as JSON. */
export function meaning(text: string, kind: Kind, like: Value = ""): Meaning {
  if (text.trim() === "") return { value: null }
  switch (kind) {
    case "date": return /^\d{4}-\d{2}-\d{2}$/.test(text) ? { value: text } : { fault: "Choose a day." }
    case "money":
    case "number": return numeric(text)
    case "text": return { value: text }
    case "any": return typeof like === "string" || like === null ? { value: text } : json(text)
  }
}

/** The text to begin typing with. */
export function typedText(value: Value, kind: Kind): string {
  if (value === null) return ""
  if (typeof value === "string") return value
  if (typeof value === "number" && kind !== "any") return String(value).replace(".", point())
  return JSON.stringify(value)
}

/** "Means 12,500", to be seen while typing. */
export function meant(text: string, kind: Kind): string {
  if (kind !== "money" && kind !== "number") return ""
  const { value } = meaning(text, kind)
  return value === null || value === undefined ? "" : `Means ${money(Number(value))}`
}

/** A number with the separators of this browser's language. */
function numeric(text: string): Meaning {
  const plain = text.replace(/[\s'’_]/g, "")
  const digits = point() === "," ? plain.replace(/\.(?=(\d\d\.)*\d{3}(\D|$))/g, "").replace(",", ".") : plain.replace(/,(?=(\d\d,)*\d{3}(\D|$))/g, "") // in India 12,34,567
  if (!/^[+-]?(\d+(\.\d*)?|\.\d+)$/.test(digits)) return { fault: "Type a number, without a currency." }
  const n = Number(digits)
  return { value: Math.abs(n) <= Number.MAX_SAFE_INTEGER && digits.length <= 15 ? n : digits } // the hub reads digits exactly
}

function json(text: string): Meaning {
  try {
    return { value: JSON.parse(text) as Value }
  } catch {
    return { fault: "This is not JSON, as the field's value is." }
  }
}
