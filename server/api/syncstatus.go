package api

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"wedsync/conflicts"
	"wedsync/crdt"
	"wedsync/server/hub"
)

// A statusPage answers GET /api/clients/sync-status.
type statusPage struct {
	Totals    statusTotals     `json:"totals" doc:"What this page tells of; the whole if next is null on the first page."`
	Items     []recordStatus   `json:"items" doc:"Records in ascending order of client_id."`
	Next      *string          `json:"next" doc:"The cursor of the next page, null on the last one. A page that was filtered may be empty and yet have a next."`
	Directory *directoryStatus `json:"directory,omitempty" doc:"How devices stand to the document that lists the records; on the first page of a query for nothing in particular, once a device has opened it."`
}

// A directoryStatus is how devices stand to the document that lists the records.
type directoryStatus struct {
	Document string         `json:"document_id" doc:"The document."`
	Heads    []string       `json:"heads" doc:"Of the document, in hexadecimal."`
	Devices  []deviceStatus `json:"devices" doc:"What each device holds that ever opened it."`
}

// statusTotals count what a page of the sync status tells of.
type statusTotals struct {
	Records      int `json:"records" doc:"Records of this page."`
	Pending      int `json:"pending" doc:"Conflicts of theirs that wait for a person."`
	Proposals    int `json:"proposals" doc:"Open proposals of those conflicts."`
	Stale        int `json:"stale" doc:"Records whose digest could not be made in time."`
	InSync       int `json:"in_sync" doc:"Devices in this state, counted once for each record."`
	DeviceBehind int `json:"device_behind" doc:"Devices in this state, counted once for each record."`
	HubBehind    int `json:"hub_behind" doc:"Devices in this state, counted once for each record."`
	Waiting      int `json:"waiting_for_dependency" doc:"Devices in this state, counted once for each record."`
	Refused      int `json:"refused" doc:"Devices in this state, counted once for each record."`
	Fighting     int `json:"fighting" doc:"Devices in this state, counted once for each record."`
	NeverSeen    int `json:"never_seen" doc:"Devices in this state, counted once for each record."`
}

// A recordStatus is one record and how devices stand to it.
type recordStatus struct {
	Client    string         `json:"client_id" doc:"The record, as a ULID."`
	Document  string         `json:"document_id" doc:"The same record, as automerge-repo names its document."`
	Heads     []string       `json:"heads" doc:"The hashes of the newest changes that the hub holds, ascending."`
	Digest    *string        `json:"digest" doc:"SHA-256 of the canonical JSON of the document without sync_conflicts; an app computes the same from its copy. Null if stale."`
	Stale     bool           `json:"stale" doc:"The document could not be made in time; ask again."`
	Pending   int            `json:"pending" doc:"Conflicts that wait for a person."`
	Proposals int            `json:"proposals" doc:"Open proposals of those conflicts."`
	Notice    *notice        `json:"notice,omitempty" doc:"What there is to know of the record as a whole."`
	Devices   []deviceStatus `json:"devices" doc:"Devices in ascending order of user, then device."`
}

// A notice says that the hub had lost part of a record, or cannot read it.
type notice struct {
	State       string     `json:"state" doc:"What there is to know." enum:"recovering,recovered,unreadable"`
	At          *time.Time `json:"at" doc:"When it was recovered, else null."`
	Explanation string     `json:"explanation" doc:"What that means, in plain words."`
	Action      string     `json:"action" doc:"One thing to do about it."`
}

// A deviceStatus is how one device stands to one record.
type deviceStatus struct {
	Device          string     `json:"device" doc:"The device's name; unique among those of its user."`
	User            string     `json:"user" doc:"Whose device it is."`
	State           string     `json:"state" doc:"How its copy stands." enum:"in_sync,device_behind,hub_behind,waiting_for_dependency,refused,fighting,never_seen"`
	Reason          string     `json:"reason,omitempty" doc:"Why a change was refused, if state is refused."`
	Connected       bool       `json:"connected" doc:"Whether it is connected to the node that answers."`
	MissingOnDevice int        `json:"missing_on_device" doc:"Changes, at most, that the hub holds and the device does not."`
	MissingOnHub    int        `json:"missing_on_hub" doc:"Changes, at least, that the device holds and the hub does not."`
	Proposals       int        `json:"proposals" doc:"The device's proposals for this record that wait for a decision."`
	LastContact     *time.Time `json:"last_contact" doc:"When it last spoke of this record, null if it never did."`
	Explanation     string     `json:"explanation" doc:"What the state means, in plain words."`
	Action          string     `json:"action" doc:"One thing to do about it, empty if nothing is to be done."`
	Reentries       []reentry  `json:"reenter,omitempty" doc:"Critical fields of a copy that is refused, for a person to enter again."`
}

