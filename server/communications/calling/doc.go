// Package calling asks providers of communication in the name of accounts.
//
// An [Exchange] has a line for each account. Whoever calls by a line needs to know
// neither tokens nor quotas: the line authenticates, takes no more of the
// provider's quota than there is, keeps silent for as long as a provider wants, asks
// again what failed by chance, and leaves a provider alone that fails for one
// account again and again. No error that it gives and nothing that it logs has a
// token or a password in it.
package calling
