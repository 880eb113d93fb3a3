package api

import (
	"time"

	"wedsync/conflicts"
)

// A mergedItem is a merged entry as callers see it.
type mergedItem struct {
	ID       string                 `json:"id"`
	Client   string                 `json:"client_id"`
	Field    string                 `json:"field"`
	Status   conflicts.MergedStatus `json:"status"`
	Version  uint64                 `json:"version"`
	Values   []mergedValue          `json:"values"`
	OpenedAt time.Time              `json:"opened_at"`
	ClosedAt *time.Time             `json:"closed_at,omitempty"`
	ClosedBy *author                `json:"closed_by,omitempty"`
	Used     string                 `json:"used,omitempty"`    // the change of the value that was chosen
	Crowded  bool                   `json:"crowded,omitempty"` // closed because there were too many newer ones
}

type mergedValue struct {
	Value      any              `json:"value"` // null if cleared
	Cut        bool             `json:"cut"`   // whether the value goes on
	Shows      bool             `json:"shows"` // whether it was the one that devices show when the entry last moved
	Change     string           `json:"change"`
	Author     author           `json:"author"`
	Source     conflicts.Source `json:"source"`
	EditedAt   *time.Time       `json:"edited_at"`   // by its author's clock, null if that said nothing
	ReceivedAt *time.Time       `json:"received_at"` // by the hub's, null for what was there before the entry was made
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
