package hub

import (
	"fmt"

	"wedsync/conflicts"
)

// The states of a device towards a record.
const (
	InSync        = "in_sync"
	DeviceBehind  = "device_behind"
	HubBehind     = "hub_behind"
	DeviceRefused = "refused"
	DeviceWaiting = "waiting_for_dependency"
	Fighting      = "fighting"
	NeverSeen     = "never_seen"
)

// The states of a record that the hub had lost, or that it cannot read.
const (
	Recovering = "recovering"
	Recovered  = "recovered"
	Unreadable = "unreadable"
)

// A saying is what a state means in plain words, and one thing to do about it.
type saying struct{ explanation, action string }

const discard = "Discard this copy and open the record again."

// refusalSayings say why changes of a device are not taken, by the reason.
var refusalSayings = map[string]saying{
	conflicts.RefusedReadOnly: {
		"This user may only read; what was edited on this device is not taken.",
		"Let an owner give the user the right to edit, or discard this device's copy.",
	},
	conflicts.RefusedDirectory: {
		"This device wrote into the directory of records, which only the hub writes; what it wrote reaches nobody.",
		"Discard this device's copy of the directory and open it again; records are made, changed and deleted as records.",
	},
	conflicts.RefusedEquivocation: {
		"This copy was restored from a backup or is used twice: it wrote other changes under the numbers of changes " +
			"that the hub holds. What it wrote since cannot be taken.",
		discard,
	},
	conflicts.RefusedForged: {
		"This copy writes in the name of another user's device; what it wrote cannot be taken.",
		discard + " If the copy is the other user's, sign in as that user.",
	},
	conflicts.RefusedHubActor: {
		"This copy holds changes in the hub's name that the hub did not write; what builds on them cannot be taken.",
		discard + " If the hub lost its secret, let the operator restore it.",
	},
	conflicts.RefusedLimit: {
		"A change of this device is beyond a limit of the hub, in its size or in what the record may hold.",
		discard + " Enter what is missing in smaller steps.",
	},
}

// refusedFor is what a reason means.
func refusedFor(reason string) saying {
	if s, known := refusalSayings[reason]; known {
		return s
	}
	return saying{fmt.Sprintf("The hub refused a change of this device (%s); what builds on it cannot be taken.", reason), discard}
}

func inSync() DeviceStatus {
	return DeviceStatus{State: InSync, Explanation: "Holds exactly what the hub holds."}
}

// explain puts the numbers of a comparison into words.
func explain(st DeviceStatus, refused string) DeviceStatus {
	switch {
	case st.MissingOnHub > 0 && refused != "":
		s := refusedFor(refused)
		st.State, st.Reason, st.Explanation, st.Action = DeviceRefused, refused, s.explanation, s.action
	case st.State == DeviceWaiting:
		st.Explanation = "A change of this device waits for an earlier one that the hub does not hold."
		st.Action = "Connect the device that made the earlier change."
	case st.MissingOnHub > 0:
		st.State = HubBehind
		st.Explanation = "The device holds changes that the hub does not hold yet."
		st.Action = "Keep the device connected until it has sent them."
	case st.MissingOnDevice > 0:
		st.State = DeviceBehind
		st.Explanation = fmt.Sprintf("The device has yet to receive %s.", changes(st.MissingOnDevice))
		st.Action = "Connect the device; it catches up by itself."
	default:
		return inSync()
	}
	return st
}

// unreadable is how all devices stand to a record that the hub cannot open.
func unreadable() DeviceStatus {
	return DeviceStatus{
		State:       HubBehind,
		Explanation: "The hub cannot read this record now.",
		Action:      "Ask the operator to look into the hub's log and to run wedsync doctor.",
	}
}

// unreadableLedger is the notice of a record whose decisions cannot be read.
func unreadableLedger() *Notice {
	return &Notice{
		State:       Unreadable,
		Explanation: "The hub cannot read what was decided about this record.",
		Action:      "Ask the operator to run wedsync doctor.",
	}
}

// explain says that a device fights.
func (f *fight) explain(st DeviceStatus) DeviceStatus {
	st.State = Fighting
	st.Explanation = fmt.Sprintf("The device keeps setting %s to a value that the hub has replaced, more than %d times in a minute; "+
		"its edits of this record are taken every %.0f seconds.", f.field, fightLimit, fightRest.Seconds())
	st.Action = "Look for an app on the device that writes the field by itself, and decide the conflict if one is pending."
	return st
}

// noticeOf says what became of a record that the hub had lost, nil if it had not.
func noticeOf(r *conflicts.Recovery) *Notice {
	switch {
	case r == nil:
		return nil
	case r.At.IsZero():
		return &Notice{
			State: Recovering,
			Explanation: fmt.Sprintf("The hub has lost part of this record. %s (%s) is bringing it back; until all of it is here, "+
				"nothing is judged and nobody is sent anything.", r.From.User, r.From.Device),
			Action: "Keep that device connected, or let an owner have the record judged as it stands.",
		}
	}
	return &Notice{
		State: Recovered, At: r.At,
		Explanation: "The hub had lost part of this record and took it back from a device. The last decision that the device knew " +
			"counts again; edits that came later were judged after it.",
		Action: "Check the critical fields, and connect every device that has worked with the record: what none of them holds is gone.",
	}
}

func changes(n int) string {
	if n == 1 {
		return "1 change"
	}
	return fmt.Sprintf("%d changes", n)
}
