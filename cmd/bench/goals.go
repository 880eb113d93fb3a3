package main

// A goal is what a figure must reach.
type goal struct {
	against map[string]float64 // how many times better than these
	limit   float64            // or not more than this
	least   float64            // or not less than this
}

// goalOf is the goal of a row for one of the hubs, if it has one. A limit holds
// of the hub itself.
func goalOf(hub, key string) goal {
	if hub == postgresName {
		return map[string]goal{
			"live":            {against: map[string]float64{syncName: 10, hocusName: 1.3}},
			"push":            {against: map[string]float64{hocusName: 2}},
			"storm restarted": {against: map[string]float64{hocusName: 4}},
			"commits":         {least: 20},
		}[key]
	}
	return map[string]goal{
		"live":                 {against: map[string]float64{syncName: 8, hocusName: 1}},
		"paced":                {against: map[string]float64{syncName: 5}},
		"fan-out":              {against: map[string]float64{syncName: 5}},
		"push":                 {against: map[string]float64{syncName: 10, hocusName: 2}},
		"pull":                 {against: map[string]float64{syncName: 10, hocusName: 2}},
		"storm restarted":      {against: map[string]float64{syncName: 15, hocusName: 2}},
		"cold start":           {against: map[string]float64{syncName: 1, hocusName: 1}},
		"record":               {against: map[string]float64{syncName: 10, hocusName: 1}},
		"connection":           {limit: 12},
		"diverted":             {limit: 6},
		"diverted bare":        {limit: 3},
		"communications quota": {least: 90},
		"web script":           {limit: 120},
		"web owners":           {limit: 20},
		"web view":             {limit: 500},
		"web list view":        {limit: 500},
		"web scroll":           {limit: 50},
		"web inbox":            {limit: 500},
		"web key p99":          {limit: 100},
	}[key]
}
