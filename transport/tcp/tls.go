package tcp

import (
	"crypto/sha256"
	"crypto/tls"
	"net"
	"slices"
)

// tlsConfig completes the caller's configuration on a copy.
func (d *Dialer) tlsConfig() *tls.Config {
	cfg := d.TLS.Clone()
	cfg.MinVersion = max(cfg.MinVersion, tls.VersionTLS12)
	if cfg.ServerName == "" {
		if host, _, err := net.SplitHostPort(d.Addr); err == nil {
			cfg.ServerName = host
		}
	}
	if len(d.Pins) > 0 {
		// The pinned key replaces the chain; VerifyConnection runs all the
		// same, and on resumed sessions too.
		cfg.InsecureSkipVerify = true
		also := cfg.VerifyConnection
		cfg.VerifyConnection = func(state tls.ConnectionState) error {
			if err := d.checkPin(state); err != nil || also == nil {
				return err
			}
			return also(state)
		}
	}
	return cfg
}

func (d *Dialer) checkPin(state tls.ConnectionState) error {
	if len(state.PeerCertificates) == 0 {
		return ErrPin
	}
	sum := sha256.Sum256(state.PeerCertificates[0].RawSubjectPublicKeyInfo)
	if !slices.Contains(d.Pins, sum) {
		return ErrPin
	}
	return nil
}
