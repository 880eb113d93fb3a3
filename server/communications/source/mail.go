package source

import (
	"strings"
	"time"
)

// MessageID is the id of a mail, as it stands in its Message-ID, the same in all
// mailboxes: without angle brackets, the domain in lower case. Empty if s has none.
func MessageID(s string) string {
	ids := messageIDs(s)
	if len(ids) == 0 {
		return ""
	}
	return ids[0]
}

// messageIDs are the ids in a Message-ID, References or In-Reply-To.
func messageIDs(s string) []string {
	if !strings.Contains(s, "<") {
		s = "<" + strings.TrimSpace(s) + ">" // some leave the brackets out
	}
	var ids []string
	for {
		_, after, ok := strings.Cut(s, "<")
		if !ok {
			return ids
		}
		id, rest, _ := strings.Cut(after, ">")
		id = strings.Join(strings.Fields(id), "") // folded in the middle
		if at := strings.LastIndexByte(id, '@'); at >= 0 {
			id = id[:at] + strings.ToLower(id[at:])
		}
		if id != "" {
			ids = append(ids, id)
		}
		s = rest
	}
}

// MailKeys are the key of a mail and that of its thread: the first mail that it
// refers to, so that mailboxes agree. Without a Message-ID the key is made of what
// names the mail in one account, and the thread is zero unless the mail answers one.
func MailKeys(messageID, references, inReplyTo string, a Account, provider string) (key, thread [32]byte) {
	id := MessageID(messageID)
	if id != "" {
		key = Key("email", id)
	} else {
		key = Key("email", a.Address, provider)
	}
	for _, root := range []string{MessageID(references), MessageID(inReplyTo), id} {
		if root != "" {
			return key, Key("thread", root)
		}
	}
	return key, thread
}

// EventKey is the key of an event, or of one instance of an event that recurs:
// the id that it has in all calendars, and when it begins, or was to begin at first.
func EventKey(iCalUID string, start time.Time) [32]byte {
	return Key("event", iCalUID, start.UTC().Format(time.RFC3339))
}
