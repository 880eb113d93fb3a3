package api

import (
	"errors"
	"time"

	"wedsync/server/webhooks/connection"
)

// newSecret takes a secret, or makes one if the source's sender does not.
func (o *object) newSecret(source connection.Source) string {
	secret := o.text("secret")
	switch {
	case !source.Known() || secret == "" && !source.HasSecret():
		return ""
	case secret == "" && source.MakesSecret():
		o.fault("secret", "is needed: the sender makes it, and shows it where its webhooks are set up")
		return ""
	case secret == "":
		return connection.NewSecret(source)
	}
	if rule := connection.CheckSecret(source, secret); rule != "" {
		o.fault("secret", rule)
	}
	return secret
}

// overlap takes how long the secret before stays in use.
func (o *object) overlap(name string) time.Duration {
	seconds := o.span(name)
	if seconds == nil {
		return connection.DefaultOverlap
	}
	if *seconds > uint64(connection.MaxOverlap/time.Second) {
		o.fault(name, "must not be more than "+showSpan(connection.MaxOverlap))
		return 0
	}
	return time.Duration(*seconds) * time.Second
}

// settings takes what is given of settings; the rest stays.
func (o *object) settings(s *connection.Settings) {
	o.member("name", &s.Name, "must be a string")
	o.member("paused", &s.Paused, "must be true or false")
	o.member("create_unknown", &s.CreateUnknown, "must be true or false")
	o.member("sources", &s.Params.Sources, "must be a list of strings")
	o.member("header", &s.Params.Header, "must be a string")
	o.member("audience", &s.Params.Audience, "must be a string")
	o.member("account", &s.Params.Account, "must be a string")
	o.member("api_url", &s.Params.APIURL, "must be a string")
	o.member("api_key", &s.Params.APIKey, "must be a string")
	o.paths("paths", &s.Params.Paths)
	o.member("mapping", &s.Mapping, "must be an object")
	if string(s.Mapping) == "null" {
		s.Mapping = nil
	}
}

// paths takes all paths, if they are given.
func (o *object) paths(name string, to *connection.Paths) {
	raw, ok := o.take(name)
	if !ok {
		return
	}
	paths, err := parseObject(raw)
	if err != nil {
		o.fault(name, "must be an object")
		return
	}
	*to = connection.Paths{}
	paths.member("event", &to.Event, "must be a string")
	paths.member("object", &to.Object, "must be a string")
	paths.member("type", &to.Type, "must be a string")
	paths.member("version", &to.Version, "must be a string")
	paths.member("data", &to.Data, "must be a string")
	var invalid *invalidError
	if errors.As(paths.end(), &invalid) {
		for _, fault := range invalid.faults {
			o.fault(name+"."+fault.Field, fault.Rule)
		}
	}
}
