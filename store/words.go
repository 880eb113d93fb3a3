package store

import (
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"strings"
	"unicode"
)

// Bounds of the words by which items are found.
const (
	maxWord      = 64        // bytes of a word; what is longer is found by its beginning
	maxWordBytes = 512 << 10 // of all words of an item; of more the first in order are not found
	maxAsked     = 16        // words of a search; more are left out
)

// ItemWords are the words by which a search finds an item, folded, in ascending
// order, each once. Among them are two kinds that no text has: OfSupplier, and
// OfContact of each participant that is not Own.
func ItemWords(it *Item) []string {
	var words []string
	for _, text := range []string{it.Subject, it.Body} {
		words = appendWords(words, text)
	}
	words = append(words, OfSupplier(it.Supplier))
	for _, p := range it.Participants {
		words = appendWords(appendWords(words, p.Name), p.Value)
		if p.Tells() {
			words = append(words, OfContact(it.Supplier, p.Contact))
		}
	}
	slices.Sort(words)
	words = slices.Compact(words)
	size := 0
	for i := len(words) - 1; i >= 0; i-- { // marks come last
		if size += len(words[i]); size > maxWordBytes {
			return words[i+1:]
		}
	}
	return words
}

// SearchWords are the words that an item must have, each as the beginning of one
// of its own, to be found by a text.
func SearchWords(text string) []string {
	words := appendWords(nil, text)
	slices.Sort(words)
	words = slices.Compact(words)
	return words[:min(len(words), maxAsked)]
}

// appendWords appends the words of a text.
func appendWords(words []string, text string) []string {
	for word := range strings.FieldsFuncSeq(FoldName(text), func(r rune) bool {
		return !unicode.IsLetter(r) && !unicode.IsNumber(r) && !unicode.IsMark(r)
	}) {
		words = append(words, cut(word, maxWord))
	}
	return words
}

// mark begins what no word begins with; it comes after most of them.
const mark = "\U000f0000"

// OfSupplier is what all items of a supplier have among their words.
func OfSupplier(supplier string) string { return marked("s", supplier) }

// OfContact is what all items of a supplier have among their words in which a
// contact took part.
func OfContact(supplier string, c Contact) string {
	return marked("c", supplier, string(c.Kind), c.Value)
}

func marked(parts ...string) string {
	h := sha256.Sum256([]byte(strings.Join(parts, "\x00")))
	return mark + hex.EncodeToString(h[:10])
}
