package sourcetest

import (
	"fmt"
	"strings"
	"unicode/utf8"

	"wedsync/server/communications/source"
	"wedsync/store"
)

// Sound says why a store could not keep what a step found, whatever a provider
// answered; nil if it can.
func Sound(step source.Step) error {
	if len(step.Found) > store.MaxPull || len(step.Removed) > store.MaxPull {
		return fmt.Errorf("%d items and %d removals", len(step.Found), len(step.Removed))
	}
	for _, item := range step.Found {
		if len(item.Occurrences) != 1 || item.Occurrences[0].Provider == "" || item.Key == [32]byte{} || item.Kind == "" || item.Direction == "" || item.At.IsZero() {
			return fmt.Errorf("something is missing in %+v", item)
		}
		if len(item.Participants) > store.MaxParticipants {
			return fmt.Errorf("%d participants", len(item.Participants))
		}
		texts := []string{item.Subject, item.Snippet, item.Body, string(item.Detail), item.Occurrences[0].Provider}
		for _, p := range item.Participants {
			texts = append(texts, p.Name, p.Value)
		}
		for _, text := range texts {
			if len(text) > store.MaxItemBytes || !utf8.ValidString(text) || strings.ContainsRune(text, 0) {
				return fmt.Errorf("a text of %d bytes that cannot be kept: %.100q", len(text), text)
			}
		}
	}
	return nil
}
