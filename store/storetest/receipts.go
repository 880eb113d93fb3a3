package storetest

import (
	"errors"
	"fmt"

	"wedsync/conflicts"
	"wedsync/crdt"
	"wedsync/store"
)

// receipt makes a receipt of a user. Ids ascend with n.
func receipt(n int, id crdt.RecordID, user string) conflicts.Receipt {
	return conflicts.Receipt{
		ID: fmt.Sprintf("%026d", n), User: user, Record: id, Field: "budget", Conflict: "k", Proposal: "p",
		Proposed: crdt.Value{Kind: crdt.Text, Str: "<a> \u2028 &"}, Outcome: conflicts.Rejected, Reason: "resolution",
		Decision: conflicts.Decision{
			Action: conflicts.Keep, By: conflicts.Principal{Supplier: "rose", User: "olga", Role: conflicts.Owner},
			At: noon, Value: crdt.Value{Kind: crdt.Int, Int: 7}, Revision: 2, Note: "booked",
		},
	}
}

func telling(c store.Commit, receipts ...conflicts.Receipt) store.Commit {
	c.Receipts = receipts
	return c
}

// unread are the receipts of a user that a device has not acknowledged.
func (b *bench) unread(supplier, user, device, after string, limit int) []conflicts.Receipt {
	b.Helper()
	found, err := b.Receipts(b.ctx, supplier, user, device, after, limit)
	b.ok("receipts", err)
	return found
}

var receiptCases = []testcase{
	{"ReceiptsAreStoredWithTheirCommit", func(b *bench) {
		id := recordID(1)
		first, second := receipt(1, id, "ada"), receipt(2, id, "ada")
		b.must(telling(commit("rose", id, 0), second, receipt(3, id, "ben"), first))
		b.restart()
		b.same("receipts", b.unread("rose", "ada", "phone", "", 9), []conflicts.Receipt{first, second})
		b.same("first page", b.unread("rose", "ada", "phone", "", 1), []conflicts.Receipt{first})
		b.same("next page", b.unread("rose", "ada", "phone", first.ID, 9), []conflicts.Receipt{second})
		b.same("no page", len(b.unread("rose", "ada", "phone", "", 0)), 0)
		b.same("another supplier's", len(b.unread("mill", "ada", "phone", "", 9)), 0)
	}},
	{"StaleCommitTellsNobody", func(b *bench) {
		id := recordID(1)
		b.expectStale([]crdt.RecordID{id}, telling(commit("rose", id, 3), receipt(1, id, "ada")))
		b.same("receipts", len(b.unread("rose", "ada", "phone", "", 9)), 0)
	}},
	{"ReceiptThatIsStoredStaysAsItIs", func(b *bench) {
		id := recordID(1)
		first := receipt(1, id, "ada")
		b.must(telling(commit("rose", id, 0), first))
		again := first
		again.Outcome = conflicts.Accepted
		b.must(telling(commit("rose", id, 1), again))
		b.same("receipts", b.unread("rose", "ada", "phone", "", 9), []conflicts.Receipt{first})
	}},
	{"EachDeviceAcknowledgesForItself", func(b *bench) {
		id := recordID(1)
		first, second := receipt(1, id, "ada"), receipt(2, id, "ada")
		b.must(telling(commit("rose", id, 0), first, second))
		for range 2 {
			b.ok("acknowledge", b.Acknowledge(b.ctx, "rose", "ada", "phone", first.ID))
		}
		b.restart()
		b.same("phone", b.unread("rose", "ada", "phone", "", 9), []conflicts.Receipt{second})
		b.same("tablet", b.unread("rose", "ada", "tablet", "", 9), []conflicts.Receipt{first, second})
	}},
	{"ReceiptsOfOthersCannotBeAcknowledged", func(b *bench) {
		id := recordID(1)
		b.must(telling(commit("rose", id, 0), receipt(1, id, "ada")), commit("mill", recordID(2), 0))
		first := receipt(1, id, "ada").ID
		b.notFound("another user's", b.Acknowledge(b.ctx, "rose", "ben", "phone", first))
		b.notFound("another supplier's", b.Acknowledge(b.ctx, "mill", "ada", "phone", first))
		b.notFound("unknown", b.Acknowledge(b.ctx, "rose", "ada", "phone", "x"))
		b.same("receipts", len(b.unread("rose", "ada", "phone", "", 9)), 1)
	}},
	{"DevicesThatAcknowledgeAreBounded", func(b *bench) {
		id := recordID(1)
		b.must(telling(commit("rose", id, 0), receipt(1, id, "ada")))
		ack := func(n int) error {
			return b.Acknowledge(b.ctx, "rose", "ada", fmt.Sprint("device ", n), receipt(1, id, "ada").ID)
		}
		for n := range store.MaxReceiptDevices {
			b.ok("acknowledge", ack(n))
		}
		if err := ack(store.MaxReceiptDevices); !errors.Is(err, store.ErrTooMany) {
			b.Errorf("one device too many: %v", err)
		}
		b.ok("acknowledge again", ack(0))
	}},
	{"ReceiptOfAnotherRecordIsRefused", func(b *bench) {
		_, err := b.Append(b.ctx, []store.Commit{telling(commit("rose", recordID(1), 0), receipt(1, recordID(2), "ada"))})
		var broken *store.CommitError
		if !errors.As(err, &broken) {
			b.Errorf("got %v", err)
		}
	}},
}
