/*
Package reconcile holds a till's journal against a platform's records of the
same vouchers (对账): what both know, what only one knows, what differs, and
what was undone on one side only. Each finding has the evidence of both sides
and a proposed act. Nothing is changed by it.

	report, err := reconcile.Vouchers(attempts, records, reconcile.Options{From: day, To: day.AddDate(0, 0, 1)})
	report.WriteText(os.Stdout, pos.English)
	report.WriteCSV(file)

Both sides are streams; only the journal's redemptions are kept in memory, one
entry for every use. Matching is by the platform's number of the redemption and
by nothing weaker, so the order of either stream does not matter.
*/
package reconcile
