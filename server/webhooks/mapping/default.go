package mapping

import "wedsync/crdt"

// For is the mapping of a source's connection that has none of its own. It is
// empty for sources that do not tell of clients' data.
func For(source string) Mapping {
	switch source {
	case "twilio", "gmail", "microsoft-graph":
		return Mapping{}
	case "vsco":
		return vsco()
	}
	return usual()
}

// usual reads what CRMs commonly call things.
func usual() Mapping {
	trimmed := Step{Do: Trim}
	return Mapping{[]Rule{
		take("name", []Step{trimmed}, "name", "full_name", "fullName", "client_name", "clientName", "display_name", "contact.name"),
		take("name", []Step{{Do: Join}}, "first_name", "firstName", "last_name", "lastName"),
		take("email", []Step{trimmed}, "email", "email_address", "emailAddress", "client_email", "contact.email"),
		take("phone", []Step{trimmed}, "phone", "phone_number", "phoneNumber", "mobile", "client_phone", "contact.phone"),
		take("wedding_date", []Step{{Do: Date}}, "wedding_date", "weddingDate", "event_date", "eventDate", "event.date", "project_date", "date"),
		take("venue_name", []Step{trimmed}, "venue_name", "venueName", "venue.name", "venue", "event_location", "location"),
		take("budget", []Step{{Do: Money}}, "budget", "budget_amount", "total_budget", "totalBudget", "budget.amount"),
		take("notes", nil, "notes", "note", "message", "comments", "description"),
		take("status", []Step{trimmed}, "status", "stage", "lead_status", "pipeline_stage"),
	}}
}

// vsco reads jobs of VSCO Workspace, whose clients stand beside their fields, and
// contacts.
func vsco() Mapping {
	trimmed := Step{Do: Trim}
	return Mapping{[]Rule{
		take("name", []Step{trimmed}, "clients[0].displayAs", "clients[0].name", "displayAs", "name", "title"),
		take("email", []Step{trimmed}, "clients[0].email", "email", "secondaryEmail"),
		take("phone", []Step{trimmed}, "clients[0].cellPhone", "clients[0].phone", "clients[0].homePhone", "cellPhone", "phone", "homePhone", "workPhone"),
		take("wedding_date", []Step{{Do: Date}}, "eventDate"),
		take("budget", []Step{{Do: Money}}, "leadMaxBudget"),
		take("notes", nil, "leadNotes"),
		take("status", []Step{trimmed}, "stage"),
	}}
}

func take(to crdt.Path, do []Step, from ...string) Rule { return Rule{From: from, To: to, Do: do} }
