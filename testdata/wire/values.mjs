// JSON ↔ values of an Automerge document. What JSON cannot say is tagged:
// {"$immutable": "…"}, {"$date": "…"}, {"$counter": 3}, {"$bytes": "base64"}.
// A plain JSON string is a text object, as it is for every JavaScript app.

export function decode(json, { Counter, ImmutableString }) {
  if (json === null || typeof json !== "object") return json
  if (Array.isArray(json)) return json.map(v => decode(v, { Counter, ImmutableString }))
  if ("$immutable" in json) return new ImmutableString(json.$immutable)
  if ("$date" in json) return new Date(json.$date)
  if ("$counter" in json) return new Counter(json.$counter)
  if ("$bytes" in json) return new Uint8Array(Buffer.from(json.$bytes, "base64"))
  return mapValues(json, v => decode(v, { Counter, ImmutableString }))
}

export function encode(value) {
  if (value === undefined) return undefined
  if (typeof value === "bigint") return Number(value)
  if (value === null || typeof value !== "object") return value
  if (value instanceof Date) return { $date: value.toISOString() }
  if (value instanceof Uint8Array) return { $bytes: Buffer.from(value).toString("base64") }
  if (Array.isArray(value)) return value.map(encode)
  const kind = value.constructor?.name
  if (kind === "ImmutableString" || kind === "RawString") return { $immutable: value.val ?? value.toString() }
  if (kind === "Counter") return { $counter: value.value }
  return mapValues(value, encode)
}

export function at(doc, path) {
  return path.reduce((v, key) => (v === null || v === undefined ? undefined : v[key]), doc)
}

function mapValues(object, f) {
  return Object.fromEntries(Object.entries(object).map(([k, v]) => [k, f(v)]))
}
