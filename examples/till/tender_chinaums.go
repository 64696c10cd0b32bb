package main

import (
	"errors"

	"github.com/openecr/openecr/pos"
	"github.com/openecr/openecr/qr/chinaums"
	"github.com/openecr/openecr/qr/wallet"
)

// chinaumsProfile is the profile of a merchant at China UMS (银联商务).
type chinaumsProfile struct {
	AppID         string   `json:"app_id"`
	AppKey        string   `json:"app_key"` // a file, or env:NAME
	Merchant      string   `json:"merchant"`
	Terminal      string   `json:"terminal"`
	ShownMerchant string   `json:"shown_merchant"`
	ShownTerminal string   `json:"shown_terminal"`
	Longitude     string   `json:"longitude"`
	Latitude      string   `json:"latitude"`
	IP            string   `json:"ip"`
	Prefix        string   `json:"prefix"`
	NotifyURL     string   `json:"notify_url"`
	NoticeKey     string   `json:"notice_key"` // a file, or env:NAME
	Description   string   `json:"description"`
	Device        string   `json:"device"`
	Serial        string   `json:"serial"`
	StoreID       string   `json:"store_id"`
	Operator      string   `json:"operator"`
	PayVersion    string   `json:"pay_version"`
	Version       string   `json:"version"`
	Refusals      []string `json:"refusals"`
	Missing       []string `json:"missing"`
}

func chinaumsHost(base string, p walletProfile) (wallet.Host, error) {
	var f chinaumsProfile
	if err := p.read(&f); err != nil {
		return nil, err
	}
	key, err1 := p.secret(f.AppKey)
	var notice pos.Secret
	var err2 error
	if f.NoticeKey != "" {
		notice, err2 = p.secret(f.NoticeKey)
	}
	if err := errors.Join(err1, err2); err != nil {
		return nil, err
	}
	return chinaums.New(chinaums.Config{BaseURL: base, AppID: f.AppID, AppKey: key, Merchant: f.Merchant, Terminal: f.Terminal, ShownMerchant: f.ShownMerchant,
		ShownTerminal: f.ShownTerminal, Longitude: f.Longitude, Latitude: f.Latitude, IP: f.IP, Prefix: f.Prefix, NotifyURL: f.NotifyURL, NoticeKey: notice,
		Description: f.Description, Device: f.Device, Serial: f.Serial, StoreID: f.StoreID, Operator: f.Operator, PayVersion: f.PayVersion, Version: f.Version,
		Refusals: f.Refusals, Missing: f.Missing})
}
