package api

import "net/http"

const tableDetail = "A header is the name of a field, and a suffix says of what type its cells are: guests:number, vip:boolean, tags:json; without one they are texts. " +
	"Critical fields have none: their cells are read by their kind. An empty cell says nothing, (empty) is the empty text, (clear) takes a field out. " +
	"A cell that a spreadsheet would take for a formula, or that says (empty) or (clear) as a text, begins with an apostrophe, as does one that begins so with apostrophes in front."

// ImportClientsDoc describes ImportClients.
var ImportClientsDoc = Doc{
	ID: "importClients", Tag: clientsTag, Summary: "Import records from CSV", May: People, Key: MayKey, Apart: true,
	Detail: tableDetail + "\n\nA row with a client_id edits that record where its cells differ, or makes it; one without makes a record. " +
		"All rows are checked before one is written, and each is written on its own: under the same key, an import that broke off goes on when it is sent again. " +
		"At most 32 MB, 50,000 rows and 200 columns; one import of a supplier at a time.",
	Query: []Param{
		{Name: "dry_run", Says: "Whether only to say what would be done.", Enum: []string{"true", "false"}},
		{Name: "skip_bad_rows", Says: "Whether to leave out rows with bad cells, in place of writing nothing.", Enum: []string{"true", "false"}},
	},
	Body: "", Takes: "text/csv",
	Answers:  []Answer{{Status: http.StatusOK, Body: &importReport{}, Lines: importLine{}, Says: "What became of it; line by line how far it is before, to who accepts application/x-ndjson."}},
	Problems: []Kind{BadCells, KeyReused, ImportBusy},
}

// ExportClientsDoc describes ExportClients.
var ExportClientsDoc = Doc{
	ID: "exportClients", Tag: clientsTag, Summary: "Export records as CSV", May: Readers,
	Detail: tableDetail + "\n\nA row for each record, in order of client_id. Import reads it back. Wedsync-Stale-Records counts records that could not be read as they are now. " +
		"An export that could not be finished ends in a broken connection.",
	Query: []Param{{Name: "fields", Says: "Only these fields, separated by commas.", Example: "name,wedding_date"}},
	Answers: []Answer{{
		Status: http.StatusOK, Type: "text/csv; charset=utf-8", Says: "CSV with a header.", Headers: []string{"Content-Disposition"},
	}},
	Problems: []Kind{TooWide},
}
