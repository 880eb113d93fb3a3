package activity

// A Kind is a type of event.
type Kind struct {
	Type  string `json:"type" doc:"The CloudEvents type."`
	Means string `json:"means" doc:"When it is told."`
}

// The types of events.
const (
	ClientCreated   = "wedsync.client.created"
	ClientChanged   = "wedsync.client.changed"
	ClientMerged    = "wedsync.client.merged"
	ClientDeleted   = "wedsync.client.deleted"
	ClientRestored  = "wedsync.client.restored"
	ClientErased    = "wedsync.client.erased"
	ClientRecovered = "wedsync.client.recovered"

	VerdictAccepted = "wedsync.verdict.accepted"
	VerdictDiverted = "wedsync.verdict.diverted"
	VerdictRejected = "wedsync.verdict.rejected"
	VerdictNoChange = "wedsync.verdict.no_change"

	ConflictOpened        = "wedsync.conflict.opened"
	ConflictReopened      = "wedsync.conflict.reopened"
	ConflictChanged       = "wedsync.conflict.changed"
	ConflictReminded      = "wedsync.conflict.reminded"
	ConflictResolved      = "wedsync.conflict.resolved"
	ConflictWithdrawn     = "wedsync.conflict.withdrawn"
	ConflictRecordDeleted = "wedsync.conflict.record_deleted"
	ConflictRestored      = "wedsync.conflict.restored"
	ConflictErased        = "wedsync.conflict.erased"

	ProposalOpened     = "wedsync.proposal.opened"
	ProposalAccepted   = "wedsync.proposal.accepted"
	ProposalRejected   = "wedsync.proposal.rejected"
	ProposalSuperseded = "wedsync.proposal.superseded"
	ProposalWithdrawn  = "wedsync.proposal.withdrawn"
	ProposalNoChange   = "wedsync.proposal.no_change"

	ActivityPosted = "wedsync.activity.posted"
	PresenceShown  = "wedsync.presence"
	ReadingShown   = "wedsync.communications.progress"
	PositionTold   = "wedsync.position"
	ResetTold      = "wedsync.reset"
)

// Kinds are all types of events, in the order of a manual.
func Kinds() []Kind {
	return []Kind{
		{ClientCreated, "A record came to be; fields names all that it has."},
		{ClientChanged, "Somebody wrote fields of a record. What the same person writes on the same device within a second is told as one: commits says how many edits, offsets where they lie in the journal."},
		{ClientMerged, "An ordinary field was set apart by people who did not know of each other, or that was settled: merged says how it stands."},
		{ClientDeleted, "An owner took a record out of use."},
		{ClientRestored, "An owner took a deleted record back into use."},
		{ClientErased, "An owner erased a record for good. What was told of it before is not told again."},
		{ClientRecovered, "Devices brought back what the hub had lost of a record."},
		{VerdictAccepted, "An edit of a critical field counts."},
		{VerdictDiverted, "An edit of a critical field became a proposal, which waits for a decision."},
		{VerdictRejected, "An edit of a critical field was rejected."},
		{VerdictNoChange, "An edit of a critical field set what counts already, or took a proposal back."},
		{ConflictOpened, "A critical field waits for a decision."},
		{ConflictReopened, "A decision is reconsidered, as a new conflict."},
		{ConflictChanged, "Something about a conflict moved: its proposals, its authors, the value that counts."},
		{ConflictReminded, "A conflict has waited for long."},
		{ConflictResolved, "A conflict was decided; action says how."},
		{ConflictWithdrawn, "A conflict closed because its last open proposal was taken back."},
		{ConflictRecordDeleted, "A conflict rests because its record was deleted."},
		{ConflictRestored, "A conflict waits again because its record was restored."},
		{ConflictErased, "A conflict ended because its record was erased."},
		{ProposalOpened, "A proposal waits for a decision."},
		{ProposalAccepted, "A proposal was accepted."},
		{ProposalRejected, "A proposal was rejected."},
		{ProposalSuperseded, "A proposal was replaced by a later one of its author."},
		{ProposalWithdrawn, "A proposal was taken back."},
		{ProposalNoChange, "A proposal proposes what counts already."},
		{ActivityPosted, "An app posted an activity."},
		{PresenceShown, "A device that shares a record shows a sign of life, at most five times a second; never stored, and not told again."},
		{ReadingShown, "A source of communications is being read for a record, and gets on: progress says how far. Never stored, and not told again. What was found is told by activities of the kind communication."},
		{PositionTold, "Everything up to the position has been told. The first one says that what follows is live."},
		{ResetTold, "The listener missed something, or its position is of no use; reason says why. It should read anew what it shows. What follows goes on from the position."},
	}
}
