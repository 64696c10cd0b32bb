package operators

import (
	"crypto/rand"
	"crypto/subtle"
	"encoding/base64"
	"errors"
	"fmt"
	"strings"

	"github.com/openecr/openecr/pos"
	"golang.org/x/crypto/argon2"
)

// Argon2id as OWASP's password storage cheat sheet has it at least: 19 MiB, two passes, one lane.
const (
	argonMemory = 19 << 10 // KiB
	argonPasses = 2
	argonLanes  = 1
	argonLen    = 32
	saltLen     = 16
)

// someHash is compared with when there is nobody of that name.
const someHash = "$argon2id$v=19$m=19456,t=2,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"

// hash makes $argon2id$v=19$m=...,t=...,p=...$salt$hash of a PIN.
func hash(pin pos.Secret) (text string, err error) {
	salt := make([]byte, saltLen)
	rand.Read(salt)
	pin.Use(func(b []byte) {
		if len(b) < MinPIN || len(b) > MaxPIN || strings.Trim(string(b), "0123456789") != "" || trivial(b) {
			err = fmt.Errorf("operators: a PIN has %d to %d digits, not all the same and not in a row", MinPIN, MaxPIN)
			return
		}
		enc := base64.RawStdEncoding
		text = fmt.Sprintf("$argon2id$v=%d$m=%d,t=%d,p=%d$%s$%s", argon2.Version, argonMemory, argonPasses, argonLanes,
			enc.EncodeToString(salt), enc.EncodeToString(argon2.IDKey(b, salt, argonPasses, argonMemory, argonLanes, argonLen)))
	})
	return text, err
}

// trivial PINs are 0000, 1234, 4321 and their kind.
func trivial(pin []byte) bool {
	same, up, down := true, true, true
	for i := 1; i < len(pin); i++ {
		same = same && pin[i] == pin[i-1]
		up = up && pin[i] == pin[i-1]+1
		down = down && pin[i] == pin[i-1]-1
	}
	return same || up || down
}

var errHash = errors.New("operators: the file holds a PIN that is no Argon2id hash of ours")

// matches compares in constant time.
func matches(text string, pin pos.Secret) (ok bool, err error) {
	part := strings.Split(text, "$")
	if len(part) != 6 || part[1] != "argon2id" || part[2] != "v=19" || part[3] != fmt.Sprintf("m=%d,t=%d,p=%d", argonMemory, argonPasses, argonLanes) {
		return false, errHash
	}
	salt, err1 := base64.RawStdEncoding.DecodeString(part[4])
	want, err2 := base64.RawStdEncoding.DecodeString(part[5])
	if err1 != nil || err2 != nil || len(want) != argonLen {
		return false, errHash
	}
	pin.Use(func(b []byte) {
		if len(b) <= MaxPIN {
			ok = subtle.ConstantTimeCompare(argon2.IDKey(b, salt, argonPasses, argonMemory, argonLanes, argonLen), want) == 1
		}
	})
	return ok, nil
}
