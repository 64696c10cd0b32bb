package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"github.com/openecr/openecr/pos"
	"github.com/openecr/openecr/pos/operators"
)

func (a *app) operatorsCommand() *cobra.Command {
	var role string
	open := func() (*operators.Book, error) {
		if a.ruling.operators == "" {
			return nil, usagef("name the --operators file")
		}
		return operators.Open(a.ruling.operators)
	}
	cmd := &cobra.Command{
		Use: "operators", Short: "Who may stand at the till, and agree to what nobody may do alone", Args: noArgs,
		RunE: func(*cobra.Command, []string) error {
			b, err := open()
			if err != nil {
				return err
			}
			return a.listOperators(b.Operators())
		},
	}
	set := &cobra.Command{
		Use: "set NAME", Short: "Add somebody, or give a new role and PIN; the PIN is the next line of stdin", Args: cobra.ExactArgs(1),
		RunE: func(_ *cobra.Command, args []string) error {
			b, err := open()
			if err != nil {
				return err
			}
			pin, err := a.readSecret("PIN: ")
			if err != nil {
				return err
			}
			defer pin.Clear()
			if err := b.Set(args[0], operators.Role(role), pin); err != nil {
				return &usageError{err}
			}
			return nil
		},
	}
	set.Flags().StringVar(&role, "role", string(operators.Cashier), "cashier or supervisor")
	remove := &cobra.Command{
		Use: "remove NAME", Short: "Take somebody out", Args: cobra.ExactArgs(1),
		RunE: func(_ *cobra.Command, args []string) error {
			b, err := open()
			if err != nil {
				return err
			}
			return b.Remove(args[0])
		},
	}
	cmd.AddCommand(set, remove)
	return cmd
}

func (a *app) listOperators(list []operators.Operator) error {
	for _, o := range list {
		if a.json {
			if err := a.object(o); err != nil {
				return err
			}
			continue
		}
		line := fmt.Sprintf("%-20s %s", o.Name, o.Role)
		if !o.Locked.IsZero() {
			line += "  locked until " + o.Locked.Local().Format("2006-01-02 15:04")
		}
		fmt.Fprintln(a.out, line)
	}
	return nil
}

// lineReader keeps what was read ahead between two questions.
func (a *app) lineReader() *bufio.Reader {
	if a.lines == nil {
		a.lines = bufio.NewReader(io.LimitReader(a.in, maxLines))
	}
	return a.lines
}

// maxLines bounds what people type in one run.
const maxLines = 64 << 10

// readLine asks and reads one line.
func (a *app) readLine(prompt string) (string, error) {
	fmt.Fprint(a.err, prompt)
	line, err := a.lineReader().ReadString('\n')
	if line = strings.TrimSpace(line); line == "" {
		if err != nil && !errors.Is(err, io.EOF) {
			return "", err
		}
		return "", fmt.Errorf("%w: nobody answered", pos.ErrCanceled)
	}
	return line, nil
}

// readSecret asks without showing what is typed, where that can be done.
func (a *app) readSecret(prompt string) (pos.Secret, error) {
	if f, ok := a.in.(*os.File); ok {
		defer hideTyping(f)()
	}
	line, err := a.readLine(prompt)
	if err != nil {
		return pos.Secret{}, err
	}
	return pos.NewSecret([]byte(line)), nil
}

// staff reads who works here, if a file says so.
func (a *app) staff() (*operators.Book, error) {
	if a.ruling.operators == "" {
		return nil, nil
	}
	book, err := operators.Open(a.ruling.operators)
	if err != nil {
		return nil, &usageError{err}
	}
	return book, nil
}

func (a *app) askSecondPerson(_ context.Context, r pos.Approval) (string, pos.Secret, error) {
	text := r.Text
	if a.lang() == pos.Chinese && r.Chinese != "" {
		text = r.Chinese
	}
	a.say("  %s", fmt.Sprintf(a.word("approve"), text, r.Rule))
	name, err := a.readLine(a.word("approve.name"))
	if err != nil {
		return "", pos.Secret{}, err
	}
	pin, err := a.readSecret("PIN: ")
	return name, pin, err
}
