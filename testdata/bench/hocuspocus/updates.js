// Writes updates of one record to standard output, as a Yjs client makes them:
//
//	node updates.js CHANGES [FROM:TO …]
//
// first each change alone, then for each span what a client sends that holds TO
// changes to a server that holds FROM. Each update stands behind its length, 4
// bytes little-endian. The first change creates the record with 22 fields, each
// of the others sets one of the first 20; so the clock is 21 more than the
// number of changes.
import * as Y from 'yjs'

const fields = 20
const [changes, ...spans] = process.argv.slice(2)
const wanted = spans.map((s) => s.split(':').map(Number))

const record = new Y.Doc()
record.clientID = 1_234_567_890
const map = record.getMap('record')
const field = (i) => `field_${String(i).padStart(2, '0')}`

const vectors = [Y.encodeStateVector(record)] // after so many changes
const spanned = []
let out = []
record.on('update', (update) => out.push(update))

for (let i = 0; i < Number(changes); i++) {
  record.transact(() => {
    if (i > 0) return map.set(field(i % fields), `value ${i} of record 0`)
    for (let f = 0; f < fields; f++) map.set(field(f), 'nothing yet')
    map.set('venue_name', 'Orchard Barn')
    map.set('wedding_date', '2027-06-12')
  })
  const n = i + 1
  if (wanted.some(([from]) => from === n)) vectors[n] = Y.encodeStateVector(record)
  wanted.forEach(([from, to], s) => {
    if (to === n) spanned[s] = Y.encodeStateAsUpdate(record, vectors[from])
  })
}

for (const update of [...out, ...spanned]) {
  const length = Buffer.alloc(4)
  length.writeUInt32LE(update.length)
  process.stdout.write(Buffer.concat([length, update]))
}
