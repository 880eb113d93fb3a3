package microsoft

import (
	"context"
	"fmt"
	"net/url"
	"strings"

	"wedsync/server/communications/source"
)

// askers is how many things are asked for at once.
const askers = 4

var _ source.Checker = Source{}

// Gone implements [source.Checker]. A mail in another folder is gone from this one.
func (Source) Gone(ctx context.Context, a source.Account, scope string, ids []string) (gone []string, err error) {
	part, isFolder := strings.CutPrefix(scope, folderScope)
	part = strings.TrimPrefix(part, calendarScope)
	gone, err = source.Sift(ctx, ids, askers, func(ctx context.Context, id string) (bool, error) {
		name, ok := strings.CutPrefix(id, part+"/")
		switch {
		case !ok:
			return false, nil
		case isFolder:
			return mailGone(ctx, a, part, name)
		default:
			return source.IsGone(ask(ctx, a, "/v1.0/me/events/"+url.PathEscape(name)+"?$select=id", new(event)))
		}
	})
	if err != nil {
		return nil, fmt.Errorf("look what is there: %w", err)
	}
	return gone, nil
}

// mailGone reports whether a mail is not in a folder any more.
func mailGone(ctx context.Context, a source.Account, folder, name string) (bool, error) {
	var there struct {
		Folder string `json:"parentFolderId"`
	}
	gone, err := source.IsGone(ask(ctx, a, "/v1.0/me/messages/"+url.PathEscape(name)+"?$select=id,parentFolderId", &there))
	return gone || err == nil && there.Folder != folder, err
}
