// Package providers is a server that speaks as the providers of communication do:
// Google (Gmail, Calendar), Microsoft (Graph) and Twilio, below /google, /microsoft
// and /twilio. Tests and the demonstration read it in the place of the real ones.
//
// It keeps everything in memory. Data is put in by calls ([Server.AddMail],
// [Fill]), which also say what is true, so that a test can compare. It makes
// trouble on demand ([Server.Trouble]), keeps to quotas, and counts what it is
// asked. Its clock is given. Which request meets which trouble follows from the
// seed, the URL and how often that was asked, not from who is faster.
//
// The wire formats were written down from the providers' public documentation
// (July 2026): developers.google.com/workspace/gmail/api/reference/rest and
// …/gmail/api/guides/push, developers.google.com/workspace/calendar/api/v3/reference
// and …/calendar/api/guides/sync, developers.google.com/identity/protocols/oauth2,
// learn.microsoft.com/graph (delta query, change notifications, throttling) and
// learn.microsoft.com/entra/identity-platform/v2-oauth2-auth-code-flow,
// twilio.com/docs/usage/twilios-response, …/messaging/api/message-resource,
// …/voice/api/call-resource and …/usage/webhooks/webhooks-security. No answer of a
// real account is in here, and nothing in it was compared with a live service.
package providers
