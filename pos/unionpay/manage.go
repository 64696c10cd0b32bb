package unionpay

import (
	"context"
	"fmt"

	"github.com/openecr/openecr/pos"
	"github.com/openecr/openecr/pos/unionpay/cupproto"
)

// Downloads takes what the host has for its terminals. Each call is one whole
// set; what it returns as an error is tried again before the next transaction.
type Downloads interface {
	CAKeys(ctx context.Context, keys []cupproto.CAKey) error               // IC卡公钥
	AIDs(ctx context.Context, aids []cupproto.AID) error                   // IC卡参数
	Parameters(ctx context.Context, parameters []cupproto.Parameter) error // 终端参数
}

// maxDownloads bounds a list: terminals hold some fifty keys and a hundred applications.
const maxDownloads = 300

// download does what the host asked for in the header of an answer.
func (t *Terminal) download(ctx context.Context) error {
	for len(t.asked) > 0 {
		if d := t.cfg.Downloads; d != nil {
			var err error
			switch t.asked[0] {
			case cupproto.RequestCAKeys:
				err = t.doCAKeys(ctx, d)
			case cupproto.RequestAIDs:
				err = t.doAIDs(ctx, d)
			case cupproto.RequestParameters:
				err = t.doParameters(ctx, d)
			}
			if err != nil {
				return err
			}
		}
		t.asked = t.asked[1:]
	}
	return nil
}

// Download fetches CA keys, chip applications and parameters now, into d.
func (t *Terminal) Download(ctx context.Context, d Downloads) error {
	release, err := t.acquire()
	if err != nil {
		return err
	}
	defer release()
	for _, what := range []func(context.Context, Downloads) error{t.doCAKeys, t.doAIDs, t.doParameters} {
		if err := what(ctx, d); err != nil {
			return err
		}
	}
	return nil
}

func (t *Terminal) doCAKeys(ctx context.Context, d Downloads) error {
	var keys []cupproto.CAKey
	err := t.list(ctx, cupproto.CAKeyQuery, cupproto.CAKeyDownload, cupproto.CAKeyEnd, func(tlv []byte) ([][]byte, error) {
		list, err := cupproto.ParseCAKeys(tlv)
		var names [][]byte
		for _, k := range list {
			name, err := cupproto.CAKey{RID: k.RID, Index: k.Index}.Append(nil)
			if err != nil {
				return nil, err
			}
			names = append(names, name)
		}
		return names, err
	}, func(tlv []byte) error {
		list, err := cupproto.ParseCAKeys(append([]byte(nil), tlv...))
		keys = append(keys, list...)
		return err
	})
	if err != nil {
		return err
	}
	return d.CAKeys(ctx, keys)
}

func (t *Terminal) doAIDs(ctx context.Context, d Downloads) error {
	var aids []cupproto.AID
	err := t.list(ctx, cupproto.AIDQuery, cupproto.AIDDownload, cupproto.AIDEnd, func(tlv []byte) ([][]byte, error) {
		list, err := cupproto.ParseAIDs(tlv)
		var names [][]byte
		for _, a := range list {
			name, err := cupproto.AID{AID: a.AID}.Append(nil)
			if err != nil {
				return nil, err
			}
			names = append(names, name)
		}
		return names, err
	}, func(tlv []byte) error {
		list, err := cupproto.ParseAIDs(append([]byte(nil), tlv...))
		aids = append(aids, list...)
		return err
	})
	if err != nil {
		return err
	}
	return d.AIDs(ctx, aids)
}

