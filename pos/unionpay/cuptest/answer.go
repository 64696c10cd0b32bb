package cuptest

import (
	"bytes"
	"fmt"
	"strings"
	"time"

	"github.com/openecr/openecr/emv"
	"github.com/openecr/openecr/pos/unionpay/cupkey"
	"github.com/openecr/openecr/pos/unionpay/cupproto"
)

// request is one message on its way through the host.
type request struct {
	*cupproto.Message
	frame *cupproto.Frame
	body  []byte
	row   cupproto.Transaction
	f60   cupproto.F60
	lane  *lane
}

// take answers one body.
func (h *Host) take(body []byte) output {
	if h.cfg.Think > 0 {
		time.Sleep(h.cfg.Think)
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	f, err := h.cfg.Profile.ParseBody(body)
	if err != nil {
		h.log("not a message: %v", err)
		return output{hangUp: true}
	}
	r := &request{Message: f.Message, frame: f, body: body, lane: h.lanes[f.Message.Text(41)]}
	row, known := cupproto.Identify(f.Message)
	if r.row = row; !known {
		return h.reply(r, &result{code: "30"})
	}
	if r.f60, err = f.Message.F60(); err != nil {
		return h.reply(r, &result{code: "30"})
	}
	if r.row.MAC {
		if _, lost := h.strikes("lose-request"); lost {
			return output{hangUp: true}
		}
	}
	return h.reply(r, h.decide(r))
}

// result is what the host says to a request.
type result struct {
	code string
	set  func(m *cupproto.Message) // what the answer holds besides
	t    *transaction
	ask  cupproto.HostRequest
}

// decide finds who is asking and what to do about it.
func (h *Host) decide(r *request) *result {
	switch l := r.lane; {
	case l == nil || l.merchant != r.Text(42):
		return &result{code: "97"}
	case r.row.MAC && l.keys == nil:
		return &result{code: "A0"}
	case r.row.MAC && !h.authentic(r):
		return &result{code: "A0"}
	case r.row.MAC && r.row.Kind != cupproto.Signature && r.f60.Batch != l.batch && r.row.Kind != cupproto.ScriptNotice:
		return &result{code: "77"}
	case r.row.MAC && l.settling && r.row.Kind != cupproto.ReversalKind:
		return &result{code: "90"}
	case len(r.row.Missing(r.Message)) > 0 && r.row.Kind != cupproto.Signature: // e-slips differ from host to host
		h.log("%s without fields %v", r.row.Kind, r.row.Missing(r.Message))
		return &result{code: "30"}
	}
	switch r.row.Kind {
	case cupproto.SignOn:
		return h.signOn(r)
	case cupproto.SignOff:
		r.lane.keys = nil
		return &result{code: "00"}
	case cupproto.Echo, cupproto.StatusUpload, cupproto.CAKeyEnd, cupproto.AIDEnd, cupproto.CashierSignOn, cupproto.ScriptNotice, cupproto.Signature:
		return &result{code: "00"}
	case cupproto.CAKeyQuery, cupproto.CAKeyDownload, cupproto.AIDQuery, cupproto.AIDDownload, cupproto.ParameterDownload:
		return h.download(r)
	case cupproto.Balances:
		return h.balance(r)
	case cupproto.ReversalKind:
		return h.reverse(r)
	case cupproto.Settlement:
		return h.settle(r)
	case cupproto.UploadStripe, cupproto.UploadTC, cupproto.UploadTCUnequal, cupproto.UploadFailed, cupproto.UploadFailedUneq, cupproto.UploadAdvice:
		return h.upload(r)
	case cupproto.UploadEnd, cupproto.UploadEndUnequal:
		return h.uploadEnd(r)
	}
	return h.financial(r)
}

func (h *Host) authentic(r *request) bool {
	input, err := cupproto.MACInput(r.body, h.cfg.Profile)
	mac, _ := r.Get(64)
	return err == nil && cupkey.CheckMAC(h.cfg.MAC, r.lane.keys.mac, input, mac) == nil
}

// reply packs the answer and lets a fault spoil it.
func (h *Host) reply(r *request, res *result) output {
	m := cupproto.Reply(r.Message)
	m.SetString(39, res.code)
	now := time.Now().In(time.FixedZone("CST", 8*3600))
	m.SetString(12, now.Format("150405"))
	m.SetString(13, now.Format("0102"))
	if res.t != nil && res.t.rrn != "" {
		m.SetString(37, res.t.rrn)
	}
	if res.set != nil {
		res.set(m)
	}
	f := r.frame.Reply(m)
	f.Header.Request = res.ask
	spoiled := fault{}
	if name := spoilers(r.row.Kind); name != nil && r.lane != nil {
		spoiled, _ = h.strikes(name...)
	}
	if spoiled.name == "sign-on-again" {
		f.Header.Request = cupproto.RequestSignOn
	}
	body, err := h.seal(r, f, spoiled)
	if err != nil {
		h.log("no answer: %v", err)
		return output{hangUp: true}
	}
	previous := h.previous
	if h.previous = bytes.Clone(body); spoiled.name == "foreign-answer" || previous == nil {
		previous = h.foreign(r, m)
	}
	return h.spoil(spoiled, body, previous)
}

// spoilers are the faults that can strike the answer to a kind of request.
func spoilers(kind cupproto.TransactionKind) []string {
	switch kind {
	case cupproto.Settlement:
		return []string{"lose-settlement"}
	case cupproto.UploadStripe, cupproto.UploadTC, cupproto.UploadTCUnequal, cupproto.UploadAdvice:
		return []string{"lose-upload"}
	case cupproto.UploadEnd, cupproto.UploadEndUnequal:
		return []string{"lose-end"}
	}
	if row, ok := cupproto.LookupTransaction(kind); ok && row.MAC {
		return financialFaults
	}
	return nil
}

// seal packs an answer with its MAC. Without keys there is none.
func (h *Host) seal(r *request, f *cupproto.Frame, spoiled fault) ([]byte, error) {
	signed := r.Has(64) && r.lane != nil && r.lane.keys != nil && !h.cfg.Unsigned && spoiled.name != "no-mac"
	f.Message.Del(64)
	if signed {
		f.Message.Set(64, make([]byte, cupkey.MACLen))
	}
	body, err := h.cfg.Profile.AppendBody(nil, f)
	if err != nil || !signed {
		return body, err
	}
	input, err := cupproto.MACInput(body, h.cfg.Profile)
	if err != nil {
		return nil, err
	}
	mac, err := cupkey.MAC(h.cfg.MAC, r.lane.keys.mac, input)
	if err != nil {
		return nil, err
	}
	return body, cupproto.SealMAC(body, mac[:])
}

// foreign is an answer to another terminal's question.
func (h *Host) foreign(r *request, m *cupproto.Message) []byte {
	o := m.Clone()
	o.Del(64)
	o.SetSTAN(m.STAN()%999_999 + 1)
	o.SetString(39, "00")
	body, err := h.cfg.Profile.AppendBody(nil, r.frame.Reply(o))
	if err != nil {
		return nil
	}
	return body
}

// signOn gives out new working keys.
func (h *Host) signOn(r *request) *result {
	if _, refuse := h.strikes("refuse-sign-on"); refuse {
		return &result{code: "97"}
	}
	l := r.lane
	size := map[string]int{cupkey.KeysSingleDES: 8}[r.f60.Network]
	if size == 0 {
		size = 16
	}
	macSize := 8
	if r.f60.Network == cupkey.KeysSM4 {
		macSize = 16
	}
	k := &keys{pin: h.key(size), mac: h.key(macSize), track: h.key(16)}
	field, err := cupkey.AppendWorkingKeys(nil, r.f60.Network, h.cfg.Master, k.pin, k.mac, k.track)
	if err != nil {
		h.log("sign-on %s: %v", r.f60.Network, err)
		return &result{code: "57"}
	}
	if _, wrong := h.strikes("wrong-check"); wrong {
		field[len(field)-1] ^= 1
	} else {
		l.keys = k
	}
	h.log("%s signs on, batch %06d", l.number, l.batch)
	return &result{code: "00", set: func(m *cupproto.Message) {
		m.Set(62, field)
		f := r.f60
		f.Batch = l.batch
		m.SetF60(f)
	}}
}

func (h *Host) key(size int) cupkey.Key {
	b := make([]byte, size)
	for i := range b {
		b[i] = byte(h.rng.Uint32())
	}
	if size == 16 { // two equal halves, or zeros behind, would mean something else
		b[8], b[0] = b[0]^0x5A|1, b[0]|1
	}
	k, err := cupkey.NewKey(h.cfg.Master.Algorithm(), b)
	if err != nil {
		panic(err) // a key of a right length
	}
	return k
}

// pan finds the card of a request: field 2, or the track.
func (h *Host) pan(r *request) string {
	if v := r.Text(2); v != "" {
		return v
	}
	v, ok := r.Get(35)
	if !ok {
		return ""
	}
	if h.cfg.TracksEncrypted {
		clear, err := cupkey.DecryptTrack(r.lane.keys.track, v)
		if err != nil {
			return ""
		}
		v = bytes.TrimLeft(clear, "F")
	}
	track, err := emv.ParseTrack2(v)
	if err != nil {
		return ""
	}
	defer track.Clear()
	return string(track.PAN().AppendDigits(nil))
}

// pinFits checks the PIN of a card that has one, if one was sent.
func (h *Host) pinFits(r *request, a *account) bool {
	block, ok := r.Get(52)
	if !ok {
		return a.PIN == "" || r.Text(22) != "" && r.Text(22)[2:] == "2"
	}
	if l, err := r.Elements(); err == nil {
		if v, ok := l.Find(cupproto.TagPINBlockSM4); ok {
			block = v
		}
	}
	pan := a.Number()
	if strings.HasPrefix(r.Text(53), "1") {
		pan = emv.PAN{}
	}
	pin, err := cupkey.OpenPINBlock(r.lane.keys.pin, block, pan)
	return err == nil && (a.PIN == "" || pin.Equal(a.Code()))
}

func (h *Host) newRRN() string {
	h.rrn++
	return fmt.Sprintf("%012d", 900_000_000_000+h.rrn)
}

func (h *Host) newAuth() string { return fmt.Sprintf("%06d", h.rng.IntN(1_000_000)) }

// balance answers a balance enquiry.
func (h *Host) balance(r *request) *result {
	a := h.accounts[h.pan(r)]
	switch {
	case a == nil:
		return &result{code: "14"}
	case !h.pinFits(r, a):
		return &result{code: "55"}
	}
	return &result{code: "00", set: func(m *cupproto.Message) {
		v, err := cupproto.AppendBalances(nil, []cupproto.Balance{{AccountType: "20", AmountType: "02", Currency: cupproto.CNY, Amount: a.Balance}})
		if err == nil {
			m.Set(54, v)
		}
	}}
}
