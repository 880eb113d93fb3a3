// Package timeline is what a supplier and a client told each other, in one order:
// mails, text messages, calls and meetings as accounts have them, and what people
// write themselves.
//
// Whose an item is, is worked out when it is read: by the contacts of records, and
// by what people said. Where these say nothing, records are suggested to a person;
// nothing is guessed.
//
// Who listens is told of each item once, by an activity of its record that names
// the items and says nothing of their contents: soon after it was stored (Tell), or
// by a sweep that finds what was missed. What a person says of an item is told so too,
// once it is stored, at best effort.
package timeline
