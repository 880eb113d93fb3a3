package api

import (
	"net/http"
	"time"

	"wedsync/conflicts"
	"wedsync/crdt"
	"wedsync/server/hub"
)

type statusPage struct {
	Totals map[string]int `json:"totals"`
	page[recordStatus]
	Directory *directoryStatus `json:"directory,omitempty"`
}

// A directoryStatus is how devices stand to the document that lists the records.
type directoryStatus struct {
	Document string         `json:"document_id"`
	Heads    []string       `json:"heads"`
	Devices  []deviceStatus `json:"devices"` // that ever opened it
}

type recordStatus struct {
	Client  string         `json:"client_id"`
	Heads   []string       `json:"heads"`
	Digest  string         `json:"digest"`
	Pending int            `json:"pending"`
	Notice  *notice        `json:"notice,omitempty"`
	Devices []deviceStatus `json:"devices"`
}

// A notice says that the hub had lost part of a record.
type notice struct {
	State       string     `json:"state"`
	At          *time.Time `json:"at"` // null while it is being recovered
	Explanation string     `json:"explanation"`
	Action      string     `json:"action"`
}

type deviceStatus struct {
	Device          string     `json:"device"`
	User            string     `json:"user"`
	State           string     `json:"state"`
	Reason          string     `json:"reason,omitempty"` // of a refusal
	Connected       bool       `json:"connected"`
	MissingOnDevice int        `json:"missing_on_device"`
	MissingOnHub    int        `json:"missing_on_hub"`
	LastContact     *time.Time `json:"last_contact"` // null if there was none
	Explanation     string     `json:"explanation"`
	Action          string     `json:"action"`
	Reentries       []reentry  `json:"reenter,omitempty"`
}

// A reentry is what a copy that is refused says of a critical field, to be
// entered again.
type reentry struct {
	Field    string     `json:"field"`
	Value    any        `json:"value"`
	EditedAt *time.Time `json:"edited_at"` // by the device's clock
}

// SyncStatus answers GET /api/clients/sync-status.
func (a *API) SyncStatus(w http.ResponseWriter, r *http.Request, who conflicts.Principal) error {
	limit, err := limitOf(r)
	if err != nil {
		return err
	}
	after, err := recordCursor(r)
	if err != nil {
		return err
	}
	s, err := a.hub.SyncStatus(r.Context(), who.Supplier, after, limit)
	if err != nil {
		return err
	}
	return reply(w, http.StatusOK, showStatus(s))
}

func showStatus(s hub.SyncStatus) statusPage {
	p := statusPage{Totals: s.Totals, page: page[recordStatus]{Items: make([]recordStatus, 0, len(s.Items))}}
	if p.Totals == nil {
		p.Totals = map[string]int{}
	}
	if s.Next != (crdt.RecordID{}) {
		next := s.Next.ClientID()
		p.Next = &next
	}
	if d := s.Directory; d != nil {
		p.Directory = &directoryStatus{
			Document: d.Record.DocumentID(), Heads: showHeads(d.Heads), Devices: showDevices(d.Devices),
		}
	}
	for _, record := range s.Items {
		p.Items = append(p.Items, showRecordStatus(record))
	}
	return p
}

func showRecordStatus(s hub.RecordStatus) recordStatus {
	shown := recordStatus{
		Client: s.Record.ClientID(), Heads: showHeads(s.Heads), Digest: s.Digest, Pending: s.Pending,
		Devices: showDevices(s.Devices),
	}
	if n := s.Notice; n != nil {
		shown.Notice = &notice{State: n.State, At: showTime(n.At), Explanation: n.Explanation, Action: n.Action}
	}
	return shown
}

func showDevices(devices []hub.DeviceStatus) []deviceStatus {
	shown := make([]deviceStatus, 0, len(devices))
	for _, d := range devices {
		shown = append(shown, showDeviceStatus(d))
	}
	return shown
}

func showDeviceStatus(d hub.DeviceStatus) deviceStatus {
	shown := deviceStatus{
		Device: d.Device, User: d.User, State: d.State, Reason: d.Reason, Connected: d.Connected,
		MissingOnDevice: d.MissingOnDevice, MissingOnHub: d.MissingOnHub,
		LastContact: showTime(d.LastContact), Explanation: d.Explanation, Action: d.Action,
	}
	for _, e := range d.Reentries {
		shown.Reentries = append(shown.Reentries, reentry{
			Field: string(e.Field), Value: e.Value.JSON(), EditedAt: showTime(e.EditedAt),
		})
	}
	return shown
}

// showTime is t in UTC, nil if it is not known.
func showTime(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	t = t.UTC()
	return &t
}

func showHeads(heads []crdt.Hash) []string {
	shown := make([]string, 0, len(heads))
	for _, h := range heads {
		shown = append(shown, h.String())
	}
	return shown
}
