package main

import (
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/openecr/openecr/pos/unionpay/cupproto"
)

const decodeCupHelp = `A message between a terminal and an acquirer of China UnionPay (ISO 8583), request
or reply, with or without the length in front, TPDU and header.
HEX may hold spaces, colons, commas, dashes, newlines and 0x; - reads it from stdin.
Card numbers keep first six and last four digits; tracks, PIN blocks, keys, payment
codes and card data of chips are stars. Status 1 says that the bytes are not valid; what could be
read is explained all the same, and the error names the field and the byte.`

func (a *app) decodeCupCommand() *cobra.Command {
	return &cobra.Command{
		Use: "cup HEX", Short: "A message of a UnionPay terminal or host (ISO 8583)", Args: someBytes, Long: decodeCupHelp,
		RunE: func(_ *cobra.Command, args []string) error {
			b, err := a.hexBytes(args)
			if err != nil {
				return err
			}
			return a.explainedCup(cupproto.Describe(b))
		},
	}
}

// explainedCup prints an explanation and what is wrong with the message.
func (a *app) explainedCup(e cupproto.Explanation) error {
	if a.json {
		if err := a.object(e); err != nil {
			return err
		}
	} else {
		fmt.Fprint(a.out, e)
	}
	if len(e.Problems) == 0 {
		return nil
	}
	a.told = true
	for _, p := range e.Problems {
		a.say("till: not valid at byte %d: %s", p.Offset, p.Text)
	}
	return errors.New("not valid")
}
