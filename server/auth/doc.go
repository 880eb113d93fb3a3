// Package auth says who a request or a device acts for, and until when.
//
// A [Door] reads what a request carries and gives a [Session]. Three things prove
// one:
//
//   - A token of the hub's own: a JWT signed with HS256 under a key that [New]
//     derives from the hub's secret, so that who learns a token key still cannot
//     forge hub changes. Its claims are sub (the user), supplier_id, role, device
//     and exp.
//   - A token of an [Issuer] that the hub trusts, signed with a secret that both
//     share or with a key that the issuer publishes. [Claims] say where it names
//     whom it is for. A token is only ever checked by the algorithms of its
//     issuer's own keys.
//   - A ticket, see [Tickets]: for what can send nothing but a URL.
//
// A token without a role is a member's; one with a role that the hub does not know
// is refused. [Limits] bound how much one caller may ask. Tokens and tickets are
// never logged: a URL that may hold one goes through [Redact] first.
package auth