// A reentry is what a copy that is refused says of a critical field, to be
// entered again.
type reentry struct {
	Field    string     `json:"field" doc:"The field's path."`
	Value    any        `json:"value" doc:"What the copy shows, null if it has cleared the field."`
	EditedAt *time.Time `json:"edited_at" doc:"When, by the device's clock."`
}

// SyncStatus answers GET /api/clients/sync-status: client_id, device ("user/device"
// or a device's name alone) and state select, limit and cursor make pages.
func (a *API) SyncStatus(w http.ResponseWriter, r *http.Request, who conflicts.Principal) error {
	q, err := statusQuery(r)
	if err != nil {
		return err
	}
	s, err := a.hub.SyncStatus(r.Context(), who.Supplier, q)
	if err != nil {
		return err
	}
	return reply(w, http.StatusOK, showStatus(s))
}

// statusStates are the words of ?state=.
var statusStates = []string{
	"", hub.AnyTrouble, hub.InSync, hub.DeviceBehind, hub.HubBehind, hub.DeviceWaiting, hub.DeviceRefused, hub.Fighting, hub.NeverSeen,
}

func statusQuery(r *http.Request) (q hub.StatusQuery, err error) {
	if q.Limit, err = limitOf(r); err != nil {
		return q, err
	}
	if q.After, err = recordCursor(r); err != nil {
		return q, err
	}
	values := r.URL.Query()
	if client := values.Get("client_id"); client != "" {
		if q.Record, err = crdt.ParseRecordID(client); err != nil {
			return q, malformed("client_id", "must be a client id or a document id")
		}
	}
	if q.State = values.Get("state"); !slices.Contains(statusStates, q.State) {
		return q, malformed("state", "must be trouble, "+strings.Join(statusStates[2:], ", "))
	}
	q.User, q.Device, err = namedDevice(values.Get("device"))
	return q, err
}

// maxNamedDevice bounds the bytes of "user/device" in a request.
const maxNamedDevice = 512

// namedDevice reads "user/device", or a device's name alone. A user's name has no
// slash where a device is named with it.
func namedDevice(text string) (user, device string, err error) {
	if len(text) > maxNamedDevice {
		return "", "", malformed("device", fmt.Sprintf("must have at most %d bytes", maxNamedDevice))
	}
	user, device, both := strings.Cut(text, "/")
	if !both {
		return "", text, nil
	}
	return user, device, nil
}

func showStatus(s hub.SyncStatus) statusPage {
	p := statusPage{Totals: showTotals(s.Totals), Items: make([]recordStatus, 0, len(s.Items))}
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

func showTotals(t hub.Totals) statusTotals {
	return statusTotals{
		Records: t.Records, Pending: t.Pending, Proposals: t.Proposals, Stale: t.Stale,
		InSync: t.Devices[hub.InSync], DeviceBehind: t.Devices[hub.DeviceBehind], HubBehind: t.Devices[hub.HubBehind],
		Waiting: t.Devices[hub.DeviceWaiting], Refused: t.Devices[hub.DeviceRefused], Fighting: t.Devices[hub.Fighting],
		NeverSeen: t.Devices[hub.NeverSeen],
	}
}

func showRecordStatus(s hub.RecordStatus) recordStatus {
	shown := recordStatus{
		Client: s.Record.ClientID(), Document: s.Record.DocumentID(), Heads: showHeads(s.Heads), Stale: s.Stale,
		Pending: s.Pending, Proposals: s.Proposals, Devices: showDevices(s.Devices),
	}
	if !s.Stale {
		shown.Digest = &s.Digest
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
		MissingOnDevice: d.MissingOnDevice, MissingOnHub: d.MissingOnHub, Proposals: d.Proposals,
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
