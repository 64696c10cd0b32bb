package main

import (
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/openecr/openecr/qr/shouqianba"
	"github.com/openecr/openecr/qr/wallet"
)

// shouqianbaProfile is the profile of a terminal at Shouqianba (收钱吧).
type shouqianbaProfile struct {
	Terminal  string `json:"terminal"` // the file that keeps number and key
	DeviceID  string `json:"device_id"`
	Operator  string `json:"operator"`
	Payway    string `json:"payway"`
	SubPayway string `json:"sub_payway"`
	NotifyURL string `json:"notify_url"`
	Subject   string `json:"subject"`
	Longitude string `json:"longitude"`
	Latitude  string `json:"latitude"`
	// Of the activation:
	VendorSN  string `json:"vendor_sn"`
	VendorKey string `json:"vendor_key"` // a file, or env:NAME
	AppID     string `json:"app_id"`
}

func (f shouqianbaProfile) store(p walletProfile) shouqianba.Store {
	path := f.Terminal
	if !filepath.IsAbs(path) {
		path = filepath.Join(p.dir, path)
	}
	return shouqianba.FileStore{Path: path}
}

func shouqianbaHost(base string, p walletProfile) (wallet.Host, error) {
	var f shouqianbaProfile
	if err := p.read(&f); err != nil {
		return nil, err
	}
	return shouqianba.New(shouqianba.Config{BaseURL: base, Store: f.store(p), DeviceID: f.DeviceID, Operator: f.Operator, Payway: f.Payway, SubPayway: f.SubPayway,
		NotifyURL: f.NotifyURL, Subject: f.Subject, Longitude: f.Longitude, Latitude: f.Latitude})
}

func (a *app) activateCommand() *cobra.Command {
	var code string
	cmd := &cobra.Command{
		Use: "activate --code C", Short: "Activate a Shouqianba terminal (收钱吧激活), once", Args: noArgs,
		Long: `Activate a terminal at Shouqianba with the code of its merchant platform. The number and key
it gets are kept in the file that the profile names as "terminal"; the vendor's number and key
("vendor_sn", "vendor_key", "app_id") are used for this and nothing else.`,
		RunE: func(cmd *cobra.Command, _ []string) error {
			name, err := a.choose()
			if err != nil {
				return err
			}
			t := a.tender(name)
			if t == nil || t.wallet == nil || t.wallet.protocol != "shouqianba" {
				return usagef("tender %q is no terminal at Shouqianba", name)
			}
			p := t.wallet.profile
			var f shouqianbaProfile
			if err := p.read(&f); err != nil {
				return &usageError{err}
			}
			key, err := p.secret(f.VendorKey)
			if err != nil {
				return &usageError{err}
			}
			got, err := shouqianba.Activate(cmd.Context(), shouqianba.Activation{BaseURL: t.wallet.base, VendorSN: f.VendorSN, VendorKey: key,
				AppID: f.AppID, Code: code, DeviceID: f.DeviceID, Store: f.store(p)})
			if err != nil {
				return err
			}
			return a.object(map[string]string{"terminal": got.Serial})
		},
	}
	cmd.Flags().StringVar(&code, "code", "", "activation `code` (激活码)")
	return cmd
}
