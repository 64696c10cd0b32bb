// Package report makes the reports of a till out of its journal: X and Z,
// shifts with their drawers, and exports for the shop's books.
//
//	book, err := report.New(report.Config{Journal: j, Zone: shanghai, CutOff: 4 * time.Hour})
//	if err != nil { ... }
//	x, err := book.X(ctx, report.Window{})                       // since the last Z; changes nothing
//	z, err := book.Z(ctx, report.ZRequest{Operator: "anna"})     // closes the business day
//	if open := new(report.OpenError); errors.As(err, &open) {
//		... // open.Open: recover, resolve or confirm these first
//	}
//	err = book.CSV(ctx, file, z)                                 // or XLSX, JSONL
//	again, err := book.Numbered(ctx, 7)                          // Z 7 as it was, to the byte
//
// # Words
//
//	X report     X 报表        looks at any time, changes nothing (不清零)
//	Z report     Z 报表, 日结   closes the business day; numbered without gaps, never opened again
//	shift        交班          what operators must hand over
//	business day 营业日        from its cut-off to the next one, of the shop's clock
//	float        备用金        cash put into a drawer in the beginning
//	over, short  长款, 短款     counted cash less expected cash
//	channel      渠道          counter (线下), online (线上) or a platform's name
//	voucher      券           what was redeemed (核销)
//	fee, net     手续费, 净额   what a channel keeps, what is left
//	forecast     预计到账       what channels should pay, and when
//	carry over   结转          close a day although something is open, by a supervisor's name
//	correction   更正          what an earlier Z had counted otherwise
//
// # Picture
//
//	journal ── Scan, two goroutines ──> folds ── merge ──> Report ──> slip, CSV, XLSX, JSONL
//	   |            attempts as they stood at the last record
//	   └── Changes: attempts of earlier windows, before and after
//
// # What counts, and when
//
// An attempt counts when its money is where it should be (approved, confirmed
// or forced), with what was really approved. Voids and refunds count on their
// own, at their own time; letting a hold go moves nothing. X and shifts by day
// take attempts by the wall clock of their beginning.
//
// A Z takes them by the journal's own order: its window is the records behind
// the last Z, up to the newest. So a clock that is put back loses nothing, and
// what changes after a Z — an unknown outcome that turns out paid, an approval
// that is abandoned — is a correction in the next one. All Zs together with
// the X since the last are the journal, to the minor unit.
//
// # Where a Z is kept
//
// In the journal, as an attempt of type settle on the tender ZTender, whose
// four events one append makes durable. There is no moment at which half a Z
// exists, its id is made of its number and so cannot exist twice, and what
// guards payments guards it: hash chain, watermark, one writer. Attempt ids
// that begin with "Z_" belong to it. An error of the journal while a Z is kept
// means that nobody knows: open the journal again and ask for the same day,
// which returns either the Z that was kept or a new one with the same number.
//
// A Z covers the journal alone; what online channels tell may still change and
// is in X and shift reports.
//
// Sources: the shop's practice of X and Z readings; a CSV cell that begins
// with = + - @, tab or return is run as a formula (OWASP, "CSV Injection").
package report
