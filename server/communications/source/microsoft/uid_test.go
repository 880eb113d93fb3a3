package microsoft

import (
	"encoding/hex"
	"testing"
)

// wrapped is the id that Outlook gives an appointment, on the day of an instance.
func wrapped(day []byte, data string) string {
	raw := append([]byte{}, globalID...)
	raw = append(raw, day...)
	raw = append(raw, make([]byte, 16)...)
	raw = append(raw, byte(len(data)), 0, 0, 0)
	return hex.EncodeToString(append(raw, data...))
}

func TestCalendarsAgreeOnWhatAnAppointmentIsCalled(t *testing.T) {
	none, day := []byte{0, 0, 0, 0}, []byte{0x07, 0xEB, 6, 12}
	theirs := string(foreign) + "abc123@google.com\x00"
	for uid, want := range map[string]string{
		wrapped(none, theirs):    "abc123@google.com",
		wrapped(day, theirs):     "abc123@google.com",
		wrapped(day, "own")[:72]: wrapped(day, "own")[:72], // broken off
		"abc123@google.com":      "abc123@google.com",
		"":                       "",
	} {
		if got := plainUID(uid); got != want {
			t.Errorf("plainUID(%q) = %q, want %q", uid, got, want)
		}
	}
	if one, other := plainUID(wrapped(day, "own")), plainUID(wrapped(none, "own")); one != other {
		t.Errorf("an instance is called %q, its series %q", one, other)
	}
}

func FuzzPlainUID(f *testing.F) {
	f.Add(wrapped([]byte{7, 0xEB, 6, 12}, string(foreign)+"x\x00"))
	f.Add(hex.EncodeToString(globalID))
	f.Fuzz(func(t *testing.T, uid string) {
		if got := plainUID(uid); len(got) > len(uid) {
			t.Errorf("plainUID(%q) = %q", uid, got)
		}
	})
}
