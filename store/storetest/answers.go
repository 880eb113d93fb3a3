package storetest

import (
	"wedsync/crdt"
	"wedsync/store"
)

var answerCases = []testcase{
	{"AnswerIsStoredWithItsCommit", func(b *bench) {
		c := answered(commit("rose", recordID(1), 0), "ada", "k1")
		b.must(c)
		b.restart()
		got, err := b.Answer(b.ctx, "ada", "k1")
		b.ok("answer", err)
		b.same("answer", got, *c.Answer)
	}},
	{"AnswerWithoutBodyIsStored", func(b *bench) {
		c := answered(commit("rose", recordID(1), 0), "ada", "k1")
		c.Answer.Body, c.Answer.Status = nil, 204
		b.must(c)
		got, err := b.Answer(b.ctx, "ada", "k1")
		b.ok("answer", err)
		b.same("answer", got, *c.Answer)
	}},
	{"KeysOfPrincipalsAreApart", func(b *bench) {
		b.must(answered(commit("rose", recordID(1), 0), "ada", "k1"))
		_, err := b.Answer(b.ctx, "ben", "k1")
		b.notFound("other principal", err)
		_, err = b.Answer(b.ctx, "ada", "k2")
		b.notFound("other key", err)
		b.must(answered(commit("rose", recordID(2), 0), "ben", "k1"))
	}},
	{"SecondAnswerOfAKeyLeavesItsWholeCommitOut", func(b *bench) {
		first, again := recordID(1), recordID(2)
		b.must(answered(commit("rose", first, 0), "ada", "k1"))
		c := with(answered(commit("rose", again, 0), "ada", "k1"), conflict(1, again, "budget"))
		c.Answer.Status = 500
		b.expectStale([]crdt.RecordID{again}, c, commit("rose", recordID(3), 0))
		b.same("version", b.version(again), uint64(0))
		b.same("conflicts", len(b.queue("rose", store.ConflictQuery{Limit: 9})), 0)
		b.same("version of the bystander", b.version(recordID(3)), uint64(1))
		got, err := b.Answer(b.ctx, "ada", "k1")
		b.ok("answer", err)
		b.same("status", got.Status, 201)
	}},
	{"OfTwoAnswersOfAKeyInOneBatchTheFirstCounts", func(b *bench) {
		b.expectStale([]crdt.RecordID{recordID(2)},
			answered(commit("rose", recordID(1), 0), "ada", "k1"),
			answered(commit("rose", recordID(2), 0), "ada", "k1"))
		b.same("version", b.version(recordID(1)), uint64(1))
	}},
	{"StaleCommitLeavesItsKeyFree", func(b *bench) {
		id := recordID(1)
		b.expectStale([]crdt.RecordID{id}, answered(commit("rose", id, 3), "ada", "k1"))
		_, err := b.Answer(b.ctx, "ada", "k1")
		b.notFound("answer of a stale commit", err)
		b.must(answered(commit("rose", id, 0), "ada", "k1"))
	}},
}
