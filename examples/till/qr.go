package main

import (
	"context"
	"errors"
	"fmt"
	"image"
	_ "image/gif"  // pictures of codes
	_ "image/jpeg" // photographs of printed ones
	"io"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"github.com/openecr/openecr/pos"
	"github.com/openecr/openecr/qr"
	"github.com/openecr/openecr/qr/qrimage"
	"github.com/openecr/openecr/transport/escpos"
)

func (a *app) qrCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use: "qr", Short: "Make, check and read QR codes", Args: aQRCommand,
		RunE: func(cmd *cobra.Command, _ []string) error {
			_ = cmd.Help()
			return usagef("say what: till qr make, check or decode")
		},
	}
	cmd.AddCommand(a.qrMakeCommand(), a.qrCheckCommand(), a.qrDecodeCommand())
	return cmd
}

func aQRCommand(_ *cobra.Command, args []string) error {
	if len(args) > 0 {
		return usagef("till qr has make, check and decode only")
	}
	return nil
}

// qrFlags say what a code looks like and where it goes.
type qrFlags struct {
	level, scene, title, logo string
	caption                   []string
	png, svg                  string
	terminal                  bool
	printer, profile          string
	dots, width               int
}

func (a *app) qrMakeCommand() *cobra.Command {
	var f qrFlags
	cmd := &cobra.Command{
		Use: "make TEXT", Short: "Draw a code, or one to keep with caption and logo", Args: oneText,
		Long: `Draw a code of TEXT (- reads it from stdin): into a file, on the terminal, or on a
printer, by whole dots. Without any flag it goes to the terminal. A payload that begins as EMVCo's do must
be valid. --scene store|table|event draws one to keep, with a title, up to four
--caption lines and a --logo; it is checked before it is written.`,
		RunE: func(cmd *cobra.Command, args []string) error { return a.makeQR(cmd.Context(), args[0], f) },
	}
	fs := cmd.Flags()
	fs.StringVar(&f.level, "level", "M", "error correction: L, M, Q or H; a scene chooses its own")
	fs.StringVar(&f.scene, "scene", "", "`place` it hangs: store, table or event")
	fs.StringVar(&f.title, "title", "", "`text` above a scene; default by its place")
	fs.StringArrayVar(&f.caption, "caption", nil, "`line` below a scene, up to four")
	fs.StringVar(&f.logo, "logo", "", "PNG `file` for the middle of a scene")
	fs.StringVar(&f.png, "png", "", "write a PNG into this `file`")
	fs.StringVar(&f.svg, "svg", "", "write an SVG into this `file`; not of a scene")
	fs.BoolVar(&f.terminal, "terminal", false, "draw it on the terminal")
	fs.IntVar(&f.dots, "dots", 8, "`pixels` of a module in the PNG, 1 to 64")
	fs.IntVar(&f.width, "width", qrimage.Width80, "`pixels` of a scene's picture; a printer's own otherwise")
	a.printerFlags(cmd, &f.printer, &f.profile)
	return cmd
}

func (a *app) makeQR(ctx context.Context, arg string, f qrFlags) error {
	text, err := a.codeText(arg)
	if err != nil {
		return err
	}
	if qr.IsPayload(text) {
		if _, err := qr.Parse(text, qr.Options{Lenient: true}); err != nil {
			return err
		}
	}
	d, err := a.drawing(text, f)
	if err != nil {
		return err
	}
	if f.png == "" && f.svg == "" && f.printer == "" && !a.json {
		f.terminal = true
	}
	if err := d.files(f); err != nil {
		return err
	}
	if f.terminal {
		if err := d.terminal(a.out); err != nil {
			return err
		}
	}
	if f.printer != "" {
		if err := a.printQR(ctx, d, f); err != nil {
			return err
		}
	}
	if a.json {
		return a.object(map[string]any{"bytes": len(text), "version": d.version, "level": d.level, "png": f.png, "svg": f.svg, "printed": f.printer != ""})
	}
	return nil
}

