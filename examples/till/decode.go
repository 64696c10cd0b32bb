package main

import (
	"errors"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"github.com/openecr/openecr/pos/zvt/zvtproto"
)

func (a *app) decodeCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use: "decode", Short: "Explain captured bytes, masked",
		RunE: func(*cobra.Command, []string) error {
			return usagef("say what the bytes are: till decode zvt HEX, zvt-serial HEX, cup HEX, emv HEX, dol HEX, qr TEXT, cpm BASE64 or paycode DIGITS")
		},
	}
	var fromTerminal, fromRegister bool
	apdu := &cobra.Command{
		Use: "zvt HEX", Short: "An APDU of ZVT, as it travels over TCP", Args: someBytes,
		Long: decodeHelp,
		RunE: func(_ *cobra.Command, args []string) error {
			b, err := a.hexBytes(args)
			if err != nil {
				return err
			}
			dir := zvtproto.DirectionUnknown
			switch {
			case fromTerminal:
				dir = zvtproto.ToRegister
			case fromRegister:
				dir = zvtproto.ToTerminal
			}
			e := zvtproto.Explain(b, dir)
			return a.explained(e, e.Problems)
		},
	}
	apdu.Flags().BoolVar(&fromTerminal, "from-terminal", false, "the terminal sent it; without either the direction is guessed")
	apdu.Flags().BoolVar(&fromRegister, "from-register", false, "the register sent it")
	apdu.MarkFlagsMutuallyExclusive("from-terminal", "from-register")
	line := &cobra.Command{
		Use: "zvt-serial HEX", Short: "Bytes of a serial line: frames, CRC, ACK and NAK", Args: someBytes,
		Long: decodeHelp,
		RunE: func(_ *cobra.Command, args []string) error {
			b, err := a.hexBytes(args)
			if err != nil {
				return err
			}
			e := zvtproto.ExplainSerial(b)
			var problems []zvtproto.Problem
			for _, p := range e.Parts {
				problems = append(problems, p.Problems...)
				if p.APDU == nil {
					continue
				}
				for _, inside := range p.APDU.Problems {
					inside.Text = fmt.Sprintf("of the APDU in the frame at byte %d: %s", p.Offset, inside.Text)
					problems = append(problems, inside)
				}
			}
			return a.explained(e, problems)
		},
	}
	cmd.AddCommand(apdu, line, a.decodeCupCommand())
	cmd.AddCommand(a.emvCommands()...)
	cmd.AddCommand(a.qrDecoders()...)
	return cmd
}

// someBytes wants bytes.
func someBytes(_ *cobra.Command, args []string) error {
	if len(args) == 0 {
		return usagef("give the bytes in hexadecimal, or - to read them from stdin")
	}
	return nil
}

const decodeHelp = `HEX may hold spaces, colons, commas, dashes, newlines and 0x; - reads it from stdin.
Card numbers, tracks and passwords are masked: ** is a byte, * half of one that
is not shown. So are bytes that could not be decoded. Status 1 says that the bytes are
not valid; what could be read is explained all the same, and the error names
the byte.`

// maxHexBytes bounds what is read: more than any frame, and a day's serial capture.
const maxHexBytes = 1 << 20

// hexBytes reads the digits of the arguments, or of stdin.
func (a *app) hexBytes(args []string) ([]byte, error) {
	text := ""
	for _, arg := range args {
		text += arg + " "
	}
	if len(args) == 1 && args[0] == "-" {
		all, err := io.ReadAll(io.LimitReader(a.in, 4*maxHexBytes+1))
		if err != nil {
			return nil, err
		}
		text = string(all)
	}
	return parseHex(text)
}

// parseHex is forgiving about everything but the digits. Errors name the
// position and show nothing of the rest, which may be a card number.
func parseHex(text string) ([]byte, error) {
	var out []byte
	high, half := byte(0), false
	for i := 0; i < len(text); i++ {
		c := text[i]
		switch {
		case c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == ':' || c == ',' || c == '-':
			continue
		case !half && c == '0' && i+1 < len(text) && (text[i+1] == 'x' || text[i+1] == 'X'):
			i++
			continue
		}
		v, ok := nibble(c)
		if !ok {
			return nil, usagef("character %d (%q) is not hexadecimal", i+1, c)
		}
		if half {
			out = append(out, high<<4|v)
		}
		high, half = v, !half
		if len(out) > maxHexBytes {
			return nil, usagef("more than %d bytes", maxHexBytes)
		}
	}
	switch {
	case half:
		return nil, usagef("half a byte is left over after byte %d", len(out))
	case len(out) == 0:
		return nil, usagef("there are no bytes in what was given")
	}
	return out, nil
}

func nibble(c byte) (byte, bool) {
	switch {
	case c >= '0' && c <= '9':
		return c - '0', true
	case c >= 'a' && c <= 'f':
		return c - 'a' + 10, true
	case c >= 'A' && c <= 'F':
		return c - 'A' + 10, true
	}
	return 0, false
}

// explained prints an explanation and what is wrong with the bytes.
func (a *app) explained(e fmt.Stringer, problems []zvtproto.Problem) error {
	if a.json {
		if err := a.object(e); err != nil {
			return err
		}
	} else {
		fmt.Fprint(a.out, e)
	}
	if len(problems) == 0 {
		return nil
	}
	a.told = true
	for _, p := range problems {
		a.say("till: not valid at byte %d: %s", p.Offset, p.Text)
	}
	return errors.New("not valid")
}
