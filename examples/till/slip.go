package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"image"
	_ "image/png" // logos
	"io"
	"maps"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/openecr/openecr/pos"
	"github.com/openecr/openecr/pos/receipt"
	"github.com/openecr/openecr/transport"
	"github.com/openecr/openecr/transport/escpos"
	"github.com/openecr/openecr/transport/usb"
)

// slipFlags say which slip, and where it goes.
type slipFlags struct {
	copy, shop, profile, printer string
	operator, png, raw           string
	text, html                   bool
	wait                         time.Duration
}

func (a *app) printCommand() *cobra.Command {
	var f slipFlags
	cmd := &cobra.Command{
		Use: "print ATTEMPT", Short: "Print the slip of an attempt, or show it as text, HTML, PNG or ESC/POS", Args: attemptArg,
		Long: `Print the slip of an attempt, whatever became of it: a receipt only when the
money is here; a slip that says so when nothing was taken or nobody knows yet.
Every slip is counted in the journal before it is printed: the first is the
original, all others say that they are reprints. Printing never changes what
became of the money. Without any flag the slip is shown as text.
--shop FILE holds the head of the slip as JSON:
  {"name": "...", "lines": ["..."], "footer": ["..."], "logo": "logo.png",
   "welcome": "...", "signature": true}`,
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.printSlip(cmd.Context(), pos.AttemptID(args[0]), f)
		},
	}
	fs := cmd.Flags()
	fs.StringVar(&f.copy, "copy", "customer", "customer or merchant")
	fs.StringVar(&f.shop, "shop", "", "`file` with the head of the slip")
	fs.StringVar(&f.operator, "operator", "", "`name` of who prints")
	fs.BoolVar(&f.text, "text", false, "show the slip as text")
	fs.BoolVar(&f.html, "html", false, "write the slip as an HTML page to stdout")
	fs.StringVar(&f.png, "png", "", "draw the slip into this `file`")
	fs.StringVar(&f.raw, "raw", "", "write the printer's bytes (ESC/POS) into this `file`")
	fs.DurationVar(&f.wait, "wait", 2*time.Minute, "how long to wait for a printer without paper, with its cover open, ...")
	a.printerFlags(cmd, &f.printer, &f.profile)
	return cmd
}

// printerFlags are those of commands that talk to a printer.
func (a *app) printerFlags(cmd *cobra.Command, printer, profile *string) {
	var names []string
	for _, p := range escpos.Profiles() {
		names = append(names, p.Name)
	}
	cmd.Flags().StringVar(printer, "printer", "", "`URL` of a printer: tcp://10.0.0.9:9100, serial:///dev/ttyS1?baud=19200, file:///dev/usb/lp0, usb://04b8:0202")
	cmd.Flags().StringVar(profile, "profile", "", "`kind` of printer: "+strings.Join(names, ", ")+"; default generic-80, with --lang zh chinese-80")
}

// profileOf finds a printer profile.
func (a *app) profileOf(name string) (escpos.Profile, error) {
	if name == "" {
		name = "generic-80"
		if a.lang() == pos.Chinese {
			name = "chinese-80"
		}
	}
	p, ok := escpos.ProfileByName(name)
	if !ok {
		return p, usagef("--profile %s: there is no such kind of printer", name)
	}
	return p, nil
}

// openPrinter prepares a printer. Nothing is sent yet.
func (a *app) openPrinter(text, profile string, drawer escpos.DrawerLevel) (*escpos.Printer, error) {
	p, err := a.profileOf(profile)
	if err != nil {
		return nil, err
	}
	if text == "" {
		return nil, usagef("give a printer, such as --printer tcp://127.0.0.1:9100")
	}
	dialer, err := printers().Parse(text)
	if err != nil {
		return nil, usagef("--printer: %w", err)
	}
	shown := error(nil)
	return escpos.New(escpos.Config{Dialer: dialer, Profile: p, DrawerOpen: drawer, Progress: func(p escpos.Progress) {
		if p.Waiting != nil && !errors.Is(shown, p.Waiting) {
			a.say("  %s: %v", a.word("print.waiting"), p.Waiting)
		}
		if shown = p.Waiting; p.PaperNearEnd && p.Confirmed == p.Total {
			a.say("  %s", a.word("print.nearend"))
		}
	}})
}

