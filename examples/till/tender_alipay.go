package main

import (
	"errors"
	"net/url"

	"github.com/openecr/openecr/pos"
	"github.com/openecr/openecr/qr/alipay"
	"github.com/openecr/openecr/qr/wallet"
)

// alipayProfile is the profile of Alipay.
type alipayProfile struct {
	AppID         string `json:"app_id"`
	KeyFile       string `json:"key_file"`
	AlipayKeyFile string `json:"alipay_key_file"`
	AppCertFile   string `json:"app_cert_file"`
	CertFile      string `json:"alipay_cert_file"`
	RootCertFile  string `json:"alipay_root_cert_file"`
	SellerID      string `json:"seller_id"`
	NotifyURL     string `json:"notify_url"`
	Subject       string `json:"subject"`
	StoreID       string `json:"store_id"`
	TerminalID    string `json:"terminal_id"`
	OperatorID    string `json:"operator_id"`
	AppAuthToken  string `json:"app_auth_token"` // a file, or env:NAME
}

func alipayHost(base string, p walletProfile) (wallet.Host, error) {
	var f alipayProfile
	if err := p.read(&f); err != nil {
		return nil, err
	}
	if u, err := url.Parse(base); err == nil && u.Path == "" {
		base += "/gateway.do"
	}
	cfg := alipay.Config{BaseURL: base, AppID: f.AppID, SellerID: f.SellerID, NotifyURL: f.NotifyURL, Subject: f.Subject, StoreID: f.StoreID,
		TerminalID: f.TerminalID, OperatorID: f.OperatorID}
	var errs []error
	var err error
	cfg.Key, err = p.key(f.KeyFile)
	errs = append(errs, err)
	for name, to := range map[string]*[]byte{f.AppCertFile: &cfg.Certificates.App, f.CertFile: &cfg.Certificates.Alipay, f.RootCertFile: &cfg.Certificates.Root} {
		if name != "" {
			*to, err = p.file(name)
			errs = append(errs, err)
		}
	}
	if f.AlipayKeyFile != "" {
		var text []byte
		if text, err = p.file(f.AlipayKeyFile); err == nil {
			cfg.AlipayKey, err = wallet.ParseVerifyKey(text)
		}
		errs = append(errs, err)
	}
	if f.AppAuthToken != "" {
		var token pos.Secret
		token, err = p.secret(f.AppAuthToken)
		cfg.AppAuthToken = token
		errs = append(errs, err)
	}
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	return alipay.New(cfg)
}
