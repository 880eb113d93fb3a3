package api

import "net/http"

const (
	devicesTag = "Devices"
	usersTag   = "Users"
)

// A deviceBody is what PatchDevice reads.
type deviceBody struct {
	Name string `json:"name" maxLength:"100" doc:"What people call the device; empty takes the name away." example:"Anna's phone"`
}

// A userBody is what PutUser reads.
type userBody struct {
	Role *string `json:"role" enum:"owner,member,integration,viewer,none" doc:"The most that the user may do; none takes all access away, null forgets what was set."`
}

// ListDevicesDoc describes ListDevices.
var ListDevicesDoc = Doc{
	ID: "listDevices", Tag: devicesTag, Summary: "List devices", May: Readers,
	Detail: "Owners see all devices of the supplier, others their own. A device is known from its first sync on, within a second or so.",
	Query:  pageQuery,
	Answers: []Answer{
		{Status: http.StatusOK, Body: Page[deviceItem]{}, Says: "A page of devices, in order of user, then device."},
	},
}

// PatchDeviceDoc describes PatchDevice.
var PatchDeviceDoc = Doc{
	ID: "nameDevice", Tag: devicesTag, Summary: "Name a device", May: Readers,
	Detail:  "Everybody may name their own, owners any. Sent again it changes nothing.",
	Body:    deviceBody{},
	Example: `{"name": "Anna's phone"}`,
	Answers: []Answer{{Status: http.StatusOK, Body: deviceItem{}, Says: "The device."}},
}

// RevokeDeviceDoc describes RevokeDevice.
var RevokeDeviceDoc = Doc{
	ID: "revokeDevice", Tag: devicesTag, Summary: "Shut a device out", May: Deciders,
	Detail: "Its connections end with code 4403 within a second, on every node, and its tokens are refused from then on. Sent again it changes " +
		"nothing. Where **by_storage** is true the device's user can come back with emptied storage: set the user's role to none instead.",
	Answers:  []Answer{{Status: http.StatusOK, Body: deviceItem{}, Says: "The device."}},
	Problems: []Kind{Oneself, TooMany},
}

// ReadmitDeviceDoc describes ReadmitDevice.
var ReadmitDeviceDoc = Doc{
	ID: "readmitDevice", Tag: devicesTag, Summary: "Let a device in again", May: Deciders,
	Detail:  "Sent again it changes nothing. It needs no body.",
	Answers: []Answer{{Status: http.StatusOK, Body: deviceItem{}, Says: "The device."}},
}

// ListUsersDoc describes ListUsers.
var ListUsersDoc = Doc{
	ID: "listUsers", Tag: usersTag, Summary: "List users", May: Deciders,
	Detail:  "Those whose device was seen and those whose role was set. Who else holds a token, the hub does not know.",
	Query:   pageQuery,
	Answers: []Answer{{Status: http.StatusOK, Body: Page[userItem]{}, Says: "A page of users, in order of their names."}},
}

// PutUserDoc describes PutUser.
var PutUserDoc = Doc{
	ID: "setRole", Tag: usersTag, Summary: "Set the role of a user", May: Deciders,
	Detail: "The user may do the lesser of this and what the token says. It holds at once: connections end, with 4403 where all access was " +
		"taken away, and otherwise so that they come back with the new role. Sent again it changes nothing.",
	Body:     userBody{},
	Example:  `{"role": "viewer"}`,
	Answers:  []Answer{{Status: http.StatusOK, Body: userItem{}, Says: "The user."}},
	Problems: []Kind{Oneself, TooMany, Malformed},
}
