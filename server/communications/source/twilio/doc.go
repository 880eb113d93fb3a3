// Package twilio reads text messages and calls of Twilio.
//
// Twilio tells no changes: its lists are read from a day on. So each round of
// reading goes back a few days behind where the last one began, and finds once more
// what it knows, as it is now: a call that has ended meanwhile, a message that was
// delivered. A round is a page per step, the newest first.
//
// All paths begin with /2010-04-01, below https://api.twilio.com.
package twilio