// list asks for the names of everything, then for each by name, then ends.
func (t *Terminal) list(ctx context.Context, query, get, end cupproto.TransactionKind, names func([]byte) ([][]byte, error), take func([]byte) error) error {
	var all [][]byte
	for {
		field, err := cupproto.AppendQuery(nil, min(len(all), 99))
		if err != nil {
			return err
		}
		d, err := t.fetch(ctx, query, field)
		if err != nil {
			return err
		}
		more, err := names(d.TLV)
		if err != nil {
			return err
		}
		if all = append(all, more...); len(all) > maxDownloads {
			return fmt.Errorf("unionpay: the host lists more than %d entries", maxDownloads)
		}
		if d.Flag != cupproto.DownloadMore || len(more) == 0 {
			break
		}
	}
	for _, name := range all {
		d, err := t.fetch(ctx, get, name)
		if err != nil {
			return err
		}
		if d.Flag == cupproto.DownloadNone {
			continue
		}
		if err := take(d.TLV); err != nil {
			return err
		}
	}
	_, err := t.manage(ctx, end, nil)
	return err
}

// fetch asks one question of a download.
func (t *Terminal) fetch(ctx context.Context, kind cupproto.TransactionKind, field []byte) (cupproto.Download, error) {
	a, err := t.manage(ctx, kind, field)
	if err != nil {
		return cupproto.Download{}, err
	}
	v, _ := a.Get(62)
	return cupproto.ParseDownload(v)
}

// manage carries out one management message.
func (t *Terminal) manage(ctx context.Context, kind cupproto.TransactionKind, field []byte) (answer, error) {
	row, _ := cupproto.LookupTransaction(kind)
	m := cupproto.Request(kind)
	m.SetF60(cupproto.F60{MessageType: "00", Batch: max(t.cfg.State.State().Batch, 1), Network: row.Network})
	if field != nil {
		m.Set(62, field)
	}
	a, err := t.ask(ctx, m)
	if err == nil && !a.approved() {
		err = refusal(string(kind)+" "+row.Chinese, a)
	}
	return a, err
}

func (t *Terminal) doParameters(ctx context.Context, d Downloads) error {
	a, err := t.manage(ctx, cupproto.ParameterDownload, nil)
	if err != nil {
		return err
	}
	v, _ := a.Get(62)
	list, err := cupproto.ParseParameters(v)
	if err != nil {
		return err
	}
	return d.Parameters(ctx, list)
}

// Balance asks what is left on a card (余额查询). It moves no money and needs no journal.
func (t *Terminal) Balance(ctx context.Context, progress func(pos.Progress)) ([]cupproto.Balance, error) {
	release, err := t.acquire()
	if err != nil {
		return nil, err
	}
	defer release()
	if progress == nil {
		progress = func(pos.Progress) {}
	}
	if err := t.ready(ctx, quiet{}); err != nil {
		return nil, err
	}
	card, err := t.cfg.Cards.Read(ctx, Ask{Op: OpBalance}, progress)
	if err != nil {
		return nil, fmt.Errorf("unionpay: reading the card: %w", err)
	}
	defer card.Clear()
	if card.PAN.IsZero() {
		card.PAN = card.Track2.PAN()
	}
	keys, err := t.cfg.Keys.Session(ctx)
	if err != nil {
		return nil, err
	}
	row, _ := cupproto.LookupTransaction(cupproto.Balances)
	m := cupproto.Request(cupproto.Balances)
	defer m.Clear()
	if err := t.name(m); err != nil {
		return nil, err
	}
	m.SetString(22, string(card.Entry)+map[bool]string{true: "1", false: "2"}[t.hasPIN(card)])
	m.SetF60(t.f60(row, card))
	if err := t.setCard(m, row, card, keys); err != nil {
		return nil, err
	}
	if err := t.connect(ctx); err != nil {
		return nil, err
	}
	a, err := t.converse(ctx, m, keys, nil)
	if err != nil {
		return nil, err
	}
	if !a.approved() {
		return nil, refusal("balance 余额查询", a)
	}
	v, _ := a.Get(54)
	return cupproto.ParseBalances(v)
}

// OpBalance is what a CardSource is asked for a balance; no Till asks for it.
const OpBalance pos.Op = "balance"
