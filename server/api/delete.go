package api

import (
	"net/http"

	"wedsync/conflicts"
)

// DeleteClient answers DELETE /api/clients/{id}.
func (a *API) DeleteClient(w http.ResponseWriter, r *http.Request, who conflicts.Principal) error {
	id, err := recordOf(r)
	if err != nil {
		return err
	}
	if err := a.hub.Delete(r.Context(), id, who); err != nil {
		return err
	}
	w.WriteHeader(http.StatusNoContent)
	return nil
}

// RestoreClient answers POST /api/clients/{id}/restore with the item.
func (a *API) RestoreClient(w http.ResponseWriter, r *http.Request, who conflicts.Principal) error {
	id, err := recordOf(r)
	if err != nil {
		return err
	}
	if err := a.hub.Restore(r.Context(), id, who); err != nil {
		return err
	}
	i, err := a.freshItem(r.Context(), who.Supplier, id)
	if err != nil {
		return err
	}
	return i.reply(w, http.StatusOK)
}

// EraseClient answers POST /api/clients/{id}/erase. There is no way back.
func (a *API) EraseClient(w http.ResponseWriter, r *http.Request, who conflicts.Principal) error {
	id, err := recordOf(r)
	if err != nil {
		return err
	}
	if err := a.hub.Erase(r.Context(), id, who); err != nil {
		return err
	}
	w.WriteHeader(http.StatusNoContent)
	return nil
}
