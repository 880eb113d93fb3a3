// Package signature tells whether a webhook comes from whom it claims to come
// from. Each scheme is a function of the request as it came, the secrets that
// are shared with the sender and the time; nothing here reads, keeps or waits.
//
// Of a request that is refused only that is said: the error of every scheme has
// one text, and its [Reason] is for counters. Secrets are compared in constant
// time, and a request for which there is no secret costs what another costs.
//
// What a scheme signs differs. [Standard], [Timestamped], [HMAC] and [Twilio]
// cover the body. [PubSub], [ClientState] and [Secret] show who called and
// nothing else: the body is as true as the connection that it came over.
package signature
