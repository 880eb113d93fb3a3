package providers

import (
	"cmp"
	"crypto/hmac"
	"crypto/sha1" //nolint:gosec // what Twilio signs with
	"encoding/base64"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

// twilioState is what Twilio keeps. The server's lock guards it.
type twilioState struct {
	accounts map[string]*twilioAccount // by sid
}

func newTwilioState() twilioState { return twilioState{accounts: make(map[string]*twilioAccount)} }

type twilioAccount struct {
	numbers  []string
	callback string // URL that is told of messages and calls
	messages []*twilioThing
	calls    []*twilioThing
}

// A twilioThing is a message or call, whichever is set.
type twilioThing struct {
	sid      string
	at       time.Time // by which it is listed
	updated  time.Time
	sequence int // of its callbacks
	message  *Message
	call     *Call
}

// newer orders things as lists have them.
func newer(a, b *twilioThing) int { return cmp.Or(b.at.Compare(a.at), strings.Compare(b.sid, a.sid)) }

// handleTwilio serves messages and calls.
func (s *Server) handleTwilio() {
	const account = "/2010-04-01/Accounts/{sid}"
	s.handle(Twilio, "GET", account, 1, s.twilioAccountOf)
	s.handle(Twilio, "GET", account+"/IncomingPhoneNumbers.json", 1, s.twilioNumbers)
	s.handle(Twilio, "GET", account+"/Messages.json", 1, s.twilioMessages)
	s.handle(Twilio, "GET", account+"/Calls.json", 1, s.twilioCalls)
}

// A Telephone is an account at Twilio in which messages and calls are made.
type Telephone struct {
	server   *Server
	sid, key string
}

// Telephone is an account at Twilio with phone numbers (E.164), which is made if it
// is new. The auth token is its password.
func (s *Server) Telephone(sid, token string, numbers ...string) Telephone {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.account(Twilio, sid, "").secret = token
	of, ok := s.twilio.accounts[sid]
	if !ok {
		of = &twilioAccount{}
		s.twilio.accounts[sid] = of
	}
	of.numbers = append(of.numbers, numbers...)
	return Telephone{s, sid, token}
}

// Callback makes a URL be told of what happens, as one that stands with a number.
func (t Telephone) Callback(to string) {
	t.server.mu.Lock()
	defer t.server.mu.Unlock()
	t.server.twilio.accounts[t.sid].callback = to
}

// Message sends a message or lets one come in, and gives its sid.
func (t Telephone) Message(m Message) string {
	var sid string
	t.change(func(of *twilioAccount) *twilioThing {
		sid = fmt.Sprintf("SM%032x", t.server.next())
		one := &twilioThing{sid: sid, at: m.Sent.UTC().Truncate(time.Second), message: &m}
		of.messages = put(of.messages, one)
		return one
	})
	return sid
}

// Call makes a call, or lets one come in, and gives its sid.
func (t Telephone) Call(c Call) string {
	var sid string
	t.change(func(of *twilioAccount) *twilioThing {
		sid = fmt.Sprintf("CA%032x", t.server.next())
		one := &twilioThing{sid: sid, at: c.Start.UTC().Truncate(time.Second), call: &c}
		of.calls = put(of.calls, one)
		return one
	})
	return sid
}

func put(all []*twilioThing, one *twilioThing) []*twilioThing {
	at, _ := slices.BinarySearchFunc(all, one, newer)
	return slices.Insert(all, at, one)
}

// State changes what has become of a message or call; of a call also how long it
// took.
func (t Telephone) State(sid, state string, took time.Duration) {
	t.change(func(of *twilioAccount) *twilioThing {
		for _, one := range append(slices.Clone(of.messages), of.calls...) {
			switch {
			case one.sid != sid:
				continue
			case one.message != nil:
				changed := *one.message
				changed.State = state
				one.message = &changed
			default:
				changed := *one.call
				changed.State, changed.Duration = state, took
				one.call = &changed
			}
			return one
		}
		return nil
	})
}

func (t Telephone) change(f func(*twilioAccount) *twilioThing) {
	s := t.server
	s.mu.Lock()
	of := s.twilio.accounts[t.sid]
	var pushes []Push
	if one := f(of); one != nil {
		one.updated = s.now(Twilio)
		one.sequence++
		if of.callback != "" {
			pushes = append(pushes, t.push(of.callback, one))
		}
	}
	s.mu.Unlock()
	s.pushed(pushes...)
}

// push is the callback of a message or call.
func (t Telephone) push(to string, one *twilioThing) Push {
	form := url.Values{"AccountSid": {t.sid}, "ApiVersion": {"2010-04-01"}}
	set := func(pairs ...string) {
		for i := 0; i < len(pairs); i += 2 {
			form.Set(pairs[i], pairs[i+1])
		}
	}
	if m := one.message; m != nil {
		set("MessageSid", one.sid, "SmsSid", one.sid, "From", m.From, "To", m.To, "SmsStatus", m.State)
		if m.Inbound {
			set("Body", m.Body, "NumMedia", strconv.Itoa(m.Media), "SmsMessageSid", one.sid, "NumSegments", "1")
			for i := range m.Media {
				set("MediaUrl"+strconv.Itoa(i), "https://api.twilio.com/2010-04-01/Accounts/"+t.sid+"/Messages/"+one.sid+"/Media/"+strconv.Itoa(i), "MediaContentType"+strconv.Itoa(i), "image/jpeg")
			}
		} else {
			set("MessageStatus", m.State)
		}
	} else {
		c := one.call
		set("CallSid", one.sid, "From", c.From, "To", c.To, "CallStatus", c.State, "Direction", c.direction(),
			"SequenceNumber", strconv.Itoa(one.sequence-1), "Timestamp", one.updated.Format(time.RFC1123Z), "CallbackSource", "call-progress-events")
		if c.Parent != "" {
			set("ParentCallSid", c.Parent)
		}
		if c.Duration > 0 {
			set("CallDuration", seconds(c.Duration))
		}
	}
	return Push{
		Provider: Twilio, Address: t.sid, URL: to, Body: []byte(form.Encode()),
		Header: http.Header{"Content-Type": {"application/x-www-form-urlencoded; charset=UTF-8"}, "X-Twilio-Signature": {t.sign(to, form)}},
	}
}

// sign signs a callback: the URL, then each parameter with its value, by name.
func (t Telephone) sign(to string, form url.Values) string {
	mac := hmac.New(sha1.New, []byte(t.key))
	_, _ = mac.Write([]byte(to)) // a hash takes all
	for _, name := range slices.Sorted(maps.Keys(form)) {
		_, _ = mac.Write([]byte(name + form.Get(name)))
	}
	return base64.StdEncoding.EncodeToString(mac.Sum(nil))
}

func (c *Call) direction() string {
	switch {
	case c.Parent != "":
		return "outbound-dial"
	case c.Inbound:
		return "inbound"
	}
	return "outbound-api"
}

func seconds(d time.Duration) string { return strconv.Itoa(int(d / time.Second)) }
