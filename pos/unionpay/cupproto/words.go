package cupproto

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/openecr/openecr/emv"
)

// entryModes are the first two digits of field 22 (服务点输入方式码).
var entryModes = map[string]string{"00": "unknown 未知", "01": "keyed 手工", "02": "stripe 磁条", "03": "code 扫码", "05": "chip 插卡",
	"07": "contactless 挥卡", "80": "fallback to the stripe 降级", "91": "contactless stripe data 非接磁条", "92": "reservation without card 预约",
	"95": "chip read with doubt", "96": "chip of a telephone 手机芯片", "98": "contactless, full dialogue 非接完整流程"}

// conditions are field 25 (服务点条件码).
var conditions = map[string]string{"00": "normal 正常", "06": "preauthorisation 预授权", "08": "mail or telephone order", "18": "preauthorisation by mail or telephone",
	"60": "top-up of a preauthorisation 追加预授权", "64": "instalments 分期", "65": "points 积分", "66": "load 充值", "67": "reservation 预约", "91": "e-cash load 圈存"}

// meaning says a field in words, "" if it says itself.
func (m *Message) meaning(field int, v []byte) string {
	s := string(v)
	switch field {
	case 4:
		if minor, ok := m.Amount(); ok {
			return money(minor, orText(m.Text(49), CNY))
		}
	case 22:
		if len(s) == 3 {
			pin := map[byte]string{'1': "with PIN", '2': "without PIN"}[s[2]]
			return join(entryModes[s[:2]], pin)
		}
	case 25:
		return conditions[s]
	case 39:
		if m.MTI == "0400" {
			return map[string]string{ReasonSilence: "no reply in time 超时", ReasonMAC: "wrong MAC", ReasonOther: "other reason 其他"}[s]
		}
		c := LookupCode(s)
		return fmt.Sprintf("%s %s; class %v; %v", c.Chinese, c.English, c.Class, c.Advice)
	case 49:
		if s == CNY {
			return "CNY 人民币"
		}
	case 53:
		return securityWords(s)
	case 62:
		if m.MTI == "0810" && len(m.secrets(field, v)) > 0 {
			if f, err := m.F60(); err == nil && f.Network < "100" {
				return "working keys 工作密钥, not shown"
			}
		}
	}
	return ""
}

// securityWords explains field 53.
func securityWords(s string) string {
	if len(s) != 16 {
		return ""
	}
	pin := map[byte]string{'0': "no PIN", '1': "PIN without card number", '2': "PIN with card number"}[s[0]]
	key := map[byte]string{'0': "single DES", '6': "3DES", '3': "SM4", '4': "SM4"}[s[1]]
	track := map[byte]string{'1': "tracks encrypted"}[s[2]]
	return join(pin, key, track)
}

func join(words ...string) string {
	out := ""
	for _, w := range words {
		if w != "" && out != "" {
			out += ", "
		}
		out += w
	}
	return out
}

func money(minor int64, currency string) string {
	if currency == CNY {
		currency = "CNY"
	}
	sign := ""
	if minor < 0 {
		sign, minor = "-", -minor
	}
	return fmt.Sprintf("%s%d.%02d %s", sign, minor/100, minor%100, currency)
}

// part is an Item of a part, nil if there is nothing to say.
func part(id, zh, en, value, meaning string) Item {
	return Item{ID: id, Chinese: zh, English: en, Value: value, Meaning: meaning}
}

// parts explains what is in a field; nothing if it cannot be read.
func (m *Message) parts(field int, v []byte) []Item {
	switch field {
	case 44:
		f := ParseF44(v)
		if f.Text == "" {
			return present(part("44.1", "接收机构", "issuer", f.Issuer, ""), part("44.2", "收单机构", "acquirer", f.Acquirer, ""))
		}
	case 48:
		return m.parts48(v)
	case 54:
		return parts54(v)
	case 55:
		return chipParts(v)
	case 59:
		return elementParts(v)
	case 60:
		return parts60(v)
	case 61:
		return parts61(v)
	case 62:
		return m.parts62(v)
	case 63:
		return m.parts63(v)
	}
	return nil
}

