package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
)

// secretsOfZephyrine are what nothing but the client has, in small letters.
var secretsOfZephyrine = []string{"zephyrine", "quillfeather", strings.TrimPrefix(zephyrineNumber, "+")}

// staysErased has a device hold the client's record while it is erased, and come
// back; and has all accounts read anew from their beginning. By then the client has
// another address than all mails have.
func (s *talkSite) staysErased() {
	node, erased := startNode(s), s.client
	phone := node.open("phone", clientOptions{url: s.hub.sync(member("ada"))})
	phone.do("find", args{"id": erased.DocumentID})
	set(phone, erased.DocumentID, "notes", zephyrine+" likes peonies")
	phone.do("wait", args{"id": erased.DocumentID, "acked": true})
	offline(phone)
	set(phone, erased.DocumentID, "notes", zephyrine+" does not like lilies")
	for _, secret := range secretsOfZephyrine {
		if len(s.filesWith(secret)) == 0 {
			s.Fatalf("%q was never there: the test shows nothing", secret)
		}
	}

	s.olga.must("PATCH", "/api/clients/"+erased.ClientID, map[string]any{"fields": map[string]any{"email": "quillfeather@zephyrine.example"}}, nil)
	s.olga.must("POST", "/api/clients/"+erased.ClientID+"/erase", nil, nil)
	phone.do("online", nil) // and offers all of it
	phone.do("quiet", nil)
	s.client = s.other // by whom the hub can still be asked
	s.readAllAnew()
	s.isLeft()
	if status := s.olga.do("GET", "/api/clients/"+erased.ClientID, nil, nil); status != 404 {
		s.Errorf("the erased client is answered with %d", status)
	}
	if a, err := node.open("tablet", clientOptions{url: s.hub.sync(member("ben"))}).try("find", args{"id": erased.DocumentID}); err == nil || a.Error != "unavailable" {
		s.Errorf("another device finds %+v, %v", a, err)
	}
	s.hub.stop()
	for _, secret := range secretsOfZephyrine {
		if files := s.filesWith(secret); len(files) > 0 {
			s.Errorf("%q is still in %v", secret, files)
		}
	}
}

// readAllAnew has the hub read all accounts from the beginning.
func (s *talkSite) readAllAnew() {
	s.Helper()
	s.server.ResetCounts()
	for _, id := range s.ids {
		s.olga.must("PATCH", "/api/integrations/communication/accounts/"+id, map[string]any{"since": "2020-01-01T00:00:00Z"}, nil)
	}
	s.states(s.sync().Sources, nil)
	if n := s.server.Total("/messages/{id}").Served; n < 5 {
		s.Errorf("only %d mails were read again", n)
	}
}

// isLeft checks that no more is left than what the other client has too.
func (s *talkSite) isLeft() {
	s.Helper()
	var unmatched listing[talkRow]
	s.olga.must("GET", "/api/communications/unmatched", nil, &unmatched)
	if len(unmatched.Items) > 0 {
		s.Errorf("nobody's are\n%s", told(unmatched.Items))
	}
	rows := s.read("")
	if len(rows) != 1 || rows[0].Subject != "Where to park at the barn" {
		s.Fatalf("the other client has\n%s", told(rows))
	}
	var shared struct {
		Participants []struct{ Name, Address string }
	}
	s.olga.must("GET", "/api/clients/"+s.client.ClientID+"/communications/"+rows[0].ID, nil, &shared)
	for _, p := range shared.Participants {
		if p.Address == zephyrineMail || p.Name == zephyrine {
			s.Errorf("the mail to both still names %+v", p)
		}
	}
}

// filesWith are the files of the hub that hold a text, whatever the size of its letters.
func (s *talkSite) filesWith(text string) (files []string) {
	s.Helper()
	err := filepath.WalkDir(s.hub.data, func(path string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		data, err := os.ReadFile(path)
		if bytes.Contains(bytes.ToLower(data), []byte(text)) {
			files = append(files, d.Name())
		}
		return err
	})
	if err != nil {
		s.Fatal(err)
	}
	return files
}
