package conflicts

import (
	"fmt"
	"time"
)

// How long a conflict is pending before people are reminded of it, and again
// each time.
const (
	DefaultRemindAfter = 72 * time.Hour
	MinRemindAfter     = time.Hour
	MaxRemindAfter     = 366 * 24 * time.Hour
)

// A Reminding is what was to be reminded of.
type Reminding struct {
	After time.Duration `json:"after"` // since a conflict was opened or last reminded of, in nanoseconds
}

// Remind reminds people of the record's pending conflicts that nobody was
// reminded of for longer than a time. It decides nothing: versions, values and
// proposals stay as they are, and nothing ever expires. On an error nothing has
// changed.
func (r *Record) Remind(after time.Duration, now time.Time) (*Outcome, error) {
	if r.ledger.Awaiting != nil {
		return nil, ErrIntroducing
	}
	b := r.begin(Principal{}, nil, now)
	b.out.Input = &Input{Reminds: &Reminding{after}}
	for _, path := range b.ledger.paths() {
		c := b.ledger.Fields[path].Pending
		if c == nil || c.Status != Pending || now.Sub(c.QuietSince()) < after {
			continue
		}
		c.RemindedAt = now
		c.Reminders++
		b.out.Reminded = append(b.out.Reminded, c.ID)
		b.move(c)
	}
	return b.outcome(), nil
}

// Reminds is how long a conflict is pending before people are reminded of it, 0
// for never.
func (p *Policy) Reminds() time.Duration {
	if p.RemindAfter == nil {
		return DefaultRemindAfter
	}
	return time.Duration(*p.RemindAfter) * time.Second
}

func (p *Policy) checkReminder() error {
	if p.RemindAfter == nil || *p.RemindAfter == 0 {
		return nil
	}
	const least, most = uint64(MinRemindAfter / time.Second), uint64(MaxRemindAfter / time.Second)
	if *p.RemindAfter < least || *p.RemindAfter > most {
		return &PolicyError{"remind_after", fmt.Sprintf("must be from %.0fh to %.0fh, or 0 for never", MinRemindAfter.Hours(), MaxRemindAfter.Hours())}
	}
	return nil
}
