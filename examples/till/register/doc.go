/*
Package register is a cash register as a web page, for browsers on the same
machine: goods, scanning, payment by card, code and cash, slips, voids and
refunds, and every doubt shown as what it is.

	shop, err := register.Open(ctx, register.Config{Till: pos.Config{ID: "lane-3", Journal: j, Drivers: drivers}, ...})
	defer shop.Close()
	srv, err := register.NewServer(shop, listener.Addr())
	err = srv.Serve(ctx, listener)

# How it works inside

	browser ── POST /api/... ──> Server ──> Shop ──────────────> pos.Till ── journal
	   ^        guard, session,            │  salesBook: what is sold, one line a change
	   │        page's token               │  goodsList: what there is to sell
	   └── /events: the whole state <── hub ┘

The page keeps nothing. Whatever changes, the state is made anew from the file of
sales, the file of goods and the journal, and sent to every page: loading a page
again, a second browser and a restart show the same.

# One payment

	page asks with the sale's next attempt id ── a second click asks with the same one, and changes nothing
	   │ planned in the file of sales, durably
	   v
	Till.Charge ── approved ──> booked in the file of sales, durably ──> Till.Confirm ──> receipt
	   │                              a crash before this leaves an orphan: the next start finds the sale that
	   │                              planned it and books it; one that no sale planned waits for a person
	   └── outcome unknown ──> the page says so and what is being done; asked again until it is known

# Safety

It listens on loopback only, answers to its own names only (DNS rebinding), takes
posts from its own pages only (Origin, Sec-Fetch-Site, a token for each session),
runs no script but its own (Content-Security-Policy) and lets nobody in without
name and PIN. Payment codes and PINs come in bodies, never in addresses, and are
pos.Secret from the moment they are read.

# Words

sale (本单), parked sale (挂单), goods (商品), shelf life (保质期), orphan (an approval
the register has not booked).
*/
package register
