package providers

// googleState is what Google keeps. The server's lock guards it.
type googleState struct{}

func newGoogleState() googleState { return googleState{} }

// handleGoogle serves Gmail and Google Calendar.
func (s *Server) handleGoogle() {}
