/*
Package pos is the contract between a cash register and every way a customer
can pay: one Till, one set of requests and errors, one state machine, and the
small interfaces that drivers and journals implement. It imports the standard
library only and has never heard of a protocol.

One promise: a payment is never taken twice and never lost, whatever breaks.

	till, err := pos.Open(ctx, pos.Config{ID: "lane-3", Journal: j,
		Drivers: map[string]pos.Driver{"card": terminal}})
	paid, err := till.Charge(ctx, pos.ChargeRequest{
		Amount: pos.FromMinor(1280, pos.CNY), Reference: "order-42"})
	switch {
	case err == nil:                               // paid, in full, on disk
		till.Confirm(ctx, paid.ID, "order-42")     // once the sale is committed
	case errors.Is(err, pos.ErrOutcomeUnknown):    // do not charge again
	default:                                       // nothing was taken
	}

# Words

Till (the register's lane), tender (a means of payment), attempt (one try on one
tender, with one key for ever), reference (the shop's order; attempts share it),
driver (speaks to one kind of terminal, host or platform), journal (the durable
record of every attempt), void (taken back before settlement, 撤销), refund
(after it, 退货), reversal (the machine's act after silence, 冲正), orphan (an
approval the register never confirmed), voucher (团购券: bought on a platform,
used up at the till), redeem (核销: use it up), settle (结算),
rules (what the shop allows, 风控规则).

# The state machine

Every arrow is one durable event: on disk before the next act. "D" below.

	         voided                 outcome: approved            confirm
	INTENT ────────> NOT_SENT    ┌─────────────────> APPROVED ─────────> CONFIRMED
	   │             CANCELED    │                   │  ^
	   │ armed                   │           undo ┌──┘  │ outcome (asked)
	   v                         │                v     │
	 ARMED ──────────────────────┤           REVERSING <┼── UNKNOWN ── suspense ─> MANUAL
	   │  exactly one money      │             │  ^  │  │   ^   │                   │
	   │  message may leave      │      undone │  └──│──┼───┘   │ outcome           │ resolve
	   │                         │             v undo│  │       v                   v
	   │                         ├──────> REVERSED   └──┼─> DECLINED, CANCELED,   FORCED
	   │                         └──────────────────────┘   REVERSED, NOT_SENT    DECLINED
	   └── doubt: timeout, cut, garbled, crash ──> UNKNOWN                        REVERSED

What the shop's [Rules] forbid never begins: it is kept as an attempt of its own,
DENIED from its first event on, under an id of its own, so that it stands in nobody's way.

[Reduce] is that picture as a pure function; [Admit] decides whether an attempt may
begin at all. Everything else, the journals included, is built around the two.

# What keeps the promise

  - No byte that can move money leaves before the armed event is D: a driver
    calls Session.BeforeSend first, with what it needs to ask again.
  - One uncertain attempt per sale and per device. Doubt blocks its own device and nothing else.
  - "Paid" is told only after the outcome is D. Approvals without Confirm come back as orphans.
  - A doubt is settled by asking the peer; a rail that cannot be asked is undone
    first. An undo is one-way and never dropped: it ends done, or with a person.
  - "Not found" right after a cut may mean "not arrived yet": it is believed when
    the driver has proof, or after a quarantine.
  - Nothing exceeds what is due, or gives back more than was taken.
  - A voucher is called redeemed when its platform said so, one verdict for every
    use ([VoucherVerdict]); what a platform holds for review is unknown, never failed.
  - Deadlines use the monotonic clock, order is the journal's sequence, wall time is a label.

Money that is refused, unknown or partial is an error, because code that only
checks err must still never give goods away. See [Error].
*/
package pos
