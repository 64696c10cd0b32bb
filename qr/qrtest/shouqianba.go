package qrtest

import (
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/openecr/openecr/pos"
	"github.com/openecr/openecr/qr/shouqianba"
	"github.com/openecr/openecr/qr/wallet"
)

// ShouqianbaConfig is a shop at the simulated Shouqianba. Zero fields are made up.
type ShouqianbaConfig struct {
	Listen
	VendorSN, VendorKey string
	AppID, Code         string // of activations
	DeviceID            string // of the terminal that Client is
	Uses                int    // how often Code activates; default once
	// Notify is where notifications really go; empty: to the order's notify_url.
	Notify string
}

// Shouqianba is Shouqianba as a simulator. It checks every signature, changes a terminal's key with each
// check-in and takes the newest two. Its answers are not signed and not stamped, so Forge, Unsigned and
// ClockOff do nothing here; NoticeForged and NoticeOld neither.
type Shouqianba struct {
	bank  *Bank
	cfg   ShouqianbaConfig
	srv   *server
	notes *notifier
	store shouqianba.Store

	mu        sync.Mutex
	terminals map[string]*sqbTerminal
	uses      int
}

// sqbTerminal is one that was activated.
type sqbTerminal struct {
	device string
	keys   [2]string // the newest, and the one before
}

// NewShouqianba listens. One terminal is activated from the start: Client is it.
func NewShouqianba(bank *Bank, cfg ShouqianbaConfig) (*Shouqianba, error) {
	for _, f := range []struct {
		field *string
		value string
	}{{&cfg.VendorSN, "10000001"}, {&cfg.VendorKey, "00112233445566778899aabbccddeeff"}, {&cfg.AppID, "2026000000000001"},
		{&cfg.Code, "12345678"}, {&cfg.DeviceID, "till-1"}} {
		if *f.field == "" {
			*f.field = f.value
		}
	}
	if cfg.Uses == 0 {
		cfg.Uses = 1
	}
	s := &Shouqianba{bank: bank, cfg: cfg, notes: newNotifier(bank), terminals: map[string]*sqbTerminal{}}
	serial, key := s.enrol(cfg.DeviceID)
	s.store = shouqianba.NewMemoryStore(shouqianba.Terminal{Serial: serial, Key: pos.NewSecret([]byte(key))})
	var err error
	if s.srv, err = listen(cfg.Listen, s); err != nil {
		return nil, err
	}
	bank.Listen(s.event)
	return s, nil
}

// enrol makes a terminal.
func (s *Shouqianba) enrol(device string) (serial, key string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	serial, key = fmt.Sprintf("1000000100%06d", len(s.terminals)+1), sqbKey()
	s.terminals[serial] = &sqbTerminal{device: device, keys: [2]string{key}}
	return serial, key
}

func sqbKey() string {
	var b [16]byte
	rand.Read(b[:])
	return hex.EncodeToString(b[:])
}

// URL is where it listens.
func (s *Shouqianba) URL() string { return s.srv.url }

// Close ends the socket, and notifications under way.
func (s *Shouqianba) Close() error {
	s.notes.close()
	return s.srv.close()
}

// Client is a configuration that fits the simulator: of the terminal that is activated. All of them share its store.
func (s *Shouqianba) Client() shouqianba.Config {
	return shouqianba.Config{BaseURL: s.URL(), Store: s.store, DeviceID: s.cfg.DeviceID, Operator: "till", Payway: "3",
		NotifyURL: "https://shop.example/shouqianba", Client: s.srv.client, Now: s.bank.Now}
}

// Activation is one that fits the simulator, into a store.
func (s *Shouqianba) Activation(store shouqianba.Store) shouqianba.Activation {
	return shouqianba.Activation{BaseURL: s.URL(), VendorSN: s.cfg.VendorSN, VendorKey: pos.NewSecret([]byte(s.cfg.VendorKey)),
		AppID: s.cfg.AppID, Code: s.cfg.Code, DeviceID: s.cfg.DeviceID, Store: store, Client: s.srv.client}
}

// Expire makes the platform forget all keys but those of the next check-in of each terminal: a payment signed
// with today's key is refused, a check-in is taken.
func (s *Shouqianba) Expire() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, t := range s.terminals {
		t.keys[1], t.keys[0] = t.keys[0], ""
	}
}

// sqbReply is an answer of three layers.
type sqbReply struct {
	Result string  `json:"result_code"`
	Code   string  `json:"error_code,omitempty"`
	Text   string  `json:"error_message,omitempty"`
	Biz    *sqbBiz `json:"biz_response,omitempty"`
}

