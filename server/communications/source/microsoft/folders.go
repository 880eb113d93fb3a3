package microsoft

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"slices"

	"wedsync/server/communications/source"
)

// A folder is a mail folder.
type folder struct {
	gone
	ID     string `json:"id"`
	Parent string `json:"parentFolderId"`
	Items  int    `json:"totalItemCount"`
}

// unread are the folders that are left out with all below them: mail that was not
// sent, mail that nobody wanted, mail that was thrown away.
var unread = []string{"drafts", "outbox", "junkemail", "deleteditems"}

// folders are the scopes of an account's mail.
func folders(ctx context.Context, a source.Account) ([]string, error) {
	out := make(map[string]bool)
	for _, name := range unread {
		var f folder
		switch err := ask(ctx, a, "/v1.0/me/mailFolders/"+name+"?$select=id", &f); {
		case errors.Is(err, source.ErrGone):
		case err != nil:
			return nil, err
		default:
			out[f.ID] = true
		}
	}
	// The delta of folders, whose link is thrown away, lists those at all depths.
	all, err := list[folder](ctx, a, "/v1.0/me/mailFolders/delta?$select=id,parentFolderId")
	if err != nil {
		return nil, err
	}
	parents := make(map[string]string, len(all))
	for _, f := range all {
		if source.OddID(f.ID) {
			return nil, fmt.Errorf("%w: a folder with an odd id", source.ErrUnreadable)
		}
		if f.Removed == nil {
			parents[f.ID] = f.Parent
		}
	}
	scopes := make([]string, 0, len(all))
	for _, f := range all {
		if _, ok := parents[f.ID]; ok && !within(f.ID, out, parents) {
			scopes = append(scopes, folderScope+f.ID)
		}
	}
	slices.Sort(scopes)
	return slices.Compact(scopes), nil
}

// within reports whether a folder is one of some, or below one.
func within(id string, some map[string]bool, parents map[string]string) bool {
	for range len(parents) + 1 { // no way up is longer
		if some[id] {
			return true
		}
		id = parents[id]
	}
	return false
}

// itemsIn is how many mails a folder has.
func itemsIn(ctx context.Context, a source.Account, id string) (int, error) {
	var f folder
	err := ask(ctx, a, "/v1.0/me/mailFolders/"+url.PathEscape(id)+"?$select=totalItemCount", &f)
	return f.Items, err
}
