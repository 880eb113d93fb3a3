package main

type webhooksCommand struct {
	Endpoints  webhooksEndpointsCommand  `cmd:"" help:"Look at the endpoints that events are sent to, make and change them."`
	Deliveries webhooksDeliveriesCommand `cmd:"" help:"Look at what was sent to an endpoint, and what it answered."`
	Redeliver  webhooksRedeliverCommand  `cmd:"" help:"Send deliveries again."`
	Listen     webhooksListenCommand     `cmd:"" help:"Show events as an endpoint would get them, and pass them on to an app on this machine."`
}
