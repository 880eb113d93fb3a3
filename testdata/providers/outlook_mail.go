package providers

import (
	"html"
	"slices"
	"strings"
	"time"
)

// graphFolders answers mailFolders/delta: all folders, whatever is above them. It
// tells no changes, which nobody asks for.
func (s *Server) graphFolders(r *request) (any, error) {
	names, err := fields(r, []string{"displayName", "parentFolderId", "childFolderCount", "totalItemCount", "unreadItemCount", "isHidden"})
	if err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	box := s.outlookBox(r.address)
	from, later, err := s.graphCursor(r, box)
	if err != nil {
		return nil, err
	}
	if !later {
		from.Select = names
	}
	var ids []string
	for _, f := range box.folders {
		ids = append(ids, f.id)
	}
	slices.Sort(ids)
	var all []graphChange
	for i, id := range ids {
		if at := uint64(i + 1); at > from.Page && from.After == 0 { //nolint:gosec // a small number
			f, _ := box.folder(id)
			all = append(all, graphChange{at, func() map[string]any { return selected(box.folderJSON(f), from.Select) }})
		}
	}
	return s.graphPage(r, from, all, "mailFolder"), nil
}

// graphFolder answers a folder.
func (s *Server) graphFolder(r *request) (any, error) {
	names, err := fields(r, []string{"displayName", "parentFolderId", "childFolderCount", "totalItemCount", "unreadItemCount", "isHidden"})
	if err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	box := s.outlookBox(r.address)
	f, ok := box.folder(r.PathValue("id"))
	if !ok {
		return nil, graphNotFound()
	}
	return selected(box.folderJSON(f), names), nil
}

func (b *outlookBox) folderJSON(f *outlookFolder) map[string]any {
	items, unread, below := 0, 0, 0
	for _, m := range b.messages {
		if m.folder == f.id {
			items++
			if !m.read {
				unread++
			}
		}
	}
	for _, other := range b.folders {
		if other.parent == f.id {
			below++
		}
	}
	return map[string]any{
		"id": f.id, "displayName": f.name, "parentFolderId": f.parent, "childFolderCount": below,
		"totalItemCount": items, "unreadItemCount": unread, "isHidden": false,
	}
}

// messageFields are the properties of a mail that can be selected.
var messageFields = []string{
	"internetMessageId", "internetMessageHeaders", "receivedDateTime", "sentDateTime", "from", "sender", "toRecipients",
	"ccRecipients", "bccRecipients", "replyTo", "isDraft", "isRead", "subject", "bodyPreview", "body", "hasAttachments",
	"conversationId", "parentFolderId", "importance", "webLink",
}

// filterLimit is how many mails a filtered list of changes tells at most.
const filterLimit = 5000

// graphMessages answers messages/delta of a folder.
func (s *Server) graphMessages(r *request) (any, error) {
	names, err := fields(r, messageFields)
	if err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	box := s.outlookBox(r.address)
	f, ok := box.folder(r.PathValue("id"))
	if !ok {
		return nil, graphNotFound()
	}
	from, later, err := s.graphCursor(r, box)
	if err != nil {
		return nil, err
	}
	if !later {
		from.Select, from.Expand = names, r.URL.Query().Get("$expand")
		if from.From, err = receivedFilter(r.URL.Query().Get("$filter")); err != nil {
			return nil, err
		}
	}
	return s.graphPage(r, from, box.changes(r, f, from), "message"), nil
}

// receivedFilter is the time in the only filter that there is.
func receivedFilter(text string) (int64, error) {
	if text == "" {
		return 0, nil
	}
	after, ok := strings.CutPrefix(text, "receivedDateTime ge ")
	at, err := time.Parse(time.RFC3339, after)
	if !ok || err != nil {
		return 0, graphBadRequest("The filter is not supported.")
	}
	return at.Unix(), nil
}

// changes are those of a folder that a cursor has yet to tell.
func (b *outlookBox) changes(r *request, f *outlookFolder, from graphCursor) (all []graphChange) {
	tells := func(at uint64) bool { return at > max(from.After, from.Page) && at <= from.Upto }
	for _, m := range b.messages {
		if m.folder != f.id || !tells(m.change) || from.From != 0 && (m.mail.Date.Unix() < from.From || from.Through >= filterLimit) {
			continue
		}
		all = append(all, graphChange{m.change, func() map[string]any {
			if from.After >= m.entered { // it was told before
				return map[string]any{"id": m.graphID(r), "@odata.type": "#microsoft.graph.message", "@odata.etag": m.etag(), "isRead": m.read}
			}
			return m.json(r, from.Select, from.Expand)
		}})
	}
	for id, at := range f.gone {
		if from.After > 0 && tells(at) {
			gone := outlookMessage{id: id, folder: f.id}
			all = append(all, graphChange{at, func() map[string]any { return graphRemoved(gone.graphID(r)) }})
		}
	}
	return all
}

