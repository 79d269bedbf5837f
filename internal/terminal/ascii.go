package terminal

import (
	"os"
	"strings"
)

// typography is what a text has beside ASCII, and how that is written without it. Keys
// and names are not touched: they are quoted where they are shown.
var typography = strings.NewReplacer("→", "->", "…", "...", "·", "-", "×", "x", "µs", "us", "█", "#", "░", ".", "–", "-")

// InASCII writes the signs of a text by ASCII. What else it holds stays.
func InASCII(text string) string { return typography.Replace(text) }

// ASCIILocale tells whether the environment asks for texts without UTF-8: the first of
// LC_ALL, LC_CTYPE and LANG that is set names another encoding (POSIX.1-2024, section
// 8.2). Where none is set, as in a container, UTF-8 is taken.
func ASCIILocale(lookup func(name string) (string, bool)) bool {
	for _, name := range []string{"LC_ALL", "LC_CTYPE", "LANG"} {
		if locale, set := lookup(name); set && locale != "" {
			locale = strings.ToLower(locale)
			return !strings.Contains(locale, "utf-8") && !strings.Contains(locale, "utf8")
		}
	}
	return false
}

// localized is a text for the locale of this process.
func localized(text string) string {
	if ASCIILocale(os.LookupEnv) {
		return InASCII(text)
	}
	return text
}