type sqbBiz struct {
	Result string            `json:"result_code,omitempty"`
	Code   string            `json:"error_code,omitempty"`
	Text   string            `json:"error_message,omitempty"`
	Data   map[string]string `json:"data,omitempty"`
	Serial string            `json:"terminal_sn,omitempty"`
	Key    string            `json:"terminal_key,omitempty"`
}

func sqbError(result, code, text string) sqbReply {
	return sqbReply{Result: result, Code: code, Text: text}
}

func sqbFail(result, code string) sqbReply {
	return sqbReply{Result: "200", Biz: &sqbBiz{Result: result, Code: code, Text: strings.ToLower(strings.ReplaceAll(code, "_", " "))}}
}

// ServeHTTP answers one request.
func (s *Shouqianba) ServeHTTP(rw http.ResponseWriter, r *http.Request) {
	text := body(r)
	var in map[string]string
	bad := json.Unmarshal(text, &in) != nil || r.Method != http.MethodPost || r.Header.Get("Content-Type") != "application/json"
	call := s.callOf(r.URL.Path, in)
	f := s.bank.Next(call)
	if f.breaks(rw) {
		return
	}
	answer := sqbError("500", "UNKNOWN_SYSTEM_ERROR", "系统错误")
	switch {
	case bad:
		answer = sqbError("400", "INVALID_PARAMS", "参数错误")
	case f.Name == SystemError:
	case !s.signed(r, text):
		answer = sqbError("400", "ILLEGAL_SIGN", "签名错误")
	default:
		answer = s.serve(r, in, f)
	}
	if f.Name == AppliedSystem {
		answer = sqbError("500", "UNKNOWN_SYSTEM_ERROR", "系统错误")
	}
	if f.spoils(rw) {
		return
	}
	rw.Header().Set("Content-Type", "application/json; charset=utf-8")
	json.NewEncoder(rw).Encode(answer)
}

// callOf tells a question about an order with refunds from others: there is one path for both.
func (s *Shouqianba) callOf(path string, in map[string]string) Call {
	switch path {
	case "/upay/v2/pay":
		return CallPay
	case "/upay/v2/precreate":
		return CallShow
	case "/upay/v2/cancel", "/upay/v2/revoke":
		return CallUndo
	case "/upay/v2/refund":
		return CallRefund
	case "/upay/v2/query":
		if o, err := s.bank.Order(in["client_sn"]); err == nil && len(o.Refunds) > 0 {
			return CallQueryRefund
		}
		return CallQuery
	}
	return CallKeys
}