// present leaves out parts without value.
func present(items ...Item) []Item {
	var out []Item
	for _, i := range items {
		if i.Value != "" {
			out = append(out, i)
		}
	}
	return out
}

func (m *Message) parts48(v []byte) []Item {
	if t, err := ParseTotals(v); err == nil && len(m.secrets(48, v)) == 0 {
		var out []Item
		for _, p := range []struct {
			zh, en string
			t      PartTotals
		}{{"内卡", "domestic", t.Domestic}, {"外卡", "foreign", t.Foreign}} {
			result := map[byte]string{ResultNone: "request", ResultEqual: "equal 对账平", ResultUnequal: "not equal 对账不平", ResultError: "error 对账错"}[p.t.Result]
			out = append(out, part("", p.zh, p.en, fmt.Sprintf("%d debits %s, %d credits %s", p.t.DebitCount, money(p.t.DebitAmount, CNY),
				p.t.CreditCount, money(p.t.CreditAmount, CNY)), orText(result, "result "+string([]byte{p.t.Result}))))
		}
		return out
	}
	items, err := ParseUpload(v)
	if err != nil {
		return nil
	}
	var out []Item
	for _, i := range items {
		kind := "domestic"
		if i.Foreign {
			kind = "foreign"
		}
		out = append(out, part("", "", kind, fmt.Sprintf("STAN %06d, card %v, %s", i.STAN, i.PAN, money(i.Amount, CNY)), ""))
	}
	return out
}

func parts54(v []byte) []Item {
	list, err := ParseBalances(v)
	if err != nil {
		return nil
	}
	var out []Item
	for _, b := range list {
		out = append(out, part("", "余额", "balance", money(b.Amount, b.Currency), "account type "+b.AccountType+", amount type "+b.AmountType))
	}
	return out
}

// chipParts are the objects of field 55.
func chipParts(v []byte) []Item {
	objects, err := emv.Parse(v, emv.Options{Lenient: true})
	if err != nil {
		return nil
	}
	hide := map[int]bool{}
	for _, s := range chipSecrets(v) {
		hide[s.from] = true
	}
	explained := map[int]emv.Item{}
	collectItems(explained, emv.Explain(v, emv.Options{Lenient: true}, 0).Items)
	var out []Item
	for _, o := range objects {
		if o.Tag.Constructed() && followed(objects, o) {
			continue
		}
		says := explained[o.Offset]
		i := part(o.Tag.String(), "", says.Name, fmt.Sprintf("%X", o.Value), strings.Join(says.Words, "; "))
		if hide[valueOffset(v, o)] {
			i.Value, i.Meaning = starredHex(o.Value, all(o.Value)), chipMeaning(o)
		}
		out = append(out, i)
	}
	return out
}

// collectItems puts items, and those in them, under their offsets.
func collectItems(to map[int]emv.Item, items []emv.Item) {
	for _, i := range items {
		to[i.Offset] = i
		collectItems(to, i.Items)
	}
}

// chipMeaning names a hidden object as far as it may be shown.
func chipMeaning(o emv.Object) string {
	switch o.Tag {
	case 0x5A:
		if pan, err := emv.DecodePAN(o.Value); err == nil {
			return pan.String()
		}
	case 0x57:
		if track, err := emv.DecodeTrack2(o.Value); err == nil {
			return track.String()
		}
	}
	return ""
}

var elementNames = map[string][2]string{TagPINBlockSM4: {"PIN密文", "SM4 PIN block"}, TagTerminal: {"终端信息", "terminal"}, TagPayCode: {"付款码", "payment code"},
	TagVoucher: {"付款凭证码", "payment voucher"}, TagLocation: {"位置", "location"}}

