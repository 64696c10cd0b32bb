// Package unionpay is a China UnionPay terminal in software (银联直联 POS): a
// pos.Driver that speaks ISO 8583 to the acquirer's host itself, with working
// keys, MACs, reversals and settlement.
//
//	t, err := unionpay.New(unionpay.Config{
//		Dialer: &tcp.Dialer{Addr: "10.0.0.1:8583"}, Terminal: "12345678", Merchant: "123456789012345",
//		Currency: pos.CNY, Keys: keys, State: state, Cards: reader,
//	})
//	till, err := pos.Open(ctx, pos.Config{ID: "lane-1", Journal: j, Drivers: map[string]pos.Driver{"card": t}})
//	a, err := till.Charge(ctx, pos.ChargeRequest{Amount: pos.FromMinor(1280, pos.CNY), Reference: "order-42"})
//
// What stands where:
//
//	          Till (journal)                 what became of the money
//	             |
//	CardSource - Terminal - Store            trace number, batch and its items, what must still reach the host
//	  reader     |      \
//	             |       cupkey.Store        keys: memory, sealed file, PIN pad, HSM
//	          cupproto                       messages
//	             |
//	          transport.Link                 TCP or TLS, 2-byte length
//
// # A payment
//
//	sign on 签到, once a day or when the host asks    working keys, checked; batch number
//	read the card                                      CardSource
//	trace number (流水号), durable before it is used   Store
//	BeforeSend: trace, batch, sealed memo              journal, durable before the message leaves
//	0200 -> 0210                                       same trace, terminal, merchant, batch; MAC first, then the rest
//	item of the batch, durable                         Store
//	Reply                                              journal
//
// # When no answer can be believed
//
// The host cannot be asked, so the Till lets the driver reverse it (冲正): 0400
// with the same trace number and batch and a reason (98 no answer, A0 wrong MAC,
// 06 anything later), before anything else, until the host has answered 00, 12
// or 25, also after a restart. A reversal is never reversed itself. An answer
// without MAC is no answer, also when it declines.
//
// A refund cannot be reversed. Where the host never refunds a trace number twice
// (Profile.RefundsRepeat) it is repeated, and believed as the host then answers;
// elsewhere, and at 94, a person must look.
//
// While a batch is being settled nothing is sold and nothing reversed: what was
// told in the totals can afterwards only be refunded. A batch the host will not
// settle any more is given up by a person, see Terminal.GiveUpBatch; a stored
// advice it never answers, see Terminal.GiveUpNote. Script results and signatures
// give up by themselves after three tries.
//
// An answer that only says the host is not well (96, 90, 68 …) or wants a sign-on
// (A0, 77) decides nothing about what is repeated: it is asked for again.
//
// # Card data
//
// Tracks, PIN blocks and chip data leave with the message and are wiped. What a
// reversal, void or batch upload needs later (the card number, expiry, chip
// results) is sealed with a key of the key store and kept as ciphertext in the
// journal's handle and in the Store; Profile.ForgetCards keeps nothing of it.
// The ciphertext stays in the journal, which is never rewritten: the master key is
// what makes it worthless, and loading another one strands what was not reversed
// or uploaded yet (a stored note then becomes a trouble for a person).
//
// # What to settle with the acquirer
//
//	                                             here (default)              Profile
//	connection for each transaction, or one      for each                    Long, KeepAlive
//	TPDU, header, spec version                   6000000000, 31, 310001      TPDU, NoTPDU, NoHeader, SpecVersion, Sub
//	sign-on code, single/triple DES, SM4         003                         SignOn, cupkey
//	MAC algorithm                                UnionPay ECB                cupkey.Settings
//	answers without MAC                          not believed                Unsigned
//	tracks encrypted                             no                          EncryptTrack
//	PIN block with card number; field 26         yes; 12                     PINWithoutPAN, PINLength
//	SM4: digit in 53, PIN in field 59            -                           SM4, SecurityDigit
//	wait for an answer                           60 s                        Timeout
//	answers that end a reversal                  00 12 25                    ReversalClosed, AnyCloses
//	void and refund: read the card again         no                          VoidNeedsCard
//	refunds may be repeated, never booked twice  no                          RefundsRepeat
//	completion by request or advice              request                     CompletionAdvice
//	sign on every day                            yes                         AlwaysSignedOn
//
// Known from one source only: the layout of chip items in batch upload, and
// sign-on code 006 of SM4. Inferred: that the batch number after settlement is
// the old one plus one until the next sign-on says otherwise; the layout of an
// SM4 PIN block.
//
// Not built: e-cash, tips and adjustments, blacklists, remote loading of the
// master key, field 47, upload of chip transactions that failed (204, 206),
// e-signatures of several parts and their field 55, where a key serial number of
// DUKPT goes, queries of scan payments, which have no common form.
package unionpay