// drawing is a code in every form it may take.
type drawing struct {
	version  int
	level    string
	terminal func(io.Writer) error
	png      func() (*qrimage.Bitmap, error)
	paper    func(width int) (*qrimage.Bitmap, error)
	svg      func(io.Writer) error
}

func (a *app) drawing(text string, f qrFlags) (drawing, error) {
	if f.scene != "" {
		return a.scene(text, f)
	}
	if f.caption != nil || f.logo != "" || f.title != "" {
		return drawing{}, usagef("--caption, --title and --logo belong to a --scene")
	}
	level, err := qrimage.ParseLevel(f.level)
	if err != nil {
		return drawing{}, usagef("--level is L, M, Q or H")
	}
	if f.dots < 1 || f.dots > 64 {
		return drawing{}, usagef("--dots is 1 to 64")
	}
	m, err := qrimage.Encode(text, qrimage.Options{Level: level})
	if err != nil {
		return drawing{}, err
	}
	return drawing{
		version: m.Version(), level: level.String(),
		terminal: func(w io.Writer) error { return m.Terminal(w, true) },
		png:      func() (*qrimage.Bitmap, error) { return m.Raster(f.dots), nil },
		paper:    m.Paper,
		svg:      func(w io.Writer) error { return m.SVG(w, 0) },
	}, nil
}

func (a *app) scene(text string, f qrFlags) (drawing, error) {
	switch {
	case f.svg != "":
		return drawing{}, usagef("a --scene is made of dots: use --png or --printer")
	case f.width < 64 || f.width > qrimage.MaxSide:
		return drawing{}, usagef("--width is 64 to %d", qrimage.MaxSide)
	}
	s := qrimage.Scene{Place: qrimage.Place(f.scene), Text: text, Caption: f.caption, Title: f.title, Chinese: a.lang() == pos.Chinese}
	if f.logo != "" {
		logo, err := readPicture("--logo", f.logo, maxLogoFile, maxLogoSide)
		if err != nil {
			return drawing{}, err
		}
		s.Logo = logo
	}
	b, err := s.Draw(f.width)
	if err != nil {
		return drawing{}, err
	}
	r, err := qrimage.Check(b, qrimage.CheckOptions{})
	if err != nil {
		return drawing{}, err
	}
	return drawing{
		version: r.Version, level: r.Level,
		terminal: func(w io.Writer) error {
			m, err := qrimage.Encode(text, qrimage.Options{})
			if err != nil {
				return err
			}
			return m.Terminal(w, true)
		},
		png:   func() (*qrimage.Bitmap, error) { return b, nil },
		paper: s.Draw,
	}, nil
}

func (d drawing) files(f qrFlags) error {
	if f.png != "" {
		b, err := d.png()
		if err != nil {
			return err
		}
		if err := writeFile("--png", f.png, b.PNG); err != nil {
			return err
		}
	}
	if f.svg != "" {
		return writeFile("--svg", f.svg, d.svg)
	}
	return nil
}

func writeFile(flag, path string, write func(io.Writer) error) error {
	file, err := os.Create(path)
	if err != nil {
		return fmt.Errorf("%s: %w", flag, err)
	}
	if err := errors.Join(write(file), file.Close()); err != nil {
		return fmt.Errorf("%s: %w", flag, err)
	}
	return nil
}

func (a *app) printQR(ctx context.Context, d drawing, f qrFlags) error {
	profile, err := a.profileOf(f.profile)
	if err != nil {
		return err
	}
	printer, err := a.openPrinter(f.printer, f.profile, escpos.LevelUnknown)
	if err != nil {
		return err
	}
	defer printer.Close()
	dots, err := d.paper(profile.Dots)
	if err != nil {
		return err
	}
	b := escpos.NewBuilder(profile)
	b.Image(dots, escpos.ImageOptions{Dither: escpos.Threshold, Align: escpos.Center})
	b.Cut(escpos.Partial)
	doc, err := b.Document()
	if err != nil {
		return err
	}
	if err := printer.Print(ctx, doc); err != nil {
		return &printError{err}
	}
	return nil
}

// maxQRFile bounds a photograph.
const maxQRFile = 32 << 20

