package api

import (
	"time"

	"wedsync/conflicts"
)

// A mergedItem is a merged entry as callers see it.
type mergedItem struct {
	ID       string                 `json:"id" doc:"Of the entry."`
	Client   string                 `json:"client_id" doc:"The record."`
	Field    string                 `json:"field" doc:"An ordinary field."`
	Status   conflicts.MergedStatus `json:"status" doc:"How it stands." enum:"open,superseded,used_other,dismissed"`
	Version  uint64                 `json:"version" doc:"Rises with each change of the entry."`
	Values   []mergedValue          `json:"values" doc:"What was written side by side; the first is what devices showed."`
	OpenedAt time.Time              `json:"opened_at" doc:"By the clock of the hub."`
	ClosedAt *time.Time             `json:"closed_at,omitempty" doc:"By the clock of the hub."`
	ClosedBy *author                `json:"closed_by,omitempty" doc:"Who closed it."`
	Used     string                 `json:"used,omitempty" doc:"The change of the value that was chosen."`
	Crowded  bool                   `json:"crowded,omitempty" doc:"Whether it was closed because there were too many newer ones."`
}

type mergedValue struct {
	Value      any              `json:"value" doc:"Null if cleared."`
	Cut        bool             `json:"cut" doc:"Whether the value goes on."`
	Shows      bool             `json:"shows" doc:"Whether it was the one that devices show when the entry last moved."`
	Change     string           `json:"change" doc:"Names the value: its change, in hexadecimal."`
	Author     author           `json:"author" doc:"Who wrote it."`
	Source     conflicts.Source `json:"source" doc:"How it came." enum:"device,api,webhook"`
	EditedAt   *time.Time       `json:"edited_at" doc:"By the clock of its author, null if that said nothing."`
	ReceivedAt *time.Time       `json:"received_at" doc:"By the clock of the hub, null for what was there before the entry was made."`
}

func showMerged(m conflicts.Merged) *mergedItem {
	shown := &mergedItem{
		ID: m.ID, Client: m.Record.ClientID(), Field: string(m.Field), Status: m.Status, Version: m.Version,
		Values: make([]mergedValue, len(m.Values)), OpenedAt: m.OpenedAt.UTC(), ClosedAt: showTime(m.ClosedAt),
		Crowded: m.Crowded,
	}
	for i, v := range m.Values {
		by, _ := showAuthors([]conflicts.Author{v.Author})
		shown.Values[i] = mergedValue{
			Value: v.Value.JSON(), Cut: v.Cut, Shows: i == 0, Change: v.Change.String(), Author: by, Source: v.Source,
			EditedAt: showTime(v.EditedAt), ReceivedAt: showTime(v.ReceivedAt),
		}
	}
	if m.ClosedBy != nil {
		by, _ := showAuthors([]conflicts.Author{*m.ClosedBy})
		shown.ClosedBy = &by
	}
	if !m.Used.IsZero() {
		shown.Used = m.Used.String()
	}
	return shown
}
