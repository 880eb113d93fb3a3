// Package account keeps the accounts whose communication is read: what they are
// set to, and the tokens that they are read with.
//
// The store keeps [Settings] as JSON; this package alone reads them. Of all that
// it does with the tokens of an account at once, on however many nodes, each step
// is a compare-and-swap of the account's version: of several that would refresh a
// token one holds the lease and asks the provider, and the others wait and read
// what it stored. A refresh token that was rotated is stored in the same write as
// the access token that came with it. Tokens are sealed by package vault; they are
// in no answer, error or log.
package account