// signed checks a request's signature: the vendor's of activations, a terminal's of everything else.
func (s *Shouqianba) signed(r *http.Request, text []byte) bool {
	serial, sign, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	if r.URL.Path == "/terminal/activate" {
		return serial == s.cfg.VendorSN && sign == shouqianba.Sign(text, pos.NewSecret([]byte(s.cfg.VendorKey)))
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	t, ok := s.terminals[serial]
	if !ok {
		return false
	}
	for i, k := range t.keys {
		old := i == 1 && t.keys[0] == "" && r.URL.Path != "/terminal/checkin"
		if k != "" && !old && sign == shouqianba.Sign(text, pos.NewSecret([]byte(k))) {
			return true
		}
	}
	return false
}

func (s *Shouqianba) serve(r *http.Request, in map[string]string, f Fault) sqbReply {
	switch r.URL.Path {
	case "/terminal/activate":
		return s.activate(in, f)
	case "/terminal/checkin":
		return s.checkIn(in, f)
	}
	if serial, _, _ := strings.Cut(r.Header.Get("Authorization"), " "); in["terminal_sn"] != serial {
		return sqbError("400", "INVALID_TERMINAL", "终端错误")
	}
	switch r.URL.Path {
	case "/upay/v2/pay", "/upay/v2/precreate":
		return s.order(r.URL.Path == "/upay/v2/precreate", in, f)
	case "/upay/v2/query":
		return s.query(in, f)
	case "/upay/v2/cancel", "/upay/v2/revoke":
		return s.undo(r.URL.Path == "/upay/v2/revoke", in, f)
	case "/upay/v2/refund":
		return s.refund(in, f)
	}
	return sqbError("400", "INVALID_PARAMS", "no such path")
}

func (s *Shouqianba) activate(in map[string]string, f Fault) sqbReply {
	s.mu.Lock()
	usable := in["app_id"] == s.cfg.AppID && in["code"] == s.cfg.Code && in["device_id"] != "" && s.uses < s.cfg.Uses
	if usable {
		s.uses++
	}
	s.mu.Unlock()
	if !usable {
		return sqbError("400", "INVALID_PARAMS", "激活码错误或已使用")
	}
	serial, key := s.enrol(in["device_id"])
	return sqbIdentity(serial, key, f)
}

func (s *Shouqianba) checkIn(in map[string]string, f Fault) sqbReply {
	s.mu.Lock()
	defer s.mu.Unlock()
	t, ok := s.terminals[in["terminal_sn"]]
	if !ok || t.device != in["device_id"] {
		return sqbError("400", "INVALID_TERMINAL", "终端错误")
	}
	t.keys = [2]string{sqbKey(), t.keys[0]}
	return sqbIdentity(in["terminal_sn"], t.keys[0], f)
}

func sqbIdentity(serial, key string, f Fault) sqbReply {
	if f.Name == WrongMerchant {
		serial = "1000000100999999"
	}
	return sqbReply{Result: "200", Biz: &sqbBiz{Serial: serial, Key: key}}
}

// order makes one: of a payment code, or of one that is shown.
func (s *Shouqianba) order(shown bool, in map[string]string, f Fault) sqbReply {
	amount, err := strconv.ParseInt(in["total_amount"], 10, 64)
	lacks := in["client_sn"] == "" || len(in["client_sn"]) > 32 || in["subject"] == "" || in["operator"] == "" || shown != (in["dynamic_id"] == "") || shown && in["payway"] == ""
	if err != nil || amount <= 0 || len(in["total_amount"]) > 10 || lacks {
		return sqbError("400", "INVALID_PARAMS", "total_amount金额为整数,长度不超过10位,以分为单位")
	}
	if _, err := s.bank.Order(in["client_sn"]); err == nil {
		return sqbFail("FAIL", "CLIENT_SN_CONFLICT")
	}
	n := New{Number: in["client_sn"], Amount: amount, Code: in["dynamic_id"], Trade: "7894",
		Extra: map[string]string{"front": "shouqianba", "notify": in["notify_url"], "terminal": in["terminal_sn"]}}
	if shown {
		n.Extra["payway"], n.Life = in["payway"], 4*time.Minute
		o, err := s.bank.Show(n)
		if err != nil {
			return s.refuse("PRECREATE_FAIL", err)
		}
		o.State, o.WasPaid = Open, false // the answer leaves before anybody can scan
		r := s.tell("PRECREATE_SUCCESS", o, f)
		r.Biz.Data["qr_code"] = "https://qr.shouqianba.example/" + o.Trade
		return r
	}
	n.Extra["payway"] = map[byte]string{'1': "3", '2': "2", '6': "17"}[n.Code[0]]
	o, err := s.bank.Pay(n)
	if err != nil {
		return s.refuse("FAIL", err)
	}
	switch o.State {
	case Paid:
		return s.tell("PAY_SUCCESS", o, f)
	case Open:
		return s.tell("PAY_IN_PROGRESS", o, f)
	}
	r := s.tell("PAY_FAIL", o, f)
	r.Biz.Code, r.Biz.Text = map[string]string{poor: "INSUFFICIENT_FUND"}[o.Why], "支付失败"
	return r
}

// refuse says a bank's error in Shouqianba's words.
func (s *Shouqianba) refuse(result string, err error) sqbReply {
	for _, e := range []struct {
		err  error
		code string
	}{{ErrNoOrder, "UPAY_ORDER_NOT_EXISTS"}, {ErrUsed, "CLIENT_SN_CONFLICT"}, {ErrCodeUsed, "INVALID_BARCODE"}, {ErrExpired, "EXPIRED_BARCODE"},
		{ErrBalance, "INSUFFICIENT_FUND"}, {ErrTooMuch, "REFUNDABLE_AMOUNT_NOT_ENOUGH"}, {ErrClosed, "UPAY_REFUND_INVALID_ORDER_STATE"}} {
		if errors.Is(err, e.err) {
			return sqbFail(result, e.code)
		}
	}
	return sqbError("500", "UNKNOWN_SYSTEM_ERROR", "系统错误")
}

func (s *Shouqianba) query(in map[string]string, f Fault) sqbReply {
	o, err := s.bank.Order(in["client_sn"])
	if in["sn"] != "" {
		o, err = s.bank.Find(in["sn"])
	}
	if err != nil {
		return s.refuse("FAIL", err)
	}
	return s.tell("SUCCESS", o, f)
}

func (s *Shouqianba) undo(manual bool, in map[string]string, f Fault) sqbReply {
	switch f.Name {
	case UndoRefused:
		return sqbFail("CANCEL_ERROR", "UPAY_TCP_ORDER_NOT_REFUNDABLE")
	case UndoAgain:
		return sqbFail("CANCEL_IN_PROGRESS", "")
	}
	o, err := s.bank.Order(in["client_sn"])
	switch {
	case err != nil:
		return s.refuse("FAIL", err)
	case o.State == Revoked:
		return sqbFail("FAIL", "UPAY_CANCEL_ORDER_NOOP")
	case manual && o.State != Paid || len(o.Refunds) > 0 || s.day(o.Created) != s.day(s.bank.Now()):
		return sqbFail("FAIL", "UPAY_CANCEL_INVALID_ORDER_STATE")
	}
	aborts := o.State == Open
	if o, err = s.bank.Revoke(o.Number); err != nil {
		return sqbFail("FAIL", "UPAY_CANCEL_INVALID_ORDER_STATE")
	}
	if aborts {
		return s.tell("CANCEL_ABORT_SUCCESS", o, f)
	}
	return s.tell("CANCEL_SUCCESS", o, f)
}

func (s *Shouqianba) day(t time.Time) string { return t.In(wallet.China).Format(time.DateOnly) }

func (s *Shouqianba) refund(in map[string]string, f Fault) sqbReply {
	amount, err := strconv.ParseInt(in["refund_amount"], 10, 64)
	no := in["refund_request_no"]
	if err != nil || amount <= 0 || no == "" || len(no) > 20 || in["operator"] == "" {
		return sqbError("400", "INVALID_PARAMS", "参数错误")
	}
	number := in["client_sn"] + "-" + no
	if _, _, err := s.bank.FindRefund(number); err == nil {
		return sqbFail("FAIL", "UPAY_REFUND_ORDER_NOOP")
	}
	if f.Name == UndoRefused {
		return sqbFail("FAIL", "ACCOUNT_BALANCE_NOT_ENOUGH")
	}
	o, r, err := s.bank.Refund(in["client_sn"], number, amount)
	if err != nil {
		return s.refuse("FAIL", err)
	}
	return s.tell(map[RefundState]string{RefundDone: "REFUND_SUCCESS", RefundPending: "REFUND_IN_PROGRESS", RefundBroken: "REFUND_ERROR"}[r.State], o, f)
}

// tell is an answer about an order.
func (s *Shouqianba) tell(result string, o Order, f Fault) sqbReply {
	d := s.data(o)
	switch f.Name {
	case WrongAmount:
		d["total_amount"] = strconv.FormatInt(o.Amount+1, 10)
	case WrongMerchant:
		d["terminal_sn"] = "1000000100999999"
	case WrongOrder:
		d["client_sn"] = "another-order"
	}
	return sqbReply{Result: "200", Biz: &sqbBiz{Result: result, Data: d}}
}

// data is what the platform knows of an order, all of it strings.
func (s *Shouqianba) data(o Order) map[string]string {
	status, flow := sqbStatus(o)
	d := map[string]string{"terminal_sn": o.Extra["terminal"], "sn": o.Trade, "client_sn": o.Number, "client_tsn": o.Number, "status": flow, "order_status": status,
		"payway": o.Extra["payway"], "sub_payway": map[string]string{"code": "1", "shown": "2"}[o.Kind],
		"total_amount": strconv.FormatInt(o.Amount, 10), "net_amount": strconv.FormatInt(o.Amount-o.GivenBack(), 10), "subject": "商品", "operator": "till"}
	if o.WasPaid {
		d["trade_no"], d["finish_time"] = "42"+o.Trade, strconv.FormatInt(o.PaidAt.UnixMilli(), 10)
	}
	if n := len(o.Refunds); n > 0 {
		d["client_tsn"] = o.Refunds[n-1].Number
	}
	return d
}

// sqbStatus is order_status, and the status of the newest movement.
func sqbStatus(o Order) (order, flow string) {
	switch o.State {
	case Open:
		return "CREATED", "IN_PROG"
	case Revoked:
		return "CANCELED", "SUCCESS"
	case Closed, Failed:
		return "PAY_CANCELED", "FAIL_CANCELED"
	}
	n := len(o.Refunds)
	if n == 0 {
		return "PAID", "SUCCESS"
	}
	order = "PARTIAL_REFUNDED"
	if o.GivenBack() == o.Amount {
		order = "REFUNDED"
	}
	switch o.Refunds[n-1].State {
	case RefundPending:
		return order, "IN_PROG"
	case RefundBroken:
		return "REFUND_ERROR", "REFUND_ERROR"
	}
	return order, "SUCCESS"
}

// event makes notifications: of payments.
func (s *Shouqianba) event(e Event) {
	url := e.Order.Extra["notify"]
	if e.Order.Extra["front"] != "shouqianba" || url == "" || e.Refund != nil {
		return
	}
	if s.cfg.Notify != "" {
		url = s.cfg.Notify
	}
	s.notes.post(url, func(f FaultName) (http.Header, []byte) {
		d := s.data(e.Order)
		if f == NoticeWrong {
			d["total_amount"] = strconv.FormatInt(e.Order.Amount+1, 10)
		}
		text, _ := json.Marshal(d)
		return http.Header{"Content-Type": {"application/json"}}, text
	}, func(status int, answer []byte) bool { return status == http.StatusOK && string(answer) == "success" })
}
