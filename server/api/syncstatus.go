package api

import (
	"net/http"
	"time"

	"wedsync/conflicts"
	"wedsync/crdt"
	"wedsync/server/hub"
)

type statusPage struct {
	Totals map[string]int `json:"totals" doc:"How many copies are in each state, over all records."`
	Page[recordStatus]
	Directory *directoryStatus `json:"directory,omitempty" doc:"How devices stand to the document that lists the records; on the first page, once a device has opened it."`
}

// A directoryStatus is how devices stand to the document that lists the records.
type directoryStatus struct {
	Document string         `json:"document_id" doc:"The document."`
	Heads    []string       `json:"heads" doc:"Of the document, in hexadecimal."`
	Devices  []deviceStatus `json:"devices" doc:"What each device holds that ever opened it."`
}

type recordStatus struct {
	Client  string         `json:"client_id" doc:"The record."`
	Heads   []string       `json:"heads" doc:"Of its document, in hexadecimal."`
	Digest  string         `json:"digest" doc:"Of its accepted state."`
	Pending int            `json:"pending" doc:"How many conflicts wait."`
	Notice  *notice        `json:"notice,omitempty" doc:"That the hub had lost part of the record."`
	Devices []deviceStatus `json:"devices" doc:"What each device holds."`
}

// A notice says that the hub had lost part of a record.
type notice struct {
	State       string     `json:"state" doc:"Whether it is over." enum:"recovering,recovered"`
	At          *time.Time `json:"at" doc:"When it was recovered, null while it is going on."`
	Explanation string     `json:"explanation" doc:"In plain words."`
	Action      string     `json:"action" doc:"What to do."`
}

type deviceStatus struct {
	Device          string     `json:"device" doc:"The device."`
	User            string     `json:"user" doc:"Of the device."`
	State           string     `json:"state" doc:"How its copy stands." enum:"in_sync,device_behind,hub_behind,waiting_for_dependency,refused,fighting,never_seen"`
	Reason          string     `json:"reason,omitempty" doc:"Of a refusal."`
	Connected       bool       `json:"connected" doc:"Whether it is connected now."`
	MissingOnDevice int        `json:"missing_on_device" doc:"Changes that it lacks."`
	MissingOnHub    int        `json:"missing_on_hub" doc:"Changes that the hub lacks."`
	LastContact     *time.Time `json:"last_contact" doc:"Null if there was none."`
	Explanation     string     `json:"explanation" doc:"In plain words."`
	Action          string     `json:"action" doc:"What to do; empty if nothing."`
	Reentries       []reentry  `json:"reenter,omitempty" doc:"What a copy that is refused says of critical fields, to be entered again."`
}

// A reentry is what a copy that is refused says of a critical field, to be
// entered again.
type reentry struct {
	Field    string     `json:"field" doc:"The critical field."`
	Value    any        `json:"value" doc:"What the copy says."`
	EditedAt *time.Time `json:"edited_at" doc:"By the clock of the device."`
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
	p := statusPage{Totals: s.Totals, Page: Page[recordStatus]{Items: make([]recordStatus, 0, len(s.Items))}}
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
