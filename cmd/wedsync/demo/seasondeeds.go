package demo

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
)

// What people and devices do in a season.

// books makes a couple's record.
func books(user string, c couple) deed {
	return func(ctx context.Context, s *season) error {
		a, err := s.as(ctx, user)
		if err != nil {
			return err
		}
		r, err := a.create(ctx, c.fields(s.began))
		s.kept[c.key] = &r
		return err
	}
}

// sets sets a field through the API.
func sets(user, key, field string, value any) deed {
	return func(ctx context.Context, s *season) error {
		return s.patch(ctx, user, key, map[string]any{field: value})
	}
}

// adds puts a line under a record's notes.
func adds(user, key, line string) deed {
	return func(ctx context.Context, s *season) error {
		return s.patch(ctx, user, key, map[string]any{"notes": fmt.Sprintf("%v\n%s", s.kept[key].Fields["notes"], line)})
	}
}

// posts tells of something that is no edit.
func posts(user, key, kind, text string) deed {
	return enters(user, key, "activities", map[string]any{"kind": kind, "text": text})
}

// writes leaves a message for colleagues in a client's timeline.
func writes(user, key, text string) deed {
	return enters(user, key, "messages", map[string]any{"text": text})
}

// phones enters a call in it, by hand.
func phones(user, key, direction, with, duration, note string) deed {
	return enters(user, key, "calls", map[string]any{"direction": direction, "with": with, "duration": duration, "note": note})
}

func enters(user, key, what string, body map[string]any) deed {
	return func(ctx context.Context, s *season) error {
		a, err := s.as(ctx, user)
		if err != nil {
			return err
		}
		var entered any
		return a.do(ctx, http.MethodPost, "/api/clients/"+s.kept[key].Client+"/"+what, body, &entered)
	}
}

// joins connects a device of somebody's, and opens records on it.
func joins(user, device string, keys ...string) deed {
	return func(ctx context.Context, s *season) error {
		if s.urls[device] == "" {
			token, err := s.hub.token(ctx, user, tokenRoles[user], device)
			if err != nil {
				return err
			}
			s.urls[device] = token
		}
		if _, err := s.studio.do(ctx, "join", map[string]any{"device": device, "url": "ws" + s.base[len("http"):] + "/sync?token=" + s.urls[device]}); err != nil {
			return err
		}
		ids := make([]string, len(keys))
		for i, key := range keys {
			ids[i] = s.kept[key].Document
		}
		_, err := s.studio.do(ctx, "open", map[string]any{"device": device, "ids": ids})
		return err
	}
}

// leaves takes a device's network away.
func leaves(device string) deed {
	return func(ctx context.Context, s *season) error {
		_, err := s.studio.do(ctx, "leave", map[string]any{"device": device})
		return err
	}
}

// jots edits a record on a device, which has it for itself until it is connected.
func jots(device, key string, fields map[string]any) deed {
	return func(ctx context.Context, s *season) error {
		return s.edit(ctx, device, key, "set", fields)
	}
}

// types writes a record's notes anew on a device, by the characters that differ.
func types(device, key, line string) deed {
	return func(ctx context.Context, s *season) error {
		now, err := s.studio.do(ctx, "shown", map[string]any{"device": device, "id": s.kept[key].Document})
		if err != nil {
			return err
		}
		return s.edit(ctx, device, key, "text", map[string]any{"notes": fmt.Sprintf("%v\n%s", now.Fields["notes"], line)})
	}
}

func (s *season) edit(ctx context.Context, device, key, how string, fields map[string]any) error {
	_, err := s.studio.do(ctx, "edit", map[string]any{"device": device, "id": s.kept[key].Document, "time": s.clock.Load() / 1e9, how: fields})
	return err
}

// syncs waits until the hub has a device's edits of records, and the device the hub's.
func syncs(device string, keys ...string) deed {
	return func(ctx context.Context, s *season) error {
		for _, key := range keys {
			if err := s.synced(ctx, device, key); err != nil {
				return err
			}
		}
		return nil
	}
}

// all does several things at one moment.
func all(deeds ...deed) deed {
	return func(ctx context.Context, s *season) error {
		for _, do := range deeds {
			if err := do(ctx, s); err != nil {
				return err
			}
		}
		return nil
	}
}

// accepts has the owner accept the nth value that was proposed, from 0.
func accepts(key, field string, n int, note string) deed {
	return func(ctx context.Context, s *season) error {
		c, err := s.waiting(ctx, key, field)
		if err != nil {
			return err
		}
		return s.resolve(ctx, c, map[string]any{"action": "accept", "proposal_id": c.Proposals[n].ID, "note": note})
	}
}

// keeps has the owner keep what counts.
func keeps(key, field, note string) deed {
	return func(ctx context.Context, s *season) error {
		c, err := s.waiting(ctx, key, field)
		if err != nil {
			return err
		}
		return s.resolve(ctx, c, map[string]any{"action": "keep", "note": note})
	}
}

// chooses has the owner set another value.
func chooses(key, field string, value any, note string) deed {
	return func(ctx context.Context, s *season) error {
		c, err := s.waiting(ctx, key, field)
		if err != nil {
			return err
		}
		return s.resolve(ctx, c, map[string]any{"action": "custom", "value": value, "note": note})
	}
}

func (s *season) resolve(ctx context.Context, c conflict, decision map[string]any) error {
	decision["version"] = c.Version
	return s.owners(ctx, http.MethodPost, "/api/conflicts/"+c.ID+"/resolve", decision)
}

// reopens has the owner doubt a decision.
func reopens(key, field string) deed {
	return func(ctx context.Context, s *season) error {
		rows, err := s.conflicts(ctx, "resolved", key, field)
		if err != nil {
			return err
		}
		if len(rows) != 1 {
			return fmt.Errorf("%d conflicts were decided about %s of %s", len(rows), field, key)
		}
		return s.owners(ctx, http.MethodPost, "/api/conflicts/"+rows[0].ID+"/reopen", map[string]any{})
	}
}

// governs puts a policy into force.
func governs(policy map[string]any) deed {
	return func(ctx context.Context, s *season) error {
		return s.owners(ctx, http.MethodPut, "/api/policy", policy)
	}
}

// lets says what a user may do at most.
func lets(user, role string) deed {
	return func(ctx context.Context, s *season) error {
		return s.owners(ctx, http.MethodPut, "/api/users/"+url.PathEscape(user), map[string]any{"role": role})
	}
}

// calls names a device.
func calls(device, name string) deed {
	return func(ctx context.Context, s *season) error {
		id, err := s.deviceID(ctx, device)
		if err != nil {
			return err
		}
		return s.owners(ctx, http.MethodPatch, "/api/devices/"+id, map[string]any{"name": name})
	}
}

// shutsOut takes a device's access away.
func shutsOut(device string) deed {
	return func(ctx context.Context, s *season) error {
		id, err := s.deviceID(ctx, device)
		if err != nil {
			return err
		}
		return s.owners(ctx, http.MethodDelete, "/api/devices/"+id, nil)
	}
}

// owners is a command of the owner's.
func (s *season) owners(ctx context.Context, method, path string, body any) error {
	a, err := s.as(ctx, owner)
	if err != nil {
		return err
	}
	var answer any
	return a.do(ctx, method, path, body, &answer)
}
