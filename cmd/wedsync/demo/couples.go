package demo

// couples are the supplier's clients.
func couples() []map[string]any {
	couple := func(name, email, phone, date, venue string, budget, guests int, notes string) map[string]any {
		return map[string]any{
			"name": name, "email": email, "phone": phone, "wedding_date": date, "venue_name": venue,
			"budget": budget, "guests": guests, "status": "booked", "notes": notes,
		}
	}
	return []map[string]any{
		couple("Ada Okafor & Ben Lindqvist", "ada.okafor@example.org", "+44 20 7946 0101", "2027-06-12", "Orchard Barn", 12500, 84, "Peonies, no lilies."),
		couple("Chloe Marsh & Dev Patel", "chloe.marsh@example.org", "+44 20 7946 0102", "2027-05-29", "The Old Mill", 18200, 140, "Two ceremonies, one menu."),
		couple("Elif Demir & Finn O'Hara", "elif.demir@example.org", "+44 20 7946 0103", "2027-07-03", "Harbour House", 9800, 60, "String quartet until eight."),
		couple("Grace Liu & Hugo Martin", "grace.liu@example.org", "+44 20 7946 0104", "2027-08-21", "Orchard Barn", 15400, 110, "Vegetarian throughout."),
		couple("Ines Costa & Jack Turner", "ines.costa@example.org", "+44 20 7946 0105", "2027-09-11", "Lakeside Pavilion", 22000, 160, "Fireworks if the lake allows."),
		couple("Kira Novak & Liam Walsh", "kira.novak@example.org", "+44 20 7946 0106", "2027-04-17", "St Mary's Hall", 7400, 48, "Brunch, not dinner."),
		couple("Mei Tanaka & Noah Schmidt", "mei.tanaka@example.org", "+44 20 7946 0107", "2027-10-02", "The Glasshouse", 16800, 95, "Tea ceremony at three."),
		couple("Olu Adeyemi & Priya Nair", "olu.adeyemi@example.org", "+44 20 7946 0108", "2027-06-26", "Harbour House", 30500, 220, "Band needs a 32 A supply."),
		couple("Quinn Byrne & Rosa Alvarez", "quinn.byrne@example.org", "+44 20 7946 0109", "2027-07-17", "The Old Mill", 11900, 72, "Dog carries the rings."),
		couple("Sofia Rossi & Theo Laurent", "sofia.rossi@example.org", "+44 20 7946 0110", "2027-12-18", "Winter Garden", 14250, 88, "Candles only."),
	}
}