// printers are the ways to reach a printer: the media, and the file a system has for one.
func printers() transport.Schemes {
	ways := maps.Clone(media)
	ways["file"] = func(u *url.URL) (transport.Dialer, error) {
		if u.Host != "" || u.Path == "" || u.RawQuery != "" {
			return nil, errors.New("want file:///dev/usb/lp0")
		}
		return usb.PrinterFile{Path: u.Path}, nil
	}
	return ways
}

// slipDone is the line of --json.
type slipDone struct {
	Attempt pos.AttemptID `json:"attempt"`
	State   pos.State     `json:"state"`
	Slip    pos.SlipKind  `json:"slip"`
	Copy    int           `json:"copy"`
	Text    string        `json:"text"`
}

func (a *app) printSlip(ctx context.Context, id pos.AttemptID, f slipFlags) error {
	a.draft = pos.Attempt{ID: id}
	kind := pos.SlipKind(f.copy)
	if kind != pos.SlipCustomer && kind != pos.SlipMerchant {
		return usagef("--copy is customer or merchant")
	}
	if err := shopText("--operator", f.operator, pos.MaxTextLen); err != nil {
		return err
	}
	shop, err := a.readShop(f.shop)
	if err != nil {
		return err
	}
	profile, err := a.profileOf(f.profile)
	if err != nil {
		return err
	}
	var printer *escpos.Printer
	if f.printer != "" {
		if printer, err = a.openPrinter(f.printer, f.profile, escpos.LevelUnknown); err != nil {
			return err
		}
		defer printer.Close()
	}
	if printer != nil {
		if err := a.answers(ctx, printer); err != nil {
			return err
		}
	}
	at, later, number, err := a.countSlip(ctx, id, kind, f.operator, func(at pos.Attempt) error {
		return a.deliver(at, nil, shop, profile, 1, slipFlags{copy: f.copy, png: f.png, raw: f.raw}, true)
	})
	if err != nil {
		return err
	}
	if printer != nil {
		slip, err := shop.Payment(at, receipt.Copy{Kind: kind, Number: number}, later...)
		if err != nil {
			return err
		}
		doc, err := receipt.ESCPOS(slip, profile)
		if err != nil {
			return err
		}
		pctx, cancel := context.WithTimeoutCause(ctx, f.wait, fmt.Errorf("after %s", f.wait))
		defer cancel()
		if err := printer.Print(pctx, doc); err != nil {
			return &printError{err}
		}
	}
	if err := a.deliver(at, later, shop, profile, number, f, false); err != nil {
		return err
	}
	if a.json {
		slip, err := shop.Payment(at, receipt.Copy{Kind: kind, Number: number}, later...)
		if err != nil {
			return err
		}
		return a.object(slipDone{id, at.State, kind, number, receipt.Text(slip, profile.Columns)})
	}
	return nil
}

// printError is a printer's failure: the payment is what it was.
type printError struct{ err error }

func (e *printError) Error() string { return e.err.Error() }
func (e *printError) Unwrap() error { return e.err }

// answers asks a printer how it is, so that one that is not there costs no copy.
func (a *app) answers(ctx context.Context, p *escpos.Printer) error {
	_, err := p.Status(ctx)
	if err == nil || errors.Is(err, errors.ErrUnsupported) {
		return nil
	}
	return &printError{err}
}

// countSlip counts a slip in the journal, and lets go of the journal before
// anything is printed: a printer without paper must not keep the shop from
// selling. try is called first, with what cannot be printed at all.
func (a *app) countSlip(ctx context.Context, id pos.AttemptID, kind pos.SlipKind, operator string, try func(pos.Attempt) error) (at pos.Attempt, later []pos.Attempt, number int, err error) {
	till, done, err := a.openTill(ctx)
	if err != nil {
		return at, nil, 0, err
	}
	defer done()
	if at, err = a.book.Get(ctx, id); err != nil {
		return at, nil, 0, &pos.Error{Op: "print", Class: pos.ErrNotFound, Attempt: pos.Attempt{ID: id}, Err: err}
	}
	if later, err = till.Find(ctx, pos.Filter{Reference: at.Reference}); err != nil {
		return at, nil, 0, err
	}
	later = slices.DeleteFunc(later, func(l pos.Attempt) bool { return l.Original != id || l.State == pos.StateDenied })
	if err := try(at); err != nil {
		return at, nil, 0, err
	}
	if number, err = till.Printing(ctx, id, kind, operator); err != nil {
		return at, nil, 0, err
	}
	at, err = a.book.Get(ctx, id)
	return at, later, number, err
}

