// Package outbound sends HTTP requests to servers that others have named:
// issuers of tokens, receivers of webhooks, providers of mail.
//
// Whoever names a server must not reach through the hub what only the hub can
// reach. So a [Client] connects to public addresses alone, whatever a name
// resolves to at that moment, follows no redirect, uses no proxy, and bounds how
// long an answer takes and how long it is. Plain HTTP goes nowhere but to this
// machine, and only where [Options] allow private targets.
package outbound
