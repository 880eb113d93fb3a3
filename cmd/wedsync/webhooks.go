package main

type webhooksCommand struct {
	Events     webhooksEventsCommand     `cmd:"" help:"List events that came."`
	Show       webhooksShowCommand       `cmd:"" help:"Show one event that came, with what it says and what became of it."`
	Edit       webhooksEditCommand       `cmd:"" help:"Correct what an event says that did not take effect."`
	Replay     webhooksReplayCommand     `cmd:"" help:"Have events that came worked on again."`
	Assign     webhooksAssignCommand     `cmd:"" help:"Say whose an event is."`
	Try        webhooksTryCommand        `cmd:"" help:"See what an event would lead to."`
	Endpoints  webhooksEndpointsCommand  `cmd:"" help:"Look at the endpoints that events are sent to, make and change them."`
	Deliveries webhooksDeliveriesCommand `cmd:"" help:"Look at what was sent to an endpoint, and what it answered."`
	Redeliver  webhooksRedeliverCommand  `cmd:"" help:"Send deliveries again."`
	Listen     webhooksListenCommand     `cmd:"" help:"Show events as an endpoint would get them, and pass them on to an app on this machine."`
}
