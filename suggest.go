package muster

import "strings"

// Nearest returns the word of the list that is most like word, "" if none is near: at most a third of its letters differ.
func Nearest(word string, words []string) string {
	best, dist := "", len([]rune(word))/3+1
	for _, w := range words {
		if d := editDistance(strings.ToLower(word), strings.ToLower(w), dist); d < dist || (d == dist && best == "") {
			best, dist = w, d
		}
	}
	return best
}

// editDistance counts insertions, deletions, replacements and swaps of neighbours; it stops counting above limit.
func editDistance(a, b string, limit int) int {
	x, y := []rune(a), []rune(b)
	if len(x) > 80 || len(y) > 80 || len(x)-len(y) > limit || len(y)-len(x) > limit {
		return limit + 1
	}
	rows := make([][]int, len(x)+1)
	for i := range rows {
		rows[i] = make([]int, len(y)+1)
		rows[i][0] = i
	}
	for j := range rows[0] {
		rows[0][j] = j
	}
	for i := 1; i <= len(x); i++ {
		for j := 1; j <= len(y); j++ {
			cost := 1
			if x[i-1] == y[j-1] {
				cost = 0
			}
			rows[i][j] = min(rows[i-1][j]+1, rows[i][j-1]+1, rows[i-1][j-1]+cost)
			if i > 1 && j > 1 && x[i-1] == y[j-2] && x[i-2] == y[j-1] {
				rows[i][j] = min(rows[i][j], rows[i-2][j-2]+1)
			}
		}
	}
	return rows[len(x)][len(y)]
}
