/*
Package operators keeps who may stand at a till: names, roles, and PINs as
Argon2id hashes in one file. A wrong PIN costs time, five of them lock. It is
also the second person (双人复核) whom pos.Config asks where its Rules want one.

	book, err := operators.Open("operators.json")
	err = book.Set("li", operators.Supervisor, pin)
	err = book.Check("li", pin)                        // ErrPIN, ErrLocked, ErrUnknown
	cfg.Approver = operators.Approver{Book: book, Ask: askAtTheScreen}

The file has mode 0600 and is replaced as a whole. Wrong tries are written
before the answer is given, so that a restart forgives nothing.
*/
package operators
