/*
Package rules is what a shop allows (风控规则), as a file: limits, hours, who may
do what, when a second person must agree, and what looks wrong. It is the
pos.Rules of a Till.

	cfg, err := rules.Load("rules.json")
	book, err := operators.Open("operators.json")
	r, err := rules.Open(ctx, cfg, rules.Options{Journal: j, Book: book, Alerts: screen})
	till, err := pos.Open(ctx, pos.Config{ID: "lane-3", Journal: j, Drivers: drivers,
		Rules: r, Calendar: cfg.Business(), Approver: operators.Approver{Book: book, Ask: ask}})
	_, err = till.Refund(ctx, pos.RefundRequest{Original: id, Operator: "li"})
	if errors.Is(err, pos.ErrDenied) {
		fmt.Println(err)       // which rule, what it found, what to do now
	}

[Judge] is all of it as a pure function of the request, the counters and the
file: no clock, no I/O, and the same inputs give the same verdict. The counters
come from the journal: built when Open reads it, kept up by what the Till
observes, equal after a restart. The Till asks about one request at a time and
journals what is allowed before it asks about the next, so that no two use up
the same allowance.

# The file

Strictly read: an unknown name, one that is there twice, or a value that can
only be a mistake is an error that names the rule. What is left out takes the
defaults of [Config]. The smallest file is

	{"version": 1, "calendar": {"zone": "Asia/Shanghai"}}

and a whole one, which is testdata/rules.json:

	{
	  "version": 1,
	  "revision": "spring",
	  "calendar": {"zone": "Asia/Shanghai", "cut_off": "04:00"},
	  "currencies": ["CNY"],
	  "training": {"on": false, "tenders": ["practice"]},
	  "permissions": {
	    "cashier": {"may": ["charge", "redeem", "refund", "x"], "ask": ["void", "undo_redeem", "reprint"]},
	    "supervisor": {"may": ["*"]}
	  },
	  "hours": {"open": [{"from": "07:00", "to": "02:00"}], "closed": ["2026-02-17"], "act": "ask"},
	  "limits": [
	    {"id": "payment", "per": "payment", "min": "0.01 CNY", "max": "5000.00 CNY"},
	    {"id": "cash", "per": "payment", "tenders": ["cash"], "max": "2000.00 CNY", "act": "ask"},
	    {"id": "day", "per": "day", "by": "till", "max": "100000.00 CNY"},
	    {"id": "card-day", "per": "day", "by": "token", "max": "8000.00 CNY", "count": 10},
	    {"id": "refunds", "actions": ["refund"], "per": "week", "by": "operator", "max": "3000.00 CNY", "act": "ask"}
	  ],
	  "lists": [
	    {"id": "stolen", "list": "block", "tokens": ["tok-stolen"], "bins": ["622299"], "from": "2026-01-01", "until": "2026-12-31"},
	    {"id": "house", "list": "allow", "tokens": ["tok-house"]}
	  ],
	  "velocity": {"within": "10m", "warn": 3, "deny": 6},
	  "duplicate": {"within": "60s"},
	  "refund": {"alone": ["200.00 CNY"], "unreferenced": false},
	  "vouchers": {"shops": ["shop-7"], "hours": [{"days": ["mon", "tue", "wed", "thu", "fri"], "from": "11:00", "to": "14:30"}],
	    "entry": ["scanned"], "per_bill": 3, "once": true, "undo_within": "1h", "alone": ["500.00 CNY"], "undo_second": true},
	  "alerts": {"median": 10, "night": {"from": "23:30", "to": "05:00"}, "off": ["alert.round"]}
	}

# Words

Limit (限额), velocity (频次), block and allow lists (黑白名单), second person
(双人复核), business date (营业日), training (培训模式), alert (告警), token (令牌:
stands for a card, payer or voucher), dry run (试运行: see [DryRun]).

# What it cannot see

Which card a terminal will read is not known before it is sent: rules by token
and by a card's first digits hold where the register names them in the request.
An operator is whoever the register says; checking a PIN is its own work.
*/
package rules
