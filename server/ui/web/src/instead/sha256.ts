// Stands for fast-sha256, by which automerge-repo names what it stores, and for
// @noble/hashes, of which bs58check takes one function for the ids of documents. Both bring
// what nobody uses here. Browsers have SHA-256, but only asynchronously.

const words = 64
const bytes = 64 // of a block

/** The first 32 bits of the fraction of a root of each of the first n primes. */
function fractions(n: number, root: (prime: number) => number): Uint32Array {
  const found = new Uint32Array(n)
  for (let i = 0, candidate = 2; i < n; candidate++) {
    let divisor = 2
    while (divisor * divisor <= candidate && candidate % divisor !== 0) divisor++
    if (divisor * divisor > candidate) found[i++] = (root(candidate) % 1) * 2 ** 32
  }
  return found
}

const constants = fractions(words, Math.cbrt)
const begin = fractions(8, Math.sqrt)

export function sha256(data: Uint8Array): Uint8Array {
  const padded = new Uint8Array(Math.ceil((data.length + 9) / bytes) * bytes)
  padded.set(data)
  padded[data.length] = 0x80
  const view = new DataView(padded.buffer)
  view.setUint32(padded.length - 8, data.length / 2 ** 29)
  view.setUint32(padded.length - 4, data.length << 3)
  const state = begin.slice()
  const w = new Uint32Array(words)
  for (let at = 0; at < padded.length; at += bytes) {
    let [a, b, c, d, e, f, g, h] = state as unknown as [number, number, number, number, number, number, number, number]
    for (let i = 0; i < words; i++) {
      w[i] = i < 16 ? view.getUint32(at + 4 * i)
        : w[i - 16]! + (turn(w[i - 15]!, 7) ^ turn(w[i - 15]!, 18) ^ (w[i - 15]! >>> 3)) + w[i - 7]! + (turn(w[i - 2]!, 17) ^ turn(w[i - 2]!, 19) ^ (w[i - 2]! >>> 10))
      const one = h + (turn(e, 6) ^ turn(e, 11) ^ turn(e, 25)) + ((e & f) ^ (~e & g)) + constants[i]! + w[i]!
      const two = (turn(a, 2) ^ turn(a, 13) ^ turn(a, 22)) + ((a & b) ^ (a & c) ^ (b & c))
      ;[h, g, f, e, d, c, b, a] = [g, f, e, (d + one) | 0, c, b, a, (one + two) | 0]
    }
    for (const [i, word] of [a, b, c, d, e, f, g, h].entries()) state[i]! += word
  }
  const sum = new DataView(new ArrayBuffer(32))
  for (const [i, word] of state.entries()) sum.setUint32(4 * i, word)
  return new Uint8Array(sum.buffer)
}

export { sha256 as hash }

function turn(word: number, by: number): number {
  return (word >>> by) | (word << (32 - by))
}