// deliver writes the slip in the forms that were asked for.
// A trial writes nothing to stdout and leaves the files empty.
func (a *app) deliver(at pos.Attempt, later []pos.Attempt, shop receipt.Shop, profile escpos.Profile, number int, f slipFlags, trial bool) error {
	slip, err := shop.Payment(at, receipt.Copy{Kind: pos.SlipKind(f.copy), Number: number}, later...)
	if err != nil {
		return err
	}
	write := func(flag, name string, content []byte) error {
		if trial {
			content = nil
		}
		if err := os.WriteFile(name, content, 0o644); err != nil {
			return usagef("%s: %w", flag, err)
		}
		return nil
	}
	if !trial && (f.text || !f.html && f.png == "" && f.raw == "" && f.printer == "") && !a.json {
		fmt.Fprint(a.out, receipt.Text(slip, profile.Columns))
	}
	if f.html {
		page, err := receipt.HTML(slip)
		if err != nil {
			return err
		}
		if _, err := a.out.Write(page); err != nil {
			return err
		}
	}
	if f.png != "" {
		picture, err := receipt.PNG(slip, profile)
		if err != nil {
			return err
		}
		if err := write("--png", f.png, picture); err != nil {
			return err
		}
	}
	if f.raw != "" {
		doc, err := receipt.ESCPOS(slip, profile)
		if err != nil {
			return err
		}
		if err := write("--raw", f.raw, doc.Bytes()); err != nil {
			return err
		}
	}
	return nil
}

// Limits of what --shop names: more is a mistake.
const (
	maxShopFile = 64 << 10
	maxLogoFile = 4 << 20
)

// readShop reads the head of the slips; no file is a shop without a head.
func (a *app) readShop(path string) (receipt.Shop, error) {
	shop := receipt.Shop{Lang: a.lang()}
	if path == "" {
		return shop, nil
	}
	var head struct {
		Name      string   `json:"name"`
		Lines     []string `json:"lines"`
		Footer    []string `json:"footer"`
		Logo      string   `json:"logo"`
		Welcome   string   `json:"welcome"`
		Signature bool     `json:"signature"`
	}
	b, err := readLimited(path, maxShopFile)
	if err != nil {
		return shop, fileError("--shop", path, err)
	}
	d := json.NewDecoder(strings.NewReader(string(b)))
	d.DisallowUnknownFields()
	if err := d.Decode(&head); err != nil {
		return shop, usagef("--shop %s: %v", path, err)
	}
	shop.Name, shop.Lines, shop.Footer, shop.Welcome, shop.Signature = head.Name, head.Lines, head.Footer, head.Welcome, head.Signature
	if head.Logo == "" {
		return shop, nil
	}
	if !filepath.IsAbs(head.Logo) {
		head.Logo = filepath.Join(filepath.Dir(path), head.Logo)
	}
	b, err = readLimited(head.Logo, maxLogoFile)
	if err != nil {
		return shop, fileError("--shop", head.Logo, err)
	}
	size, _, err := image.DecodeConfig(strings.NewReader(string(b)))
	if err != nil || size.Width > maxLogoSide || size.Height > maxLogoSide {
		return shop, usagef("--shop: %s is no PNG of at most %d by %d pixels", head.Logo, maxLogoSide, maxLogoSide)
	}
	if shop.Logo, _, err = image.Decode(strings.NewReader(string(b))); err != nil {
		return shop, usagef("--shop: %s: %v", head.Logo, err)
	}
	return shop, nil
}

// maxLogoSide bounds the memory a small file can ask for.
const maxLogoSide = 4096

func readLimited(path string, most int64) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	b, err := io.ReadAll(io.LimitReader(f, most+1))
	if err == nil && int64(len(b)) > most {
		err = fmt.Errorf("larger than %d bytes", most)
	}
	return b, err
}
