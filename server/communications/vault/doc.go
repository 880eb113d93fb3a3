// Package vault encrypts what accounts of communication are read with: the tokens
// and passwords of providers.
//
// Each secret is encrypted (AES-256-GCM) under a data key of its own, and that
// under a key of a file, which is kept apart from the store: who has the store
// alone reads no mail. Both are bound to the account that the secret is of, so
// that none can be put into another's place. A sealed secret names its key; the
// newest key of the file seals, and a key is retired once nothing needs it.
package vault
