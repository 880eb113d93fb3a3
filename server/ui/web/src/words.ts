// What differs between two texts, by words.

export interface Piece {
  kind: "same" | "new" | "gone"
  text: string
}

const most = 600 // words on a side; of longer texts only the ends that agree are told apart

/** The pieces of which from and to are made, in order. */
export function words(from: string, to: string): Piece[] {
  const a = split(from)
  const b = split(to)
  let start = 0
  while (start < a.length && start < b.length && a[start] === b[start]) start++
  let end = 0
  while (end < a.length - start && end < b.length - start && a[a.length - 1 - end] === b[b.length - 1 - end]) end++
  return joined([
    { kind: "same", text: a.slice(0, start).join("") },
    ...between(a.slice(start, a.length - end), b.slice(start, b.length - end)),
    { kind: "same", text: a.slice(a.length - end).join("") },
  ])
}

function split(text: string): string[] {
  return text.match(/\s+|[\p{L}\p{N}_'’]+|[^\s]/gu) ?? []
}

/** The longest common subsequence tells what stayed. */
function between(a: string[], b: string[]): Piece[] {
  if (a.length > most || b.length > most || a.length === 0 || b.length === 0) {
    return [{ kind: "gone", text: a.join("") }, { kind: "new", text: b.join("") }]
  }
  const width = b.length + 1
  const best = new Uint16Array((a.length + 1) * width)
  for (let i = a.length - 1; i >= 0; i--) {
    for (let j = b.length - 1; j >= 0; j--) {
      best[i * width + j] = a[i] === b[j]
        ? best[(i + 1) * width + j + 1]! + 1
        : Math.max(best[(i + 1) * width + j]!, best[i * width + j + 1]!)
    }
  }
  const pieces: Piece[] = []
  let i = 0
  let j = 0
  while (i < a.length || j < b.length) {
    if (i < a.length && j < b.length && a[i] === b[j]) {
      pieces.push({ kind: "same", text: a[i]! })
      i++
      j++
    } else if (j >= b.length || (i < a.length && best[(i + 1) * width + j]! >= best[i * width + j + 1]!)) {
      pieces.push({ kind: "gone", text: a[i++]! })
    } else {
      pieces.push({ kind: "new", text: b[j++]! })
    }
  }
  return pieces
}

function joined(pieces: Piece[]): Piece[] {
  const all: Piece[] = []
  for (const piece of pieces) {
    const last = all.at(-1)
    if (piece.text === "") continue
    if (last?.kind === piece.kind) last.text += piece.text
    else all.push({ ...piece })
  }
  return all
}
