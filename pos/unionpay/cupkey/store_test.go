package cupkey

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/openecr/openecr/emv"
)

const masterHex = "31313131313131313232323232323232"

func signOn(t *testing.T, code string, alg Algorithm, mac string) ([]byte, Key) {
	t.Helper()
	master := key(t, alg, masterHex)
	size := map[bool]int{true: 8, false: 16}[code == KeysSingleDES]
	field, err := AppendWorkingKeys(nil, code, master, key(t, alg, masterHex[:2*size]), key(t, alg, mac), key(t, alg, strings.Repeat("5A", 16)))
	require.NoError(t, err)
	return field, master
}

func TestWorkingKeysGoThereAndBack(t *testing.T) {
	for _, c := range []struct {
		name, code string
		alg        Algorithm
		mac        string
		size       int
		track      bool
	}{
		{"single DES", KeysSingleDES, DES, "0123456789ABCDEF", 24, false},
		{"triple DES with a single MAK", KeysTripleDES, DES, "0123456789ABCDEF", 40, false},
		{"triple DES with a double MAK", KeysTripleDES, DES, "0123456789ABCDEFFEDCBA9876543210", 40, false},
		{"with a track key", KeysWithTrack, DES, "0123456789ABCDEF", 60, true},
		{"SM4", KeysSM4, SM4, "0123456789ABCDEFFEDCBA9876543210", 60, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			field, master := signOn(t, c.code, c.alg, c.mac)
			require.Len(t, field, c.size)
			w, err := ParseWorkingKeys(c.code, field)
			require.NoError(t, err)
			m := NewMemory(master, Settings{})
			_, err = m.Session(t.Context())
			require.ErrorIs(t, err, ErrNoKeys)
			require.NoError(t, m.Install(t.Context(), w))
			require.True(t, m.keys.mac.Equal(key(t, c.alg, c.mac)))
			s, err := m.Session(t.Context())
			require.NoError(t, err)
			_, err = s.Track([]byte("6212345678901265D30122011234567890"))
			require.Equal(t, c.track, err == nil)
			mac, err := s.MAC([]byte("message"))
			require.NoError(t, err)
			require.NoError(t, s.CheckMAC([]byte("message"), mac[:]))
			require.ErrorIs(t, s.CheckMAC([]byte("massage"), mac[:]), ErrMAC)
			require.ErrorIs(t, s.CheckMAC([]byte("message"), nil), ErrMAC)
			for i := range field { // one damaged bit anywhere takes none of the keys
				bad := append([]byte(nil), field...)
				bad[i] ^= 0x10
				w, err := ParseWorkingKeys(c.code, bad)
				require.NoError(t, err)
				if err := m.Install(t.Context(), w); err == nil {
					t.Errorf("byte %d damaged: the keys were taken", i)
				}
				require.True(t, m.keys.mac.Equal(key(t, c.alg, c.mac)), "the old keys stay")
			}
			_, err = ParseWorkingKeys(c.code, field[:len(field)-1])
			require.ErrorIs(t, err, ErrWorkingKeys)
		})
	}
	_, err := ParseWorkingKeys("007", nil)
	require.ErrorIs(t, err, ErrWorkingKeys)
}

func TestPINBlocksOpenAtTheHostOnly(t *testing.T) {
	card := pan(t, "6212345678901265")
	for _, k := range []Key{key(t, DES, masterHex), key(t, SM4, masterHex)} {
		for _, digits := range []string{"1234", "123456", "123456789012"} {
			for _, with := range []emv.PAN{card, {}} {
				block, err := PINBlock(k, pin(t, digits), with)
				require.NoError(t, err)
				require.Len(t, block, k.blockSize())
				got, err := OpenPINBlock(k, block, with)
				require.NoError(t, err)
				require.True(t, got.Equal(pin(t, digits)))
			}
			block, err := PINBlock(k, pin(t, digits), card)
			require.NoError(t, err)
			if got, err := OpenPINBlock(k, block, pan(t, "6212345678901299")); err == nil {
				require.True(t, got.Equal(pin(t, digits)), "only the check digit differs")
			}
			_, err = OpenPINBlock(k, block, pan(t, "6212999978901265"))
			require.ErrorIs(t, err, ErrPIN, "the PIN of one card is none of another")
		}
	}
	aes := key(t, AES, masterHex)
	for _, number := range []string{"621234567890", "6212345678901", "6212345678901265", "6212345678901265123"} {
		block, err := PINBlock4(aes, pin(t, "4321"), pan(t, number))
		require.NoError(t, err)
		again, err := PINBlock4(aes, pin(t, "4321"), pan(t, number))
		require.NoError(t, err)
		require.NotEqual(t, block, again, "equal PINs give other blocks")
		got, err := OpenPINBlock4(aes, block, pan(t, number))
		require.NoError(t, err)
		require.True(t, got.Equal(pin(t, "4321")))
	}
	for _, bad := range []string{"", "123", "1234567890123", "12a4"} {
		_, err := NewPIN([]byte(bad))
		require.ErrorIs(t, err, ErrPIN)
	}
	_, err := PINBlock4(aes, pin(t, "4321"), emv.PAN{})
	require.Error(t, err)
}

