// Stands for @noble/hashes, of which bs58check takes one function: automerge-repo brings
// a second SHA-256 of a third of its size, which serves both.

import sha256 from "fast-sha256"

export { sha256 }
