package oracle

// judgeAsItStands judges a new record: every critical field is evaluated.
func (r *Record) judgeAsItStands(p Policy) {
	r.Listed, r.introducer = true, nil
	r.follow(p)
}

// evaluate reads a field that the hub has said nothing about from what the
// document showed before the batch, or from a first upload.
func (r *Record) evaluate(f *field) {
	doc := r.History.See(r.History.All())
	shown, ok := doc.Shown(f.Path)
	var rejects []Live
	if ok {
		v := doc.Value(shown)
		switch m := f.meaning(v, r.zone); {
		case m.cleared:
		case m.fits:
			f.raise(Revision{Value: v, Cause: "created", At: r.batch.now, established: shown.Change.Hash})
		default:
			rejects = append(rejects, shown)
		}
	}
	keys := f.Path.Keys()
	for _, obj := range doc.Maps(f.Path) {
		for _, l := range doc.At(obj, keys[len(keys)-1]) {
			if !ok || l.ID != shown.ID {
				rejects = append(rejects, l)
			}
		}
	}
	for _, l := range rejects {
		v := doc.Value(l)
		if r.same(f, v, f.accepted()) || isCleared(v) {
			continue
		}
		author, role := r.author(l.Change)
		r.proposeLive(f, attempt{
			author: author, role: role, value: v, change: l.Change.Hash,
			base: r.base(f, author, r.History.Past(l.Change.Hash)),
		}, ok && l.ID == shown.ID)
	}
}

// proposeLive makes a live value that does not count a proposal.
func (r *Record) proposeLive(f *field, a attempt, shown bool) {
	for _, p := range f.open() {
		if r.same(f, p.Value, a.value) {
			p.join(a.author, a.change, "")
			f.pending().Version++
			return
		}
	}
	_, reason := r.diversion(f, a, f.pending() != nil)
	if shown {
		reason = "invalid_value"
	}
	verdicts := r.batch.result.Verdicts
	r.propose(f, a, 0, reason)
	r.batch.result.Verdicts = verdicts
}
