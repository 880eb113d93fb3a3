package twilio_test

import (
	"context"
	"testing"

	"wedsync/server/communications/source"
	"wedsync/server/communications/source/sourcetest"
	"wedsync/server/communications/source/twilio"
	"wedsync/store"
)

// says answers everything with a body.
type says []byte

func (s says) Call(context.Context, source.Request) (source.Answer, error) {
	return source.Answer{Status: 200, Body: s}, nil
}

func FuzzAnswers(f *testing.F) {
	f.Add([]byte(`{"messages":[{"sid":"SM1","from":"whatsapp:+49170","to":"x\u0000","body":"\u0000","num_media":"-1","date_sent":"Mon, 01 Mar 2027 08:00:00 +0000"}],"next_page_uri":"/x"}`))
	f.Add([]byte(`{"calls":[{"sid":"1","direction":"inbound","date_created":"Mon, 01 Mar 2027 08:00:00 +0000"},{"sid":"2","parent_call_sid":"1","duration":"9","start_time":"Mon, 01 Mar 2027 08:00:00 +0000"}],"next_page_uri":"/x"}`))
	f.Fuzz(func(t *testing.T, body []byte) {
		a := source.Account{Address: sid, Level: store.LevelEverything, Now: now, Caller: says(body)}
		for _, scope := range []string{"messages", "calls"} {
			at := source.Place{}
			for range 2 { // the place that a step gives can be read on from
				step, err := twilio.Source{}.Pull(t.Context(), a, scope, at)
				if err != nil {
					break
				}
				if err := sourcetest.Sound(step); err != nil {
					t.Errorf("%s: %v", scope, err)
				}
				at.State = step.State
			}
		}
	})
}