var terminalNames = map[string][2]string{TerminalType: {"设备类型", "device type"}, TerminalSerial: {"终端序列号", "serial number"},
	TerminalFactor: {"随机因子", "random factor"}, TerminalCipher: {"硬件序列号密文", "serial cipher"}, TerminalVersion: {"应用版本", "program version"}}

func elementParts(v []byte) []Item {
	list, err := ParseElements(v)
	if err != nil {
		return nil
	}
	var out []Item
	for _, e := range list {
		name := elementNames[e.Tag]
		i := part(e.Tag, name[0], name[1], "", "")
		inner, err := ParseElements(e.Value)
		if e.Tag == TagTerminal && err == nil {
			i.Meaning = fmt.Sprintf("%d elements", len(inner))
			for _, t := range inner {
				name := terminalNames[t.Tag]
				i.Parts = append(i.Parts, part(t.Tag, name[0], name[1], hiddenText(t.Value, !slices.Contains(harmlessTerminal, t.Tag)), ""))
			}
		} else {
			i.Value = hiddenText(e.Value, !slices.Contains(harmlessElements, e.Tag))
		}
		out = append(out, i)
	}
	return out
}

// hiddenText is a text, or as many stars.
func hiddenText(v []byte, hidden bool) string {
	if hidden {
		return string(blanked(v, all(v), '*'))
	}
	if s := string(v); isASCII(s) {
		return s
	}
	return fmt.Sprintf("%X", v)
}

func parts60(v []byte) []Item {
	f, err := ParseF60(v)
	if err != nil {
		return nil
	}
	one := func(c byte) string {
		if c == 0 {
			return ""
		}
		return string([]byte{c})
	}
	return present(part("60.1", "消息类型码", "message type", f.MessageType, ""), part("60.2", "批次号", "batch", fmt.Sprintf("%06d", f.Batch), ""),
		part("60.3", "网络管理信息码", "network code", f.Network, ""),
		part("60.4", "终端读取能力", "reader capability", one(f.ReaderCapability), map[byte]string{'0': "unknown", '2': "stripe", '5': "contact chip", '6': "contactless too"}[f.ReaderCapability]),
		part("60.5", "IC卡条件代码", "chip condition", one(f.ICCondition), map[byte]string{'0': "not used", '1': "last one good", '2': "last one failed"}[f.ICCondition]),
		part("60.6", "部分扣款", "partial approval", one(f.Partial), map[byte]string{'0': "not supported", '1': "supported"}[f.Partial]),
		part("60.7", "账户类型", "account type", f.AccountType, map[string]string{"048": "issuer points", "065": "alliance points", "066": "cash"}[f.AccountType]))
}

func parts61(v []byte) []Item {
	f, err := ParseF61(v)
	if err != nil {
		return nil
	}
	return present(part("61.1", "原批次号", "original batch", fmt.Sprintf("%06d", f.Batch), ""), part("61.2", "原流水号", "original STAN", fmt.Sprintf("%06d", f.STAN), ""),
		part("61.3", "原交易日期", "original date", f.Date, ""), part("61.4", "原授权方式", "authorised by", f.AuthMethod, map[string]string{"00": "terminal", "01": "telephone", "02": "stand-in"}[f.AuthMethod]),
		part("61.5", "原授权机构", "authorising institution", f.AuthInstitution, ""))
}

