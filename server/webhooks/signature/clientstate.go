package signature

import "encoding/json"

// MaxNotifications bounds what Microsoft Graph says in one request.
const MaxNotifications = 1000

// ClientState verifies notifications of Microsoft Graph: each must have the
// clientState that its subscription was made with, which is one of the secrets.
// Nothing is signed.
func ClientState(r Request, secrets []string) (Signed, error) {
	var said struct {
		Value []struct {
			ClientState *string `json:"clientState"`
		} `json:"value"`
	}
	readable := json.Unmarshal(r.Body, &said) == nil && len(said.Value) <= MaxNotifications
	missing, wrong := len(said.Value) == 0, false
	for _, notification := range said.Value {
		if notification.ClientState == nil {
			missing = true
			continue
		}
		right := matches(secrets, func(s string) bool { return equal(*notification.ClientState, s) })
		wrong = wrong || !right
	}
	switch {
	case !readable:
		return Signed{}, Malformed
	case missing:
		return Signed{}, Missing
	case wrong:
		return Signed{}, Wrong
	}
	return Signed{}, nil
}
