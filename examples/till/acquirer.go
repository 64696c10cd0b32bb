package main

import (
	"bufio"
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"github.com/openecr/openecr/pos"
	"github.com/openecr/openecr/pos/unionpay"
	"github.com/openecr/openecr/pos/unionpay/cupkey"
	"github.com/openecr/openecr/pos/unionpay/cupproto"
)

const acquirerHelp = `The profile is a JSON file; files named in it stand beside it:
  {"terminal": "12345678", "merchant": "123456789012345",
   "keys": "keys.json", "passphrase_env": "TILL_KEYS", "state": "terminal.state",
   "profile": {"sign_on": "003", "timeout": "60s"}}
In a laboratory, "master" may hold a clear master key in hex instead of "keys",
and "card" may name a test card: {"track2": "6212...D3012201...", "pin": "123456"}.
Everything else an acquirer may do differently is in "profile"; see the package
documentation of pos/unionpay.`

// management makes a command that speaks to the acquirer and moves no money.
func (a *app) management(use, short, done string, do func(context.Context, *unionpay.Terminal) error) *cobra.Command {
	return &cobra.Command{
		Use: use, Short: short, Long: short + ".\n\n" + acquirerHelp, Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := a.acquirer(cmd.Context(), do); err != nil {
				return err
			}
			if a.json {
				return a.object(map[string]string{"tender": a.draft.Tender, "done": use})
			}
			fmt.Fprintln(a.out, a.word(done))
			return nil
		},
	}
}

func (a *app) signOnCommand() *cobra.Command {
	return a.management("signon", "Sign on at the acquirer and take new working keys (签到)", "signon.done",
		func(ctx context.Context, t *unionpay.Terminal) error { return t.SignOn(ctx) })
}

func (a *app) signOffCommand() *cobra.Command {
	return a.management("signoff", "Sign off at the acquirer (签退)", "signoff.done",
		func(ctx context.Context, t *unionpay.Terminal) error { return t.SignOff(ctx) })
}

func (a *app) echoCommand() *cobra.Command {
	return a.management("echo", "Ask the acquirer whether it is there (回响测试)", "echo.done",
		func(ctx context.Context, t *unionpay.Terminal) error { return t.Echo(ctx) })
}

func (a *app) balanceCommand() *cobra.Command {
	return &cobra.Command{
		Use: "balance", Short: "Ask what is left on a card (余额查询)", Long: "Ask what is left on a card.\n\n" + acquirerHelp, Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			var left []cupproto.Balance
			err := a.acquirer(cmd.Context(), func(ctx context.Context, t *unionpay.Terminal) (err error) {
				left, err = t.Balance(ctx, func(p pos.Progress) { a.say("  %s", p.Text) })
				return err
			})
			if err != nil {
				return err
			}
			for _, b := range left {
				amount := pos.FromMinor(b.Amount, pos.CNY)
				if a.json {
					if err := a.object(map[string]any{"account_type": b.AccountType, "amount_type": b.AmountType, "amount": amount}); err != nil {
						return err
					}
					continue
				}
				fmt.Fprintln(a.out, amount)
			}
			return nil
		},
	}
}

// downloaded counts and shows what the host has.
type downloaded struct{ a *app }

func (d downloaded) CAKeys(_ context.Context, keys []cupproto.CAKey) error {
	for _, k := range keys {
		fmt.Fprintf(d.a.out, "CA key %X %02X  %d bits, until %s\n", k.RID, k.Index, 8*len(k.Modulus), k.Expiry)
	}
	return nil
}

func (d downloaded) AIDs(_ context.Context, aids []cupproto.AID) error {
	for _, a := range aids {
		fmt.Fprintf(d.a.out, "AID %X\n", a.AID)
	}
	return nil
}

func (d downloaded) Parameters(_ context.Context, list []cupproto.Parameter) error {
	for _, p := range list {
		fmt.Fprintf(d.a.out, "parameter %s = %s\n", p.Tag, strings.TrimSpace(p.Value))
	}
	return nil
}

func (a *app) downloadCommand() *cobra.Command {
	return &cobra.Command{
		Use: "download", Short: "List the acquirer's CA keys, chip applications and parameters (下载)", Long: "List what the acquirer has for its terminals.\n\n" + acquirerHelp, Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return a.acquirer(cmd.Context(), func(ctx context.Context, t *unionpay.Terminal) error { return t.Download(ctx, downloaded{a}) })
		},
	}
}

func (a *app) keysCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use: "keys", Short: "Make a sealed key file for an acquirer", Args: aKeysCommand,
		RunE: func(cmd *cobra.Command, _ []string) error {
			_ = cmd.Help()
			return usagef("say what: till keys create")
		},
	}
	var file, env, mac string
	var sm4 bool
	create := &cobra.Command{
		Use: "create", Short: "Seal a master key, read from standard input in hex, into a new file", Args: noArgs,
		Long: `Seal a master key (终端主密钥) into a new file, under a passphrase from an
environment variable (Argon2id, AES-256-GCM). The key is read from standard input
as hex digits; the check value is printed, to compare with the acquirer's.`,
		RunE: func(*cobra.Command, []string) error { return a.createKeys(file, env, mac, sm4) },
	}
	create.Flags().StringVar(&file, "file", "keys.json", "new `file`")
	create.Flags().StringVar(&env, "passphrase-env", "TILL_KEYS", "environment `variable` that holds the passphrase")
	create.Flags().StringVar(&mac, "mac", "ecb", "how messages are authenticated: ecb, x9.9, x9.19, cbc, cmac")
	create.Flags().BoolVar(&sm4, "sm4", false, "the key is for SM4")
	cmd.AddCommand(create)
	return cmd
}

func aKeysCommand(_ *cobra.Command, args []string) error {
	if len(args) > 0 {
		return usagef("there is till keys create")
	}
	return nil
}

func (a *app) createKeys(file, env, mac string, sm4 bool) error {
	f := &unionpayFiles{unionpayProfile: unionpayProfile{PassphraseEnv: env, MAC: mac}}
	u, err := f.unlock()
	if err != nil {
		return &usageError{err}
	}
	how, err := f.mac()
	if err != nil {
		return usagef("--mac is ecb, x9.9, x9.19, cbc or cmac")
	}
	line, err := bufio.NewReader(io.LimitReader(a.in, 200)).ReadBytes('\n')
	if err != nil && !errors.Is(err, io.EOF) {
		return err
	}
	defer clear(line)
	text := []byte(strings.ReplaceAll(strings.TrimSpace(string(line)), " ", ""))
	defer clear(text)
	b := make([]byte, hex.DecodedLen(len(text)))
	defer clear(b)
	if _, err := hex.Decode(b, text); err != nil || len(b) == 0 {
		return usagef("give the master key on standard input, in hex digits")
	}
	alg := cupkey.DES
	if sm4 {
		alg = cupkey.SM4
	}
	master, err := cupkey.NewKey(alg, b)
	if err != nil {
		return usagef("the master key: %w", err)
	}
	if _, err := cupkey.CreateFile(file, u, master, cupkey.Settings{MAC: how}); err != nil {
		return err
	}
	check := master.CheckValue()
	if a.json {
		return a.object(map[string]string{"file": file, "check_value": fmt.Sprintf("%X", check)})
	}
	fmt.Fprintf(a.out, "%s  KCV %X\n", file, check)
	return nil
}