// parts62 explains field 62 where it holds no secret.
func (m *Message) parts62(v []byte) []Item {
	if !m.harmless62(v) {
		return nil
	}
	if d, err := ParseSignOnDevice(v); err == nil {
		return present(part("", "入网许可证编号", "approval number", d.Approval, ""), part("", "设备序列号", "serial number", d.Serial, ""))
	}
	if u, err := ParseICUpload(v); err == nil && m.MTI == "0320" {
		return present(part("", "交易金额", "amount", money(u.Amount, CNY), ""))
	}
	f, err := m.F60()
	if err != nil {
		return nil
	}
	switch f.Network {
	case "360", "362":
		var out []Item
		list, err := ParseParameters(v)
		for _, p := range list {
			if err == nil {
				text := fromGBK(p.Value)
				if !printable(text) {
					text = fmt.Sprintf("%X", p.Value)
				}
				out = append(out, part(p.Tag, "", parameterNames[p.Tag], trimmed(text), ""))
			}
		}
		return out
	}
	if n, err := ParseQuery(v); err == nil && m.MTI == "0820" {
		return []Item{part("", "", "received so far", strconv.Itoa(n), "")}
	}
	if m.MTI[2] == '1' || m.MTI[2] == '3' {
		flag := map[byte]string{DownloadNone: "none 无", DownloadLast: "last 末包", DownloadMore: "more to come 有后续", DownloadAll: "download all 全部下载"}[v[0]]
		return append([]Item{part("", "", "flag", string(v[:1]), flag)}, chipPartsShown(v[1:])...)
	}
	return chipPartsShown(v)
}

// chipPartsShown are objects none of which is hidden.
func chipPartsShown(v []byte) []Item {
	objects, err := emv.Parse(v, emv.Options{Flat: true})
	if err != nil {
		return nil
	}
	var out []Item
	for _, o := range objects {
		name := downloadNames[o.Tag]
		out = append(out, part(o.Tag.String(), name[0], name[1], fmt.Sprintf("%X", o.Value), ""))
	}
	return out
}

// downloadNames name the tags of downloads, which mean something else in a card.
var downloadNames = map[emv.Tag][2]string{0x9F06: {"", "RID or AID"}, 0x9F22: {"公钥索引", "key index"}, 0xDF05: {"有效期", "expiry"}, 0xDF06: {"哈希算法", "hash algorithm"},
	0xDF07: {"签名算法", "key algorithm"}, 0xDF02: {"模", "modulus"}, 0xDF04: {"指数", "exponent"}, 0xDF03: {"校验值", "SHA-1"}, 0xDF01: {"应用选择指示符", "selection"},
	0x9F08: {"应用版本号", "version"}, 0xDF11: {"", "TAC default"}, 0xDF12: {"", "TAC online"}, 0xDF13: {"", "TAC denial"}, 0x9F1B: {"最低限额", "floor limit"},
	0xDF15: {"阈值", "threshold"}, 0xDF16: {"", "highest percentage"}, 0xDF17: {"", "target percentage"}, 0xDF14: {"", "default DDOL"}, 0xDF18: {"", "online PIN"},
	0x9F7B: {"电子现金限额", "e-cash limit"}, 0xDF19: {"", "contactless floor limit"}, 0xDF20: {"", "contactless limit"}, 0xDF21: {"", "CVM limit"}}

var parameterNames = map[string]string{"11": "application kind", "12": "timeout in seconds", "13": "redials", "14": "telephone 1", "15": "telephone 2",
	"16": "telephone 3", "17": "management telephone", "18": "tips", "19": "tip in percent", "20": "keyed cards", "21": "automatic sign-off",
	"22": "merchant name 商户名称", "23": "retries", "24": "offline upload", "25": "key index", "26": "transaction switches", "27": "offline items", "51": "dial statistics"}

func (m *Message) parts63(v []byte) []Item {
	f, err := ParseF63(blanked(v, m.secrets(63, v), '*'))
	if err != nil {
		return nil
	}
	return present(part("63.1", "", "operator or scheme", f.Code, ""), part("63.2.1", "发卡方信息", "issuer", f.Issuer, ""), part("63.2.2", "中国银联信息", "UnionPay", f.UnionPay, ""),
		part("63.2.3", "受理机构信息", "acquirer", f.Acquirer, ""), part("63.2.4", "终端信息", "terminal", f.Terminal, ""))
}
