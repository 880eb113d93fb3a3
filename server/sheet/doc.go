// Package sheet writes records as a table for spreadsheets, and reads such a
// table: CSV as RFC 4180 has it, UTF-8, with a header in the first row.
//
// # Columns
//
// A header is the name of a field, and a suffix says of what type its cells are:
//
//	guests:number    120, -3.5, 1e6        numbers as JSON has them
//	vip:boolean      true, false           in any case
//	tags:json        ["early","vegan"]     any JSON
//	notes            any text              or notes:text
//
// A field of which records hold several types is written as json. Critical
// fields come first and have no suffix: their cells are read by their kind, a
// date as 2027-06-12, money as 12500.50. (Those of kind any have types like
// ordinary fields.) The column client_id says whose row it is; a field that is
// called so is client_id:text. White space around a header does not count; a name
// that has some, or begins with a quote, is written as a JSON string.
//
// # Cells
//
// An empty cell says nothing: the field stays as it is, or is absent from a new
// record. Two markers say what a cell could not say otherwise: (empty) is the
// empty text, (clear) takes the field out.
//
// A spreadsheet takes a cell that begins with = + - @ tab or CR for a formula.
// Such a cell is written with an apostrophe in front, and so is a text that
// would be taken for a marker, or for one of these with apostrophes in front
// already. Reading takes exactly that one apostrophe away. So every text comes
// back as it was, with its line ends, quotes and control characters.
//
// # What does not come back
//
// A table shows values as JSON does. Read into another hub, a date and bytes of
// a device are texts, a counter is a number, null in a field is nothing, and
// numbers beyond 2^53 and critical values that do not fit their kind are
// refused. In its own record a cell that shows what the record holds is no edit,
// so nothing changes there.
//
// The package has no state, socket or clock.
package sheet
