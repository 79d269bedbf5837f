package report

import (
	"encoding/csv"
	"fmt"
	"io"
	"iter"
	"strconv"
	"strings"
	"unicode/utf8"

	"reseal/engine"
	"reseal/internal/plain"
)

// CSVColumns is the schema of the CSV export: that of an S3 Batch Operations
// completion report (Report_CSV_20180820; Amazon S3 User Guide,
// batch-ops-job-status, read 2026-11-21). Like there, the file has no header.
const CSVColumns = "Bucket, Key, VersionId, TaskStatus, ErrorCode, HTTPStatusCode, ResultMessage"

// WriteCSV writes result lines in the columns of CSVColumns. Keys are
// percent-encoded, with slashes kept and nothing else that a reader could take
// for something else, so that both readings in use (space as %20 or as +) give
// the key back. TaskStatus is succeeded, failed, or for what no request was about, what people
// read of it elsewhere, such as "left alone".
//
// A cell that a spreadsheet would run as a formula, as it begins with =, +, - or @, begins
// with an apostrophe, and what nobody could see is an escape (\u202e). With exact, both
// is left out, and cells are as the service gave them. A key is exact either way: of
// these signs it can only begin with a minus, which is then %2D.
func WriteCSV(w io.Writer, lines iter.Seq2[Line, error], exact bool) error {
	out := csv.NewWriter(w)
	var key []byte
	row := make([]string, 7)
	for l, err := range lines {
		if err != nil {
			out.Flush()
			return err
		}
		key = appendURL(key[:0], l.Key)
		row[0], row[1], row[2] = l.Bucket, string(key), l.VersionID
		if len(key) > 0 && key[0] == '-' {
			row[1] = "%2D" + row[1][1:]
		}
		row[3], row[4], row[5], row[6] = taskStatus(&l), l.ErrorCode, httpStatus(&l), message(&l)
		if !exact {
			for i := range row {
				row[i] = safeCell(row[i])
			}
		}
		if err := out.Write(row); err != nil {
			return fmt.Errorf("write CSV: %w", err)
		}
	}
	out.Flush()
	if err := out.Error(); err != nil {
		return fmt.Errorf("write CSV: %w", err)
	}
	return nil
}

// safeCell is a cell that a spreadsheet shows and does not run.
func safeCell(s string) string {
	s = plain.Text(s)
	if r, _ := utf8.DecodeRuneInString(s); strings.ContainsRune("=+-@＝＋－＠", r) && s != "" {
		return "'" + s
	}
	return s
}

func taskStatus(l *Line) string {
	if l.Status == engine.Done.String() {
		return "succeeded"
	}
	return outcomeWord(l.Status)
}

func httpStatus(l *Line) string {
	switch {
	case l.HTTPStatus > 0:
		return strconv.Itoa(l.HTTPStatus)
	case l.Status == engine.Done.String():
		return "200"
	}
	return ""
}

func message(l *Line) string {
	switch {
	case l.Status == engine.Done.String() && l.Reason == "":
		return "Successful"
	case l.Status != engine.Failed.String():
		return string(l.Reason)
	}
	text := string(l.Reason)
	if l.Error != "" {
		text += ": " + l.Error
	}
	if l.RequestID != "" {
		text += " (request " + l.RequestID + ")"
	}
	return text
}

// appendURL appends s with everything percent-encoded but letters, digits and -._~/.
func appendURL(dst []byte, s string) []byte {
	const hex = "0123456789ABCDEF"
	for i := range len(s) {
		c := s[i]
		switch {
		case c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z', c >= '0' && c <= '9', c == '-', c == '.', c == '_', c == '~', c == '/':
			dst = append(dst, c)
		default:
			dst = append(dst, '%', hex[c>>4], hex[c&15])
		}
	}
	return dst
}
