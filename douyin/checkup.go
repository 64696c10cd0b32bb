package douyin

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/openecr/openecr/pos"
)

// CheckupStep is one thing that must be right before vouchers can be redeemed.
type CheckupStep struct {
	Name    string `json:"name"`
	Chinese string `json:"name_zh"`
	OK      bool   `json:"ok"`
	Found   string `json:"found,omitempty"` // what was seen; of a failure the platform's own words
	Act     string `json:"act,omitempty"`   // what to do
	ActZH   string `json:"act_zh,omitempty"`
}

// Checkup goes through all that the platform must have granted: token,
// capability, the merchant's authorisation, the shop, and one query that
// changes nothing. It stops at the first step that later ones need.
func (d *Driver) Checkup(ctx context.Context) []CheckupStep {
	var list []CheckupStep
	add := func(name, zh, found string, err error) bool {
		s := CheckupStep{Name: name, Chinese: zh, OK: err == nil, Found: found}
		if err != nil {
			s.Found = err.Error()
			s.Act, s.ActZH = remedy(err)
		}
		list = append(list, s)
		return err == nil
	}
	_, err := d.m.c.token(ctx, Hidden{})
	if !add("app: client key, secret and token", "应用凭证与令牌", "the platform gave a token", err) {
		return list
	}
	shops, total, err := d.m.Shops(ctx, ShopQuery{})
	if !add("merchant: authorisation, and the capability for shops", "商家授权与门店能力", fmt.Sprintf("%d shops: %s", total, shopNames(shops)), err) {
		return list
	}
	add("shop: "+pos.KeepID(string(d.cfg.Shop)), "门店绑定", "", d.hasShop(ctx))
	_, err = d.m.RecordPage(ctx, RecordQuery{Size: 1})
	add("history of redemptions (life.capacity.billing)", "验券历史能力", "can be read", err)
	_, err = d.m.Certificates(ctx, CertificateQuery{Order: "0"})
	if errors.Is(err, ErrRefused) {
		err = nil // no such order, said by a platform that lets us ask
	}
	add("a query that changes nothing (life.capacity.fulfilment)", "验券能力(无副作用查询)", "answered", err)
	if skew := d.m.c.Skew().Abs(); skew > clockGrain {
		add("clock", "时钟", "", fmt.Errorf("this till's clock is %s off the platform's", skew))
	} else {
		add("clock", "时钟", "agrees with the platform's", nil)
	}
	return list
}

// shopsNamed bounds what is listed.
const shopsNamed = 5

func shopNames(list []Shop) string {
	var names []string
	for _, s := range list[:min(len(list), shopsNamed)] {
		names = append(names, s.POI.Name+" "+pos.KeepID(string(s.POI.ID)))
	}
	return strings.Join(names, ", ")
}

// errShop says that the till's shop is none of the merchant's.
var errShop = errors.New("douyin: the merchant has no such shop (poi_id)")

func (d *Driver) hasShop(ctx context.Context) error {
	list, _, err := d.m.Shops(ctx, ShopQuery{POI: d.cfg.Shop})
	if err != nil {
		return err
	}
	for _, s := range list {
		if s.POI.ID == d.cfg.Shop {
			return nil
		}
	}
	return errShop
}

// remedies are what to do about a reason, in English and Chinese.
var remedies = map[Reason][2]string{
	BadCredentials: {"check client_key and client_secret of the app", "核对应用的 client_key 与 client_secret"},
	TokenExpired:   {"another program replaced the token: use the stable token, or share one TokenStore", "令牌被其他程序替换:请使用 stable token 或共享 TokenStore"},
	NoCapability:   {"apply for the capability in the platform's console (能力管理)", "在开放平台控制台申请相应能力"},
	NotAuthorised:  {"the merchant must authorise the app: 来客 > 店铺管理 > 服务应用授权", "请商家在 来客 > 店铺管理 > 服务应用授权 中授权本应用"},
	Blocked:        {"app or address is shut out: look at the IP whitelist in the console, or ask the platform's support", "应用或IP被限制:检查控制台IP白名单或联系平台"},
	QuotaUsed:      {"the day's quota is used up: go on tomorrow, or ask for more", "当日配额已用完:次日再试或申请提额"},
	TooFrequent:    {"too many calls: wait a minute", "调用过于频繁:请稍候"},
	PlatformBusy:   {"the platform is busy: try again", "平台繁忙:请重试"},
	ConnectionLost: {"look at the network, proxy and firewall of this till", "检查本机网络、代理与防火墙"},
}

func remedy(err error) (en, zh string) {
	if errors.Is(err, errShop) {
		return "choose one of the shops listed above as shop in the profile", "在配置中选择上面列出的门店"
	}
	var e *Error
	if errors.As(err, &e) {
		if w, ok := remedies[e.Reason]; ok {
			return w[0], w[1]
		}
		if e.LogID != "" {
			return "ask the platform's support with logid " + e.LogID, "凭 logid " + e.LogID + " 联系平台支持"
		}
	}
	return "see the words above; set the clock by the network if it is off", "见上述提示;时钟不准请联网校时"
}
