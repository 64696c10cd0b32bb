package main

import (
	"errors"

	"github.com/openecr/openecr/qr/wallet"
	"github.com/openecr/openecr/qr/wechat"
)

// wechatProfile is the profile of WeChat Pay, API v3.
type wechatProfile struct {
	AppID         string `json:"appid"`
	MerchantID    string `json:"mchid"`
	Serial        string `json:"serial"`
	KeyFile       string `json:"key_file"`
	APIv3Key      string `json:"apiv3_key"` // a file, or env:NAME
	PublicKeyID   string `json:"public_key_id"`
	PublicKeyFile string `json:"public_key_file"`
	Certificates  bool   `json:"certificates"`
	NotifyURL     string `json:"notify_url"`
	Description   string `json:"description"`
	Device        string `json:"device"`
	DeviceIP      string `json:"device_ip"`
	StoreID       string `json:"store_id"`
}

func wechatHost(base string, p walletProfile) (wallet.Host, error) {
	var f wechatProfile
	if err := p.read(&f); err != nil {
		return nil, err
	}
	cfg := wechat.Config{BaseURL: base, AppID: f.AppID, MerchantID: f.MerchantID, Serial: f.Serial, PublicKeyID: f.PublicKeyID, Certificates: f.Certificates,
		NotifyURL: f.NotifyURL, Description: f.Description, Device: f.Device, DeviceIP: f.DeviceIP, StoreID: f.StoreID}
	var err1, err2, err3 error
	cfg.Key, err1 = p.key(f.KeyFile)
	cfg.APIv3Key, err2 = p.secret(f.APIv3Key)
	if f.PublicKeyFile != "" {
		var text []byte
		if text, err3 = p.file(f.PublicKeyFile); err3 == nil {
			cfg.PublicKey, err3 = wallet.ParseVerifyKey(text)
		}
	}
	if err := errors.Join(err1, err2, err3); err != nil {
		return nil, err
	}
	return wechat.New(cfg)
}

// wechatV2Profile is the profile of the older API.
type wechatV2Profile struct {
	AppID       string          `json:"appid"`
	MerchantID  string          `json:"mchid"`
	Key         string          `json:"key"` // a file, or env:NAME
	SignType    wechat.SignType `json:"sign_type"`
	CertFile    string          `json:"cert_file"`
	CertKeyFile string          `json:"cert_key_file"`
	Description string          `json:"description"`
	Device      string          `json:"device"`
	DeviceIP    string          `json:"device_ip"`
	NoCredit    bool            `json:"no_credit"`
}

func wechatV2Host(base string, p walletProfile) (wallet.Host, error) {
	var f wechatV2Profile
	if err := p.read(&f); err != nil {
		return nil, err
	}
	cfg := wechat.ConfigV2{BaseURL: base, AppID: f.AppID, MerchantID: f.MerchantID, SignType: f.SignType, Description: f.Description, Device: f.Device, DeviceIP: f.DeviceIP, NoCredit: f.NoCredit}
	var err1, err2, err3 error
	cfg.Key, err1 = p.secret(f.Key)
	cfg.Certificate, err2 = p.file(f.CertFile)
	cfg.CertificateKey, err3 = p.key(f.CertKeyFile)
	if err := errors.Join(err1, err2, err3); err != nil {
		return nil, err
	}
	return wechat.NewV2(cfg)
}