func TestTracks(t *testing.T) {
	for _, k := range []Key{key(t, DES, masterHex), key(t, SM4, masterHex)} {
		for n := 13; n <= maxTrack; n++ {
			track := []byte(strings.Repeat("6212345678D", 10)[:n])
			hidden, err := EncryptTrack(k, track)
			require.NoError(t, err)
			back, err := DecryptTrack(k, hidden)
			require.NoError(t, err)
			require.Equal(t, string(track), strings.TrimLeft(string(back), "F"))
			if n > 2*k.blockSize()+1 {
				require.Len(t, hidden, n)
				require.Equal(t, track[n-2+n%2:], hidden[n-2+n%2:], "the last packed byte stays")
				require.NotEqual(t, track, hidden)
			}
		}
	}
	// The rule in words: an odd track of 37 hides digits 20 to 35, counted from 0.
	track := []byte("6212345678901265D30122011234567890123")
	hidden, err := EncryptTrack(key(t, DES, masterHex), track)
	require.NoError(t, err)
	require.Equal(t, track[:20], hidden[:20])
	require.Equal(t, track[36:], hidden[36:])
	for _, bad := range [][]byte{nil, bytes.Repeat([]byte("1"), maxTrack+1), []byte("62123456=8901265D3012")} {
		_, err := EncryptTrack(key(t, DES, masterHex), bad)
		require.ErrorIs(t, err, ErrTrack)
	}
}

type counter struct{ next uint32 }

func (c *counter) Next(context.Context) (uint32, error) {
	c.next++
	return c.next - 1, nil
}

func TestDUKPTUsesEachKeyOnce(t *testing.T) {
	var ksn [KSNLen]byte
	copy(ksn[:], unhex(t, "FFFF9876543210E00000"))
	c := &counter{next: 1}
	d, err := NewDUKPT(key(t, DES, "6AC292FAA1315B4D858AB3A3D7D5933A"), ksn, c, Settings{MAC: MACX919})
	require.NoError(t, err)
	require.ErrorIs(t, d.Install(t.Context(), Wrapped{}), errors.ErrUnsupported)
	seen := map[string]bool{}
	for range 50 {
		s, err := d.Session(t.Context())
		require.NoError(t, err)
		mac, err := s.MAC([]byte("the same message"))
		require.NoError(t, err)
		require.False(t, seen[string(mac[:])] || seen[string(s.KSN())])
		seen[string(mac[:])], seen[string(s.KSN())] = true, true
		require.ErrorIs(t, s.CheckMAC([]byte("the same message"), mac[:]), ErrMAC, "the reply has a key of its own")
	}
	c.next = 0x7FF // eleven bits: left out
	s, err := d.Session(t.Context())
	require.NoError(t, err)
	require.Equal(t, "E00800", upper(s.KSN()[7:]))
	c.next = maxTDESCounter + 1
	_, err = d.Session(t.Context())
	require.ErrorIs(t, err, ErrExhausted)
	_, err = NewDUKPT(key(t, DES, "0123456789ABCDEF"), ksn, c, Settings{})
	require.ErrorIs(t, err, ErrKey)

	a, err := NewAESDUKPT(key(t, AES, "1273671EA26AC29AFA4D1084127652A1"), [IDLen]byte{1}, &counter{next: 1}, Settings{MAC: MACCMAC})
	require.NoError(t, err)
	s, err = a.Session(t.Context())
	require.NoError(t, err)
	block, err := s.PINBlock(pin(t, "1234"), pan(t, "4111111111111111"))
	require.NoError(t, err)
	got, err := OpenPINBlock4(s.(*derived).pin, block, pan(t, "4111111111111111"))
	require.NoError(t, err)
	require.True(t, got.Equal(pin(t, "1234")))
}

func TestSealedDataIsForThisTerminalAndPurpose(t *testing.T) {
	m := NewMemory(key(t, DES, masterHex), Settings{})
	sealed, err := m.Seal(t.Context(), []byte("6212345678901265"), []byte("stan 1"))
	require.NoError(t, err)
	require.NotContains(t, string(sealed), "6212")
	again := NewMemory(key(t, DES, masterHex), Settings{}) // after a restart
	clear, err := again.Open(t.Context(), sealed, []byte("stan 1"))
	require.NoError(t, err)
	require.Equal(t, "6212345678901265", string(clear))
	for name, try := range map[string]func() ([]byte, error){
		"another purpose": func() ([]byte, error) { return m.Open(t.Context(), sealed, []byte("stan 2")) },
		"another terminal": func() ([]byte, error) {
			return NewMemory(key(t, DES, "0123456789ABCDEF"), Settings{}).Open(t.Context(), sealed, []byte("stan 1"))
		},
		"cut": func() ([]byte, error) { return m.Open(t.Context(), sealed[:10], []byte("stan 1")) },
	} {
		_, err := try()
		require.ErrorIs(t, err, ErrSealed, name)
	}
}

