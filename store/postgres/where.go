package postgres

import "strconv"

// A where is a statement whose conditions are added one by one. Whatever is
// asked, its text is one of a few.
type where struct {
	query string
	args  []any
}

// and adds a condition that ends with $, where its value goes, if it is given.
func (w *where) and(given bool, condition string, values ...any) {
	if !given {
		return
	}
	w.query += " AND "
	for _, c := range condition {
		w.query += string(c)
		if c == '$' {
			w.args = append(w.args, values[0])
			w.query += strconv.Itoa(len(w.args))
			values = values[1:]
		}
	}
}

// page ends the statement.
func (w *where) page(order string, limit int) (query string, args []any) {
	args = append(w.args, max(limit, 0))
	return w.query + ` ORDER BY ` + order + ` LIMIT $` + strconv.Itoa(len(args)), args
}
