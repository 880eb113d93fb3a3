package api

import (
	"fmt"
	"net/http"

	"wedsync/conflicts"
	"wedsync/server/hub"
)

// A repairRequest is the body of POST /api/clients/{id}/repair.
type repairRequest struct {
	Device string `json:"device,omitempty" doc:"\"user/device\": whose connections are to begin anew, too."`
}

// A repairAnswer says what was found wrong with a record, and what was done.
type repairAnswer struct {
	Client string          `json:"client_id" doc:"The record, as a ULID."`
	Found  []repairFinding `json:"found" doc:"What was wrong; empty if nothing was."`
	Done   []string        `json:"done" doc:"What was done, in plain words; empty if nothing had to be done."`
	Device *repairedDevice `json:"device,omitempty" doc:"What became of the device that was named."`
}

// A repairFinding is one thing that was wrong.
type repairFinding struct {
	What   string `json:"what" doc:"What is wrong, in plain words."`
	Mended bool   `json:"mended" doc:"Whether it is right now."`
	Action string `json:"action" doc:"What to do about it, empty if it was mended."`
}

// A repairedDevice says what became of a device's connections.
type repairedDevice struct {
	User        string `json:"user" doc:"Whose device it is."`
	Device      string `json:"device" doc:"Its name."`
	Connections int    `json:"connections" doc:"How many of its connections to this node were told to come back."`
	Explanation string `json:"explanation" doc:"What that means, in plain words."`
}

// RepairClient answers POST /api/clients/{id}/repair.
func (a *API) RepairClient(w http.ResponseWriter, r *http.Request, who conflicts.Principal) error {
	id, err := recordOf(r)
	if err != nil {
		return err
	}
	request, err := readRepair(w, r)
	if err != nil {
		return err
	}
	user, device, err := request.named()
	if err != nil {
		return err
	}
	done, err := a.hub.Repair(r.Context(), id, who, user, device)
	if err != nil {
		return err
	}
	answer := repairAnswer{Client: id.ClientID(), Found: []repairFinding{}, Done: append([]string{}, done.Done...)}
	for _, f := range done.Found {
		shown := repairFinding{What: f.What, Mended: f.Mends}
		if !f.Mends {
			shown.Action = f.Advice
		}
		answer.Found = append(answer.Found, shown)
	}
	if device != "" {
		answer.Device = showReset(user, device, done)
	}
	return reply(w, http.StatusOK, answer)
}

func readRepair(w http.ResponseWriter, r *http.Request) (repairRequest, error) {
	body, err := readBody(w, r)
	if err != nil {
		return repairRequest{}, err
	}
	o, err := parseObject(body)
	if err != nil {
		return repairRequest{}, err
	}
	request := repairRequest{Device: o.text("device")}
	return request, o.end()
}

// named is the device that is named, empty if none is.
func (r repairRequest) named() (user, device string, err error) {
	if r.Device == "" {
		return "", "", nil
	}
	user, device, err = namedDevice(r.Device)
	if err == nil && (user == "" || device == "") {
		err = malformed("device", `must be "user/device", as the sync status has them`)
	}
	return user, device, err
}

func showReset(user, device string, done *hub.Repair) *repairedDevice {
	shown := &repairedDevice{
		User: user, Device: device, Connections: done.Reset,
		Explanation: "It is not connected to this node. When it next connects, the exchange begins anew in any case.",
	}
	if done.Reset > 0 {
		shown.Explanation = fmt.Sprintf("%s was told to come back. It says anew what it holds, and receives all that it lacks.", connections(done.Reset))
	}
	return shown
}

func connections(n int) string {
	if n == 1 {
		return "Its connection"
	}
	return fmt.Sprintf("Each of its %d connections", n)
}