// graphMessage answers a mail.
func (s *Server) graphMessage(r *request) (any, error) {
	names, err := fields(r, messageFields)
	if err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	id := r.PathValue("id")
	for _, m := range s.outlookBox(r.address).messages {
		if m.graphID(r) == id {
			return m.json(r, names, r.URL.Query().Get("$expand")), nil
		}
	}
	return nil, graphNotFound()
}

// graphID is the id by which a request knows the mail: unless it prefers another
// one, it changes when the mail moves.
func (m *outlookMessage) graphID(r *request) string {
	if preferred(r)["IdType"] == "ImmutableId" {
		return m.id
	}
	return "AAMk" + cursorOf(m.folder+m.id) + "="
}

func (m *outlookMessage) etag() string { return `W/"` + cursorOf(m.change) + `"` }

// json is the mail as Graph tells it.
func (m *outlookMessage) json(r *request, names []string, expand string) map[string]any {
	date := m.mail.Date.Format(time.RFC3339)
	text, kind := m.text(), "text"
	said := map[string]any{
		"@odata.type": "#microsoft.graph.message", "@odata.etag": m.etag(), "id": m.graphID(r),
		"internetMessageId": m.mail.MessageID, "receivedDateTime": date, "sentDateTime": date,
		"from": graphPerson(m.mail.From), "sender": graphPerson(m.mail.From),
		"toRecipients": graphPeople(m.mail.To), "ccRecipients": graphPeople(m.mail.Cc), "bccRecipients": graphPeople(m.mail.Bcc), "replyTo": []any{},
		"isDraft": m.draft, "isRead": m.read, "subject": m.mail.Subject, "bodyPreview": preview(text),
		"hasAttachments": len(m.mail.Attached) > 0, "parentFolderId": m.folder, "importance": "normal",
		"conversationId": "conversation-" + cursorOf(append(slices.Clone(m.mail.References), m.mail.MessageID)[0]+r.address),
		"webLink":        "https://outlook.office365.com/owa/?ItemID=" + m.id,
	}
	if preferred(r)["outlook.body-content-type"] != "text" && m.mail.HTML != "" {
		text, kind = m.mail.HTML, "html"
	}
	said["body"] = map[string]any{"contentType": kind, "content": text}
	if slices.Contains(names, "internetMessageHeaders") && !strings.EqualFold(m.mail.From.Address, r.address) {
		said["internetMessageHeaders"] = m.headers() // told of mails that came in, and only if asked for
	}
	said = selected(said, names)
	if strings.Contains(expand, "singleValueExtendedProperties") {
		said["singleValueExtendedProperties"] = m.extended(expand)
	}
	if strings.Contains(expand, "attachments") {
		files := []any{}
		for _, a := range m.mail.Attached {
			files = append(files, map[string]any{"@odata.type": "#microsoft.graph.fileAttachment", "name": a.Name, "contentType": a.Type, "size": a.Size, "isInline": false})
		}
		said["attachments"] = files
	}
	return said
}

func (m *outlookMessage) headers() []any {
	all := []any{map[string]any{"name": "Message-ID", "value": m.mail.MessageID}}
	if len(m.mail.References) > 0 {
		all = append(all, map[string]any{"name": "References", "value": strings.Join(m.mail.References, " ")})
	}
	if m.mail.InReplyTo != "" {
		all = append(all, map[string]any{"name": "In-Reply-To", "value": m.mail.InReplyTo})
	}
	return all
}

// extended are the properties of Outlook that an $expand asks for.
func (m *outlookMessage) extended(expand string) []any {
	var all []any
	for id, value := range map[string]string{"String 0x1039": strings.Join(m.mail.References, " "), "String 0x1042": m.mail.InReplyTo} {
		if value != "" && strings.Contains(expand, "'"+id+"'") {
			all = append(all, map[string]any{"id": id, "value": value})
		}
	}
	return all
}

// text is the mail without markup.
func (m *outlookMessage) text() string {
	if m.mail.Text != "" {
		return m.mail.Text
	}
	return strings.TrimSpace(html.UnescapeString(tag.ReplaceAllString(m.mail.HTML, "")))
}

// preview is how a text begins.
func preview(text string) string {
	letters := []rune(text)
	return string(letters[:min(len(letters), 255)])
}

func graphPerson(p Person) map[string]any {
	name := p.Name
	if name == "" {
		name = p.Address // as Outlook does
	}
	return map[string]any{"emailAddress": map[string]any{"name": name, "address": p.Address}}
}

func graphPeople(all []Person) []any {
	said := make([]any, len(all))
	for i, p := range all {
		said[i] = graphPerson(p)
	}
	return said
}