// readPicture reads a PNG, JPEG or GIF. Its size is looked at before its pixels.
func readPicture(flag, path string, mostBytes int64, side int) (image.Image, error) {
	b, err := readLimited(path, mostBytes)
	if err != nil {
		return nil, fileError(flag, path, err)
	}
	size, _, err := image.DecodeConfig(strings.NewReader(string(b)))
	if err != nil || size.Width > side || size.Height > side || size.Width*size.Height > qrimage.MaxPixels {
		return nil, usagef("%s: %s is no PNG, JPEG or GIF of at most %d by %d pixels", flag, path, side, side)
	}
	img, _, err := image.Decode(strings.NewReader(string(b)))
	if err != nil {
		return nil, usagef("%s: %s: %v", flag, path, err)
	}
	return img, nil
}

func (a *app) qrCheckCommand() *cobra.Command {
	var o qrimage.CheckOptions
	cmd := &cobra.Command{
		Use: "check FILE", Short: "Say whether a code in a picture can be read, and how well", Args: aPicture,
		Long: `Decode the code in a PNG, JPEG or GIF and grade contrast, module size, quiet zone and
damage margin from 4 to 0. Status 0 says that it may be used: every grade is 3 or
more; 1 that it may not, with reasons.`,
		RunE: func(_ *cobra.Command, args []string) error { return a.checkQR(args[0], o) },
	}
	cmd.Flags().Float64Var(&o.DotsPerMM, "dots-per-mm", 0, "how fine it will be printed; 8 on thermal paper, 11.8 at 300 dpi")
	cmd.Flags().StringVar(&o.Want, "want", "", "`text` it must hold")
	return cmd
}

func aPicture(_ *cobra.Command, args []string) error {
	if len(args) != 1 {
		return usagef("give one picture")
	}
	return nil
}

func (a *app) checkQR(path string, o qrimage.CheckOptions) error {
	img, err := readPicture("check", path, maxQRFile, qrimage.MaxSide)
	if err != nil {
		return err
	}
	if o.DotsPerMM < 0 {
		return usagef("--dots-per-mm is above zero")
	}
	r, err := qrimage.Check(img, o)
	if err != nil {
		return err
	}
	if a.json {
		if err := a.object(r); err != nil {
			return err
		}
	} else {
		fmt.Fprint(a.out, r.Words(a.language))
	}
	if r.Ready {
		return nil
	}
	a.told = true
	for _, reason := range r.Reasons {
		why := reason.English
		if a.lang() == pos.Chinese {
			why = reason.Chinese
		}
		a.say("till: not ready: %s", why)
	}
	return errors.New("not ready")
}

func (a *app) qrDecodeCommand() *cobra.Command {
	return &cobra.Command{
		Use: "decode FILE", Short: "Read the code in a picture", Args: aPicture,
		Long: `Print the text of the code in a PNG, JPEG or GIF. A payment code is masked: it is
money until it is used. Status 1 says that no code could be read.`,
		RunE: func(_ *cobra.Command, args []string) error {
			img, err := readPicture("decode", args[0], maxQRFile, qrimage.MaxSide)
			if err != nil {
				return err
			}
			text, ok, err := qrimage.Decode(img)
			if err != nil {
				return err
			}
			if !ok {
				return errors.New("no QR code can be read in this picture: run till qr check for what to do")
			}
			return a.decodedQR(text)
		},
	}
}

// decodedQR prints what may be shown of a text.
func (a *app) decodedQR(text string) error {
	c := qr.NewCode(text)
	kind := qr.Kind("text")
	if r, err := qr.DefaultTable().Classify(c); err == nil {
		kind = r.Kind
	}
	if kind == qr.Wallet || kind == qr.Voucher || kind == qr.ConsumerCode || kind == "text" && onlyDigits(text) {
		text = c.String()
	}
	if a.json {
		return a.object(map[string]any{"kind": kind, "text": text})
	}
	fmt.Fprintln(a.out, strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7F {
			return '.'
		}
		return r
	}, text))
	return nil
}

func onlyDigits(s string) bool { return s != "" && strings.Trim(s, "0123456789") == "" }
