// Package journal keeps every attempt of a till in SQLite: a pos.Journal that
// survives power cuts, full disks, failing syncs and its own process.
//
//	j, err := journal.Open(ctx, journal.Config{Path: "/var/lib/shop/till.db"})
//	if err != nil { ... }                 // no till may charge
//	defer j.Close()
//	till, err := pos.Open(ctx, pos.Config{ID: "lane-3", Journal: j, ...})
//
// # Words
//
// A record is one row, never changed: an event of an attempt, or one of the
// journal's own (epoch, repair, checkpoint). Each carries the hash of the one
// before it. A group is the records that one sync makes durable together. The
// view is the table of attempts as they stand, derived from the records. The
// watermark is the highest record ever acknowledged, kept in a second file.
// The epoch is raised each time the journal is opened for writing. Poisoned is
// a journal that stopped after a failure, until it is opened again.
//
// # Picture
//
//	lane 1 ──┐ CheckEvent, JSON,          ┌────────────────────────────┐
//	lane 2 ──┤ look-up of older attempts  │ leader: the first lane in  │
//	lane 3 ──┴──────── queue ───────────> │ Admit, Reduce, hash chain  │
//	                                      └──────┬──────────────┬──────┘
//	              one INSERT, one sync           v              v  after it
//	             till.db  records 1 2 3 ... (WAL)          memory of attempts
//	             till.db.mark   watermark                       │ keeper, later
//	             till.db.lock   one writer                      v
//	             till.db.reserve  8 MiB for endings    till.db.view  attempts
//
// A payment waits for one sync of till.db and for nothing else. Look-ups read
// the view, with what is ahead of it in memory laid over.
//
// # When things break
//
//   - A failed sync or commit poisons: it is never tried again, since the
//     system may have dropped the pages and call the second try a success.
//   - A full disk refuses new attempts (ErrFull); those begun can be ended from
//     the reserve.
//   - A damaged record, a gap or an older copy put back is an error of Open,
//     never silently less than before. The view is built anew whenever it does
//     not fit the records.
//   - A second process gets ErrLocked; one that got past the lock (a network
//     file system) makes the first stop with ErrFenced at its next append.
//
// What is not promised: a drive that lies about syncs, or an older copy of the
// journal put back together with its older watermark, cannot be noticed.
//
// Card data is refused by pos.CheckEvent before it reaches a file.
//
// Sources: Rebello et al., "Can Applications Recover from fsync Failures?",
// USENIX ATC 2020 (poisoning); SQLite, "Write-Ahead Logging" and "PRAGMA
// synchronous"; PCI DSS 4.0.1, 3.3.1 and 3.5.1.
package journal
