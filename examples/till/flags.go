package main

import (
	"errors"
	"io/fs"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/openecr/openecr/pos"
)

// noArgs refuses anything that is no flag.
func noArgs(cmd *cobra.Command, args []string) error {
	if len(args) > 0 {
		return usagef("%s takes flags only; what is %q?", cmd.CommandPath(), pos.MaskCardData(args[0]))
	}
	return nil
}

// aCommand is what till itself wants: the name of a command.
func aCommand(_ *cobra.Command, args []string) error {
	if len(args) > 0 {
		return usagef("there is no command %q; till --help names them all", pos.MaskCardData(args[0]))
	}
	return nil
}

// flagError says in plain words what is wrong with a flag. The value may be a
// secret and is not repeated.
func flagError(cmd *cobra.Command, err error) error {
	var unknown *pflag.NotExistError
	var empty *pflag.ValueRequiredError
	var bad *pflag.InvalidValueError
	switch {
	case errors.As(err, &unknown):
		dashes := "--"
		if unknown.GetSpecifiedShortnames() != "" {
			dashes = "-"
		}
		return usagef("%s has no flag %s%s", cmd.CommandPath(), dashes, pos.MaskCardData(unknown.GetSpecifiedName()))
	case errors.As(err, &empty):
		return usagef("--%s wants a value", empty.GetFlag().Name)
	case errors.As(err, &bad):
		return usagef("--%s wants %s", bad.GetFlag().Name, kinds[bad.GetFlag().Value.Type()])
	}
	return usagef("%w", err)
}

// kinds are the types of flags that are not just text.
var kinds = map[string]string{"int": "a whole number", "bool": "true or false, or nothing at all"}

// shopText refuses a text of the shop that no journal takes.
func shopText(flag, text string, most int) error {
	switch {
	case len(text) > most:
		return usagef("%s has %d characters; at most %d are kept", flag, len(text), most)
	case pos.HoldsCardData(text):
		return usagef("%s looks like a card number, which must never be kept", flag)
	}
	return nil
}

// attemptID refuses an id that no attempt can have. Empty lets the till make one.
func attemptID(id string) error {
	switch {
	case pos.HoldsCardData(id):
		return usagef("--attempt looks like a card number, which must never be kept")
	case len(id) > pos.MaxIDLen || strings.Trim(id, letters+"_") != "":
		return usagef("--attempt %q: an id is 1 to %d letters, digits, - or _", id, pos.MaxIDLen)
	}
	return nil
}

// laneID refuses an id that no till can have.
func laneID(id string) error {
	if id == "" || len(id) > pos.MaxTillIDLen || strings.Trim(id, letters) != "" {
		return usagef("--till %q: an id is 1 to %d letters, digits or dashes", pos.MaskCardData(id), pos.MaxTillIDLen)
	}
	return nil
}

const letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-"

// fileError says which file is missing, without the system's name for it.
func fileError(flag, name string, err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		return usagef("%s: there is no file %s", flag, name)
	}
	return usagef("%s: %w", flag, err)
}

// parseAmount reads an amount above zero; anything else is wrong use.
func parseAmount(flag, text string, currency pos.Currency) (pos.Money, error) {
	if !currency.Valid() {
		return pos.Money{}, usagef("--currency %q is not in ISO 4217", string(currency))
	}
	m, err := pos.ParseMoney(text, currency)
	switch {
	case errors.Is(err, pos.ErrMoneyOverflow):
		return m, usagef("%s %s is too large", flag, text)
	case err != nil:
		return m, usagef("%s: %s", flag, strings.TrimPrefix(err.Error(), "money: "))
	case m.Minor() <= 0:
		return m, usagef("%s %s: an amount is above zero", flag, text)
	}
	return m, nil
}
