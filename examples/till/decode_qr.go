package main

import (
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"github.com/openecr/openecr/emv"
	"github.com/openecr/openecr/qr"
)

const decodeQRHelp = `The text of a payment code; - reads it from stdin. Strict reading is the default:
what the specification forbids is an error that names the object and its byte, and
the status is 1. --lenient reads what is in the field; a wrong checksum, lengths that
run over and IDs that come twice remain errors.`

// qrDecoders explain what payment codes hold.
func (a *app) qrDecoders() []*cobra.Command {
	var lenient bool
	payload := &cobra.Command{
		Use: "qr TEXT", Short: "An EMVCo payload that a shop shows (merchant-presented)", Args: oneText, Long: decodeQRHelp,
		RunE: func(_ *cobra.Command, args []string) error {
			text, err := a.codeText(args[0])
			if err != nil {
				return err
			}
			return a.explainedQR(text, qr.Options{Lenient: lenient})
		},
	}
	consumer := &cobra.Command{
		Use: "cpm BASE64", Short: "An EMVCo payload that a customer shows (consumer-presented)", Args: oneText,
		Long: decodeQRHelp + "\nCard data is masked, and what the dictionary does not know is not shown.",
		RunE: func(_ *cobra.Command, args []string) error {
			text, err := a.codeText(args[0])
			if err != nil {
				return err
			}
			return a.explainedConsumer(qr.NewCode(text), qr.Options{Lenient: lenient})
		},
	}
	for _, c := range []*cobra.Command{payload, consumer} {
		c.Flags().BoolVar(&lenient, "lenient", false, "read on where only the form is wrong")
	}
	paycode := &cobra.Command{
		Use: "paycode DIGITS", Short: "Whose payment code, voucher or article it is", Args: oneText,
		Long: `What a scanner read; - reads it from stdin. The code is masked. Prefixes known from one
source only are marked. A code of no known wallet is an error, status 1; nothing is guessed.`,
		RunE: func(_ *cobra.Command, args []string) error {
			text, err := a.codeText(args[0])
			if err != nil {
				return err
			}
			return a.classified(qr.NewCode(text))
		},
	}
	return []*cobra.Command{payload, consumer, paycode}
}

// oneText wants one argument, which may be a secret and is not repeated.
func oneText(_ *cobra.Command, args []string) error {
	if len(args) != 1 || args[0] == "" {
		return usagef("give one text, in quotes, or - to read it from stdin")
	}
	return nil
}

// codeText is an argument, or stdin without its last line end.
func (a *app) codeText(arg string) (string, error) {
	if arg != "-" {
		return arg, nil
	}
	all, err := io.ReadAll(io.LimitReader(a.in, qr.MaxText+2))
	if err != nil {
		return "", err
	}
	return strings.TrimRight(string(all), "\r\n"), nil
}

func (a *app) explainedQR(text string, o qr.Options) error {
	e := qr.Explain(text, o, qr.Profiles())
	if a.json {
		if err := a.object(e); err != nil {
			return err
		}
	} else {
		fmt.Fprint(a.out, e)
	}
	wrong := e.Wrong(o)
	for i := range e.Problems {
		if p := &e.Problems[i]; p.Severity == qr.Note || o.Lenient && p.Severity == qr.Violation {
			a.say("till: note: %s", p.String())
		}
	}
	return a.notValid(wrong)
}

// notValid tells problems, and is the error when there are any.
func (a *app) notValid(wrong []qr.Problem) error {
	if len(wrong) == 0 {
		return nil
	}
	a.told = true
	for i := range wrong {
		a.say("till: not valid: %s", wrong[i].String())
	}
	return errors.New("not valid")
}

// consumerShown is the line of --json.
type consumerShown struct {
	Valid        bool             `json:"valid"`
	Applications []consumerCard   `json:"applications,omitempty"`
	Objects      *emv.Explanation `json:"objects,omitempty"`
	Problems     []qr.Problem     `json:"problems,omitempty"`
}

type consumerCard struct {
	AID   string  `json:"aid"`
	Label string  `json:"label,omitempty"`
	PAN   emv.PAN `json:"pan"`
}

func (a *app) explainedConsumer(c qr.Code, o qr.Options) error {
	p, err := qr.ParseConsumer(c, o)
	out := consumerShown{Valid: err == nil, Problems: p.Problems}
	for _, app := range p.Applications {
		out.Applications = append(out.Applications, consumerCard{fmt.Sprintf("%X", app.AID), app.Label, app.PAN})
	}
	if len(p.Objects) > 0 {
		e := emv.Explain(consumerBytes(c), emv.Options{KeepFF: true, Lenient: o.Lenient}, 0)
		out.Objects = &e
	}
	var wrong []qr.Problem
	var problem *qr.Problem
	if errors.As(err, &problem) {
		wrong = append(wrong, *problem)
		if len(out.Problems) == 0 {
			out.Problems = wrong
		}
	}
	if a.json {
		if err := a.object(out); err != nil {
			return err
		}
		return a.notValid(wrong)
	}
	for i, card := range out.Applications {
		fmt.Fprintf(a.out, "application %d: %s %s %s\n", i+1, card.AID, card.Label, card.PAN)
	}
	if out.Objects != nil {
		fmt.Fprint(a.out, out.Objects)
	}
	return a.notValid(wrong)
}

// consumerBytes is what a code that was parsed holds.
func consumerBytes(c qr.Code) (data []byte) {
	c.Use(func(text []byte) {
		data, _ = base64.RawStdEncoding.DecodeString(strings.TrimRight(string(text), "="))
	})
	return data
}

// codeShown is the line of --json.
type codeShown struct {
	Code qr.Code `json:"code"`
	qr.Rule
}

func (a *app) classified(c qr.Code) error {
	r, err := qr.DefaultTable().Classify(c)
	if err != nil {
		return err
	}
	if a.json {
		return a.object(codeShown{c, r})
	}
	single := ""
	if r.Single {
		single = " (known from one source only: confirm it with the platform)"
	}
	fmt.Fprintf(a.out, "%s: %s, %s, as %q%s\n", c, r.Kind, r.Title, r.Name, single)
	return nil
}