func TestKeyFile(t *testing.T) {
	for name, u := range map[string]Unlock{"passphrase": {Passphrase: []byte("correct horse")}, "system key": {Key: bytes.Repeat([]byte{7}, 32)}} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "keys.json")
			field, master := signOn(t, KeysWithTrack, DES, "0123456789ABCDEF")
			f, err := CreateFile(path, u, master, Settings{MAC: MACX99})
			require.NoError(t, err)
			_, err = f.Session(t.Context())
			require.ErrorIs(t, err, ErrNoKeys)
			w, err := ParseWorkingKeys(KeysWithTrack, field)
			require.NoError(t, err)
			require.NoError(t, f.Install(t.Context(), w))
			st, err := os.Stat(path)
			require.NoError(t, err)
			require.Zero(t, st.Mode().Perm()&0o077, "for its owner only")

			again, err := OpenFile(path, u)
			require.NoError(t, err)
			require.True(t, again.keys.mac.Equal(f.keys.mac) && again.keys.track.Equal(f.keys.track) && again.master.Equal(master))
			require.Equal(t, MACX99, again.how.MAC)
			_, err = CreateFile(path, u, master, Settings{})
			require.ErrorIs(t, err, os.ErrExist)
			content, err := os.ReadFile(path)
			require.NoError(t, err)
			for _, wrong := range []Unlock{{Passphrase: []byte("Correct horse")}, {Key: bytes.Repeat([]byte{8}, 32)}, {}, {Passphrase: []byte("both"), Key: bytes.Repeat([]byte{7}, 32)}, {Key: []byte("short")}} {
				if _, err := OpenFile(path, wrong); !errors.Is(err, ErrKeyFile) && !errors.Is(err, ErrUnlock) {
					t.Errorf("opened with %d and %d bytes: %v", len(wrong.Passphrase), len(wrong.Key), err)
				}
			}
			var body fileBody
			require.NoError(t, json.Unmarshal(content, &body))
			body.Head.Time++ // a cheaper or dearer head is another file
			damaged, err := json.Marshal(body)
			require.NoError(t, err)
			for _, bad := range [][]byte{content[:len(content)/2], []byte("{}"), damaged, bytes.Repeat([]byte("x"), maxKeyFile+1)} {
				require.NoError(t, os.WriteFile(path, bad, 0o600))
				_, err := OpenFile(path, u)
				require.True(t, errors.Is(err, ErrKeyFile) || errors.Is(err, ErrUnlock), err)
			}
			_, err = OpenFile(path+"none", u)
			require.ErrorIs(t, err, os.ErrNotExist)
		})
	}
}

func TestASignOnThatCannotBeKeptChangesNothing(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "gone")
	require.NoError(t, os.Mkdir(dir, 0o700))
	field, master := signOn(t, KeysTripleDES, DES, "0123456789ABCDEF")
	f, err := CreateFile(filepath.Join(dir, "k"), Unlock{Key: make([]byte, 32)}, master, Settings{})
	require.NoError(t, err)
	require.NoError(t, os.RemoveAll(dir))
	w, err := ParseWorkingKeys(KeysTripleDES, field)
	require.NoError(t, err)
	require.Error(t, f.Install(t.Context(), w))
	_, err = f.Session(t.Context())
	require.ErrorIs(t, err, ErrNoKeys)
}

func TestKeysAndPINsCannotBePrinted(t *testing.T) {
	k, p := key(t, DES, masterHex), pin(t, "739154")
	type hidden struct {
		key Key
		pin PIN
		K   *Key
	}
	m := NewMemory(k, Settings{})
	var log bytes.Buffer
	for _, v := range []any{k, &k, p, &p, hidden{k, p, &k}, m, []Key{k}, map[string]PIN{"a": p}, workingSession{keys: working{pin: k}}} {
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "%d", "%p", "%08b"} {
			fmt.Fprintf(&log, verb+"\n", v)
		}
		if j, err := json.Marshal(v); err == nil {
			log.Write(j)
		}
		slog.New(slog.NewTextHandler(&log, nil)).Info("x", "v", v)
	}
	for _, secret := range []string{masterHex, strings.Repeat("1", 8), "49 49 49", "0x31, 0x31", "739154", "7 3 9 1", "31313131"} {
		require.NotContains(t, log.String(), secret)
	}
}
