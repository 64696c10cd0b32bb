package main

import (
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/openecr/openecr/emv"
)

// emvCommands explain what cards and terminals say to each other and to hosts.
func (a *app) emvCommands() []*cobra.Command {
	var aid string
	var keepFF bool
	objects := &cobra.Command{
		Use: "emv HEX", Short: "BER-TLV of a chip card: field 55, records, FCI", Args: someBytes,
		Long: emvHelp,
		RunE: func(_ *cobra.Command, args []string) error {
			b, err := a.hexBytes(args)
			if err != nil {
				return err
			}
			rid, err := ridFlag(aid)
			if err != nil {
				return err
			}
			return a.explainedEMV(emv.Explain(b, emv.Options{KeepFF: keepFF}, rid))
		},
	}
	objects.Flags().StringVar(&aid, "aid", "", "the AID or RID in hexadecimal; without it the one in the bytes decides between schemes")
	objects.Flags().BoolVar(&keepFF, "keep-ff", false, "FF begins a tag, as in some terminals' own messages; without it FF is padding")
	list := &cobra.Command{
		Use: "dol HEX", Short: "A data object list (PDOL, CDOL, DDOL, TDOL): what a card asks for", Args: someBytes,
		Long: emvHelp,
		RunE: func(_ *cobra.Command, args []string) error {
			b, err := a.hexBytes(args)
			if err != nil {
				return err
			}
			return a.explainedEMV(emv.ExplainDOL(b))
		},
	}
	return []*cobra.Command{objects, list}
}

const emvHelp = `HEX may hold spaces, colons, commas, dashes, newlines and 0x; - reads it from stdin.
Card numbers and tracks are masked; names, PIN data, script commands and tags that
are not known are not shown. Status 1 says that the bytes are not valid; what could
be read is explained all the same, and the error names the byte and the tag.`

// ridFlag reads an AID; its first five bytes matter.
func ridFlag(text string) (emv.RID, error) {
	if text == "" {
		return 0, nil
	}
	b, err := parseHex(text)
	if err != nil {
		return 0, fmt.Errorf("--aid: %w", err)
	}
	rid := emv.RIDOf(b)
	if rid == 0 {
		return 0, usagef("--aid: an AID has at least five bytes")
	}
	return rid, nil
}

// explainedEMV prints an explanation and what is wrong with the bytes.
func (a *app) explainedEMV(e emv.Explanation) error {
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
		a.say("till: not valid at %s", p)
	}
	return errors.New("not valid")
}
