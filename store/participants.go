package store

import (
	"encoding/binary"
	"fmt"
	"strings"
)

// Tells reports whether whose an item is can be told by the participant: one who
// is not Own, and whose contact is an e-mail address, or a phone number with the
// code of its country.
func (p *Participant) Tells() bool {
	return !p.Own && p.Value != "" && (p.Kind == EMail || p.Kind == Phone && strings.HasPrefix(p.Value, "+"))
}

// CheckPull returns ErrTooMany if a pull, or an item of it, is larger than may be.
func CheckPull(p *Pull) error {
	if len(p.Items) > MaxPull || len(p.Removed) > MaxPull {
		return fmt.Errorf("%d items and %d removals, at most %d of each are pulled at once: %w", len(p.Items), len(p.Removed), MaxPull, ErrTooMany)
	}
	for i := range p.Items {
		it := &p.Items[i]
		if most := max(len(it.Subject), len(it.Snippet), len(it.Body), len(it.Detail)); most > MaxItemBytes {
			return fmt.Errorf("item %s: %d bytes, at most %d are kept: %w", it.ID, most, MaxItemBytes, ErrTooMany)
		}
		if len(it.Participants) > MaxParticipants {
			return fmt.Errorf("item %s: %d participants, at most %d are kept: %w", it.ID, len(it.Participants), MaxParticipants, ErrTooMany)
		}
	}
	if p.Cursor != nil {
		return CheckHook(p.Cursor.State)
	}
	return nil
}

// EncodeParticipants is participants as stores keep them.
func EncodeParticipants(all []Participant) []byte {
	b := []byte{}
	for _, p := range all {
		for _, text := range []string{p.Role, string(p.Kind), p.Value, p.Name} {
			b = binary.AppendUvarint(b, uint64(len(text)))
			b = append(b, text...)
		}
		own := byte(0)
		if p.Own {
			own = 1
		}
		b = append(b, own)
	}
	return b
}

// DecodeParticipants reads what EncodeParticipants made, or returns ErrCorrupt.
func DecodeParticipants(b []byte) (all []Participant, err error) {
	for len(b) > 0 {
		var texts [4]string
		for i := range texts {
			n, size := binary.Uvarint(b)
			if size <= 0 || n > uint64(len(b)-size) {
				return nil, fmt.Errorf("participants: %w", ErrCorrupt)
			}
			b = b[size:]
			texts[i], b = string(b[:n]), b[n:]
		}
		if len(b) == 0 {
			return nil, fmt.Errorf("participants: %w", ErrCorrupt)
		}
		all = append(all, Participant{
			Role: texts[0], Contact: Contact{Kind: ContactKind(texts[1]), Value: texts[2]}, Name: texts[3], Own: b[0] == 1,
		})
		b = b[1:]
	}
	return all, nil
}
