package mapping

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
)

// Parse reads a mapping of a source's connection from JSON and checks it, or says
// what is wrong as a *RuleError. No JSON is the mapping that the source has by
// itself.
func Parse(raw []byte, source string) (Mapping, error) {
	if len(bytes.TrimSpace(raw)) == 0 || string(bytes.TrimSpace(raw)) == "null" {
		return For(source), nil
	}
	var listed struct {
		Rules []json.RawMessage `json:"rules"`
	}
	if err := strict(raw, &listed); err != nil {
		return Mapping{}, &RuleError{-1, "", "must be the one member of an object, a list of rules: " + err.Error()}
	}
	if len(listed.Rules) > MaxRules {
		return Mapping{}, Mapping{make([]Rule, len(listed.Rules))}.Check()
	}
	m := Mapping{make([]Rule, len(listed.Rules))}
	for i, rule := range listed.Rules {
		if err := strict(rule, &m.Rules[i]); err != nil {
			return Mapping{}, &RuleError{i, "", "cannot be read: " + err.Error()}
		}
	}
	return m, m.Check()
}

// strict decodes JSON that must have the members of v alone.
func strict(raw []byte, v any) error {
	d := json.NewDecoder(bytes.NewReader(raw))
	d.DisallowUnknownFields()
	if err := d.Decode(v); err != nil {
		var kind *json.UnmarshalTypeError
		if errors.As(err, &kind) {
			return fmt.Errorf("%s cannot be a %s", kind.Field, kind.Value)
		}
		return err
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return errors.New("something follows it")
	}
	return nil
}
