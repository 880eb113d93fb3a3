package microsoft

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"strings"

	"golang.org/x/sync/errgroup"

	"wedsync/server/communications/source"
)

// askers is how many things are asked for at once.
const askers = 4

var _ source.Checker = Source{}

// Gone implements [source.Checker]. A mail in another folder is gone from this one.
func (Source) Gone(ctx context.Context, a source.Account, scope string, ids []string) (gone []string, err error) {
	part, isFolder := strings.CutPrefix(scope, folderScope)
	part = strings.TrimPrefix(part, calendarScope)
	missing := make([]bool, len(ids))
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(askers)
	for i, id := range ids {
		name, ok := strings.CutPrefix(id, part+"/")
		if !ok {
			continue
		}
		g.Go(func() (err error) {
			if isFolder {
				missing[i], err = mailGone(ctx, a, part, name)
			} else {
				missing[i], err = isGone(ask(ctx, a, "/v1.0/me/events/"+url.PathEscape(name)+"?$select=id", new(event)))
			}
			return err
		})
	}
	if err := g.Wait(); err != nil {
		return nil, fmt.Errorf("look what is there: %w", err)
	}
	for i, id := range ids {
		if missing[i] {
			gone = append(gone, id)
		}
	}
	return gone, nil
}

// mailGone reports whether a mail is not in a folder any more.
func mailGone(ctx context.Context, a source.Account, folder, name string) (bool, error) {
	var there struct {
		Folder string `json:"parentFolderId"`
	}
	gone, err := isGone(ask(ctx, a, "/v1.0/me/messages/"+url.PathEscape(name)+"?$select=id,parentFolderId", &there))
	return gone || err == nil && there.Folder != folder, err
}

// isGone reports whether an error says that there is no such thing.
func isGone(err error) (bool, error) {
	if errors.Is(err, source.ErrGone) {
		return true, nil
	}
	return false, err
}
