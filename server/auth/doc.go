// Package auth says who a request or a device acts for.
//
// A token is a JWT signed with HS256 under a key that [New] derives from the
// hub's secret, so that who learns a token key still cannot forge hub changes.
// Its claims are sub (the user), supplier_id, role, device and exp. A token
// without a role is a member's; one with a role that the hub does not know is
// refused. Tokens are never logged: a URL that may hold one goes through
// [Redact] first.
package auth
