package demo

import "time"

// A couple is a client of the season. Its wedding is on the Saturday that is so many
// weeks away, or some days from it.
type couple struct {
	key                         string // names it in the script
	name, email, phone          string
	weeks, days                 int
	venue                       string
	budget, deposit, guests     int
	status, photography, jotted string
}

func (c *couple) fields(today time.Time) map[string]any {
	return map[string]any{
		"name": c.name, "email": c.email, "phone": c.phone, "wedding_date": saturday(today, c.weeks, c.days), "venue_name": c.venue,
		"budget": c.budget, "deposit": c.deposit, "guests": c.guests, "status": c.status, "package": c.photography, "notes": c.jotted,
	}
}

// saturday is a day some days from the Saturday that is so many weeks away.
func saturday(today time.Time, weeks, days int) string {
	next := int(time.Saturday-today.Weekday()+7) % 7
	return today.AddDate(0, 0, next+7*weeks+days).Format(time.DateOnly)
}

// What the studio sells.
const (
	wholeDay = "Whole day + album"
	twoDays  = "Two days, two photographers"
	halfDay  = "Half day"
	film     = "Whole day + film"
)

// seasonCouples are the couples of the coming season, in the order in which they came.
func seasonCouples() []couple {
	return []couple{
		{
			"amara", "Amara Okonkwo & Lucas Meyer", "amara.okonkwo@example.org", "+49 30 23125 014", 21, 0, "Gut Sonnenhof, Brandenburg", 21500, 6500, 128, "contract signed", film,
			"Garden ceremony at 15:30, sun behind the oak at 18:40: couple shots there, ten minutes, no more.\nIgbo wine-carrying at 17:00 – stay on Amara, not on the cup.\nHer aunt flies the drone; ask her for the files.",
		},
		{
			"rosa", "Rosa Delgado & Iain MacLeod", "rosa.delgado@example.org", "+44 20 7946 0141", 24, 0, "Old Customs House, Leith", 18200, 5500, 96, "booked", wholeDay,
			"Ceilidh from nine. Fast lens for the dancing, and earplugs.\nRosa’s mother does not walk far: family groups in the hall, not on the quay.",
		},
		{
			"leila", "Leila Haddad & Omar Mansour", "leila.haddad@example.org", "+33 1 99 00 41 20", 19, 1, "Domaine des Cèdres, Aix", 34000, 12000, 240, "contract signed", twoDays,
			"Henna on Friday (women only: Priya shoots), zaffe at 19:00 on Sunday.\nليلى prefers the left profile. Groom’s brother Karim has the timetable.",
		},
		{
			"zoya", "Зоя Иванова & Mark Lindholm", "zoya.ivanova@example.org", "+46 8 465 004 12", 28, 0, "Fotografiska, Stockholm", 15900, 4800, 64, "booked", wholeDay,
			"No flash in the exhibition rooms. Tripod is fine, they confirmed by mail.\nFirst look on the quay at 13:15 if it is dry.",
		},
		{
			"misaki", "Misaki Satō & Ren Tanaka", "misaki.sato@example.org", "+1 555 0134", 17, 0, "Hakone Gardens, Saratoga", 26800, 8000, 82, "contract signed", film,
			"Tea ceremony at three: silent shutter, stay on the tatami’s edge, shoes off.\nShe changes from white to colour at 17:30 – twenty minutes for the portraits.",
		},
		{
			"siobhan", "Siobhán Ní Bhriain & Pádraig Ó Súilleabháin", "siobhan@example.org", "+353 1 555 0109", 31, -1, "Ballymaloe House, Cork", 14400, 4300, 110, "booked", wholeDay,
			"Friday wedding. Church is dark, f/1.4 and patience.\nGrandfather sings after the soup. Everyone cries. Be ready.",
		},
		{
			"eleni", "Ελένη Παππά & Theo Laurent", "eleni.pappa@example.org", "+33 1 99 00 41 77", 26, 0, "Ktima 48, Athens", 19700, 6000, 150, "proposal sent", wholeDay,
			"Crowns, then the dance of Isaiah: three rounds, stand by the left choir.\nLate light until 20:40.",
		},
		{
			"neha", "Neha Sharma & Arjun Mehta", "neha.sharma@example.org", "+44 20 7946 0177", 22, 0, "Syon House, London", 48000, 18000, 380, "contract signed", twoDays,
			"Baraat arrives 10:15 at the north gate – the horse is called Moti.\nMandap faces west; harsh at noon, bring the big scrim.\nSiblings: Rohan, Kavya, Isha. Nobody leaves before the vidaai.",
		},
		{
			"freya", "Freya Lindqvist & Ines Costa", "freya.lindqvist@example.org", "+46 8 465 004 31", 15, 0, "Wanås Estate, Skåne", 16500, 5000, 58, "contract signed", halfDay,
			"Both walk in together, from both sides of the lake. Two cameras, radio.\nVegan cake; the dog (Kaffe) carries nothing, he only attends.",
		},
		{
			"jun", "Jun Park & Seo-yeon Kim", "jun.park@example.org", "+1 555 0161", 34, 0, "The Foundry, Queens", 22400, 7000, 140, "booked", film,
			"Pyebaek in the loft at 16:00, 김서연’s parents speak little English – smile and point.\nDJ has strobes. Ask for five minutes without.",
		},
		{
			"maria", "Maria Antónia de Vasconcelos e Albuquerque & Friedrich-Wilhelm von Hohenstein", "m.vasconcelos@example.org", "+49 30 23125 077", 37, 0, "Quinta da Regaleira, Sintra", 39500, 14000, 210, "proposal sent", twoDays,
			"Long names: check the spelling on the album’s spine twice.\nFog until eleven is likely. It is beautiful; tell them not to worry.",
		},
		{
			"shira", "Shira Levi & Noam Cohen", "shira.levi@example.org", "+1 555 0190", 18, 1, "Brooklyn Botanic Garden", 27300, 9000, 175, "contract signed", wholeDay,
			"Sunday. Ketubah at 17:00, chuppah at 18:15 under the cherry trees.\nThe hora is at nine: wide lens, from a chair.",
		},
		{
			"thuy", "Nguyễn Thị Mai & Daniel Brandt", "mai.nguyen@example.org", "+49 30 23125 052", 20, 0, "Villa Schützenhof, Potsdam", 13800, 4000, 74, "booked", wholeDay,
			"Áo dài in the morning at her parents’ house (Lichtenberg, 3rd floor, no lift).\nTea for the ancestors: kneel, low angle, one light.",
		},
		{
			"chioma", "Chioma Eze & Tunde Bakare", "chioma.eze@example.org", "+44 20 7946 0118", 33, 0, "The Asylum, Peckham", 24600, 8000, 190, "booked", film,
			"Money spraying from ten: get the hands.\nAsoebi is emerald and coral – white balance off the church wall, not off the dress.",
		},
		{
			"anouk", "Anouk Visser & Jip de Groot", "anouk.visser@example.org", "+31 20 555 0103", 16, -1, "Houtloods, Tilburg", 9800, 3000, 66, "contract signed", halfDay,
			"They arrive by cargo bike. If it rains, they still arrive by cargo bike.",
		},
		{
			"lucia", "Lucía Fernández & Mateo Ruiz", "lucia.fernandez@example.org", "+1 555 0127", 29, 0, "Hacienda San Rafael, Sevilla", 20900, 6500, 160, "booked", wholeDay,
			"Lazo and arras: bring the 85.\nDinner at 22:30, cake after midnight. Second batteries.",
		},
		{
			"bjork", "Þórdís Jónsdóttir & Einar Ægisson", "thordis@example.org", "+354 555 0142", 14, 0, "Hótel Búðir, Snæfellsnes", 17600, 5200, 40, "contract signed", wholeDay,
			"Black church at noon. Wind plan: lava field behind the hotel, ten minutes’ walk.\nGimbal useless above 12 m/s.",
		},
		{
			"aisha", "Aisha Rahman & Yusuf Demir", "aisha.rahman@example.org", "+44 20 7946 0185", 27, 0, "Harbour House, Whitstable", 19900, 6000, 205, "booked", wholeDay,
			"Nikah at two in the small room: two photographers at most, ask Imam Siddiq before.\nString quartet until eight.",
		},
		{
			"hugo", "Hugo Martin & Grace Liu", "grace.liu@example.org", "+33 1 99 00 41 35", 23, 0, "Orangerie de Vatimesnil", 23800, 7500, 132, "contract signed", film,
			"Tea ceremony at her uncle’s flat first: 9:00, Rue de Tolbiac, code 41B7.\nVegetarian throughout; the crew too.",
		},
		{
			"petra", "Petra Novotná & Liam Walsh", "petra.novotna@example.org", "+353 1 555 0166", 25, 0, "Palác Žofín, Prague", 12600, 3800, 88, "booked", halfDay,
			"Plate gets smashed after the ceremony, they sweep it up together: that is the picture.",
		},
		{
			"keanu", "Kalani Kealoha & Ben Whitfield", "kalani@example.org", "+1 555 0148", 32, 0, "Lanikuhonua, Oʻahu", 31200, 10000, 70, "proposal sent", twoDays,
			"Maile lei exchange at sunset. Sunset is 18:52, be in place at 18:30.\nSand and the 70–200: second bag.",
		},
		{
			"ingrid", "Ingrid Halvorsen & Sanjay Rao", "ingrid.halvorsen@example.org", "+47 22 55 50 13", 30, 0, "Holmenkollen Park, Oslo", 25500, 8000, 118, "booked", wholeDay,
			"Two ceremonies, one menu. Garlands at eleven, chapel at two.\nBunad silver reflects: polariser.",
		},
		{
			"malik", "Malik Thompson & Camille Dubois", "camille.dubois@example.org", "+1 555 0172", 36, 0, "Race & Religious, New Orleans", 18900, 5600, 90, "inquiry", wholeDay,
			"Second line through the Quarter, police permit is theirs to get.\nAsked for black and white only. Shoot colour anyway.",
		},
		{
			"sara", "Sara Lindgren & Emma Holm", "sara.lindgren@example.org", "+46 8 465 004 55", 13, 0, "Artipelag, Värmdö", 15200, 4500, 52, "contract signed", halfDay,
			"Boat leaves 13:40 sharp with or without us.",
		},
		{
			"dimitra", "Dimitra Vlachou & Jonas Weber", "dimitra@example.org", "+49 30 23125 090", 40, 0, "Schloss Lübbenau, Spreewald", 14900, 4400, 105, "inquiry", wholeDay,
			"Wants film grain. Show the Kowalski album.",
		},
		{
			"wanjiru", "Wanjiru Kamau & Tom Ashby", "wanjiru.kamau@example.org", "+44 20 7946 0133", 38, 0, "Kew Palace, London", 29800, 9500, 144, "proposal sent", film,
			"Her grandmother blesses with milk and honey: ask where to stand, then stand still.",
		},
		{
			"rafael", "Rafael Souza & Beatriz Lima", "beatriz.lima@example.org", "+351 21 555 0188", 35, 0, "Casa do Mar, Cascais", 16100, 4800, 98, "inquiry", halfDay,
			"Surf at 7:00 on the day. They mean it. Waterproof housing is at Calumet.",
		},
		{
			"yael", "Yael Ben-David & Chris Okoro", "yael@example.org", "+1 555 0155", 41, 1, "Wythe Hotel, Brooklyn", 20300, 6100, 125, "inquiry", wholeDay,
			"Rooftop, skyline to the west. Golden hour at 19:05, ceremony at 18:30.",
		},
		{
			"linnea", "Linnéa Berg & Ahmed Farouk", "linnea.berg@example.org", "+46 8 465 004 87", 39, 0, "Steninge Slott, Märsta", 23100, 7000, 137, "booked", film,
			"Two languages, three toasts each. Speeches take an hour; sit.",
		},
		{
			"kate", "Kate O’Donnell & Wojciech Zieliński", "kate.odonnell@example.org", "+353 1 555 0121", 12, 0, "Zamek Książ, Wałbrzych", 13300, 4000, 156, "contract signed", wholeDay,
			"Bread and salt at the gate, vodka at the bread. Oczepiny at midnight – do not pack before.",
		},
	}
}
