// Stands for cbor-x: CBOR as automerge-repo writes it, byte for byte, and all of CBOR's
// values for reading. Records, shared structures and streams, which make up most of
// cbor-x, are options that automerge-repo turns off.

const text = new TextEncoder()
const strict = new TextDecoder()
const double = 0xfb
const mapOf16 = 0xb9 // cbor-x writes every map with a length of two bytes
const mostKeys = 0xffff

interface Options {
  tagUint8Array: false
  useRecords: false
}

/** Writes values. Throws for what automerge-repo does not send: instances of classes, functions, big integers. */
export class Encoder {
  constructor({ tagUint8Array, useRecords }: Options) {
    if (tagUint8Array !== false || useRecords !== false) throw new Error("CBOR is written without tags and records only")
  }

  encode(value: unknown): Uint8Array {
    const out = new Writer()
    out.value(value)
    return out.taken()
  }
}

/** Reads one value, and throws unless it ends with the bytes. What a tag stands before is read as if it stood alone. */
export function decode(bytes: Uint8Array): unknown {
  const from = new Reader(bytes)
  const value = from.value()
  if (!from.ended) throw new Error("CBOR goes on behind its value")
  return value
}

class Writer {
  #bytes = new Uint8Array(1024)
  #view = new DataView(this.#bytes.buffer)
  #at = 0

  taken(): Uint8Array {
    return this.#bytes.slice(0, this.#at)
  }

  value(v: unknown): void {
    switch (typeof v) {
      case "string": return this.#run(3, text.encode(v))
      case "number": return this.#number(v)
      case "boolean": return this.#byte(v ? 0xf5 : 0xf4)
      case "undefined": return this.#byte(0xf7)
      case "object": return this.#object(v)
      default: throw new Error(`CBOR is not written of a ${typeof v}`)
    }
  }

  #object(v: object | null): void {
    if (v === null) return this.#byte(0xf6)
    if (v instanceof Uint8Array) return this.#run(2, v)
    if (Array.isArray(v)) {
      this.#head(4, v.length)
      for (const item of v) this.value(item)
      return
    }
    const kind: unknown = Object.getPrototypeOf(v)
    if (kind !== Object.prototype && kind !== null) throw new Error(`CBOR is not written of a ${v.constructor.name}`)
    const entries = Object.entries(v)
    if (entries.length > mostKeys) throw new Error(`CBOR is written of at most ${mostKeys} keys`)
    this.#byte(mapOf16)
    const at = this.#take(2)
    this.#view.setUint16(at, entries.length)
    for (const [key, item] of entries) {
      this.value(key)
      this.value(item)
    }
  }

  #number(n: number): void {
    if (n >>> 0 === n) return this.#head(0, n)
    if (Number.isInteger(n) && n < 0 && n >= -0x1_0000_0000) return this.#head(1, -1 - n)
    this.#byte(double)
    const at = this.#take(8)
    this.#view.setFloat64(at, n)
  }

  #run(major: number, bytes: Uint8Array): void {
    this.#head(major, bytes.length)
    const at = this.#take(bytes.length)
    this.#bytes.set(bytes, at)
  }

  /** What a value is, and its number or length in as few bytes as hold it. */
  #head(major: number, n: number): void {
    major <<= 5
    if (n < 24) return this.#byte(major | n)
    const width = n < 0x100 ? 0 : n < 0x1_0000 ? 1 : 2
    this.#byte(major | 24 + width)
    const at = this.#take(1 << width)
    if (width === 0) this.#view.setUint8(at, n)
    else if (width === 1) this.#view.setUint16(at, n)
    else this.#view.setUint32(at, n)
  }

  #byte(b: number): void {
    const at = this.#take(1)
    this.#bytes[at] = b
  }

  /** Makes room for some bytes and says where, perhaps in other memory than before. */
  #take(length: number): number {
    const at = this.#at
    this.#at += length
    if (this.#at > this.#bytes.length) {
      const longer = new Uint8Array(Math.max(this.#at, 2 * this.#bytes.length))
      longer.set(this.#bytes)
      this.#bytes = longer
      this.#view = new DataView(longer.buffer)
    }
    return at
  }
}

const stop = Symbol("stop")

class Reader {
  #bytes: Uint8Array
  #view: DataView
  #at = 0

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  }

  get ended(): boolean {
    return this.#at === this.#bytes.length
  }

  value(): unknown {
    const v = this.#item()
    if (v === stop) throw new Error("CBOR stops where nothing began")
    return v
  }

  #item(): unknown {
    const first = this.#view.getUint8(this.#take(1))
    const major = first >> 5
    const info = first & 31
    if (major === 7) return this.#simple(info)
    const n = info === 31 ? null : this.#number(info)
    switch (major) {
      case 0: return n ?? bad(first)
      case 1: return n === null ? bad(first) : typeof n === "bigint" ? -1n - n : -1 - n
      case 2: return this.#run(n)
      case 3: return strict.decode(this.#run(n))
      case 4: return [...this.#items(n)]
      case 5: return this.#map(n)
      default: return n === null ? bad(first) : this.value() // a tag
    }
  }

  #simple(info: number): unknown {
    switch (info) {
      case 20: return false
      case 21: return true
      case 22: return null
      case 23: return undefined
      case 25: return half(this.#view.getUint16(this.#take(2)))
      case 26: return this.#view.getFloat32(this.#take(4))
      case 27: return this.#view.getFloat64(this.#take(8))
      case 31: return stop
      default: return bad(7 << 5 | info)
    }
  }

  #number(info: number): number | bigint {
    switch (info) {
      case 24: return this.#view.getUint8(this.#take(1))
      case 25: return this.#view.getUint16(this.#take(2))
      case 26: return this.#view.getUint32(this.#take(4))
      case 27: return this.#view.getBigUint64(this.#take(8))
      default: return info < 24 ? info : bad(info)
    }
  }

  /** Bytes of a length, or pieces up to a stop. */
  #run(n: number | bigint | null): Uint8Array {
    if (n !== null) {
      const at = this.#take(Number(n))
      return this.#bytes.slice(at, this.#at)
    }
    const all: number[] = []
    for (const piece of this.#items(null)) all.push(...(typeof piece === "string" ? text.encode(piece) : piece as Uint8Array))
    return Uint8Array.from(all)
  }

  #map(n: number | bigint | null): Record<string, unknown> {
    const map: Record<string, unknown> = {}
    for (const key of this.#items(n)) {
      // cbor-x renames this one too: it would set the prototype.
      map[key === "__proto__" ? "__proto_" : String(key)] = this.value()
    }
    return map
  }

  /** So many values, or all up to a stop. Ends by throwing where the bytes end, however many were announced. */
  *#items(n: number | bigint | null): Generator<unknown> {
    for (let i = 0; n === null || i < n; i++) {
      const v = n === null ? this.#item() : this.value()
      if (v === stop) return
      yield v
    }
  }

  #take(length: number): number {
    const at = this.#at
    if (length > this.#bytes.length - at) throw new Error("CBOR ends in the middle of a value")
    this.#at += length
    return at
  }
}

function half(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1
  const exponent = bits >> 10 & 31
  const fraction = bits & 0x3ff
  if (exponent === 31) return fraction ? NaN : sign * Infinity
  return sign * (exponent ? 2 ** (exponent - 25) * (fraction + 1024) : 2 ** -24 * fraction)
}

function bad(byte: number): never {
  throw new Error(`CBOR has no value that begins with ${byte}`)
}
