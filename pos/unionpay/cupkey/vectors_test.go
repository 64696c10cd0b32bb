package cupkey

import (
	"encoding/hex"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/openecr/openecr/emv"
)

func unhex(t testing.TB, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(strings.ReplaceAll(s, " ", ""))
	require.NoError(t, err)
	return b
}

func key(t testing.TB, alg Algorithm, s string) Key {
	t.Helper()
	k, err := NewKey(alg, unhex(t, s))
	require.NoError(t, err)
	return k
}

func pan(t testing.TB, s string) emv.PAN {
	t.Helper()
	p, err := emv.ParsePAN([]byte(s))
	require.NoError(t, err)
	return p
}

func pin(t testing.TB, s string) PIN {
	t.Helper()
	p, err := NewPIN([]byte(s))
	require.NoError(t, err)
	return p
}

func upper(b []byte) string { return strings.ToUpper(hex.EncodeToString(b)) }

func TestPublishedCheckValues(t *testing.T) {
	for _, c := range []struct {
		name, key string
		alg       Algorithm
		want      string
	}{
		// FIPS 81 style: the zero block under the key of the standard's examples.
		{"DES, the key of FIPS 81", "0123456789ABCDEF", DES, "D5D44FF7"},
		{"TDES, two keys, as HSM manuals show", "0123456789ABCDEFFEDCBA9876543210", DES, "08D7B4FB"},
		{"TDES with equal halves is DES", "0123456789ABCDEF0123456789ABCDEF", DES, "D5D44FF7"},
		// AES-ECB of zeros, as CyberChef's payment recipes publish it.
		{"AES-128", "00112233445566778899AABBCCDDEEFF", AES, "FDE4FBAE"},
	} {
		v := key(t, c.alg, c.key).CheckValue()
		require.Equal(t, c.want, upper(v[:]), c.name)
	}
}

// GB/T 32907-2016 annex A.1: key and text are the same sixteen bytes.
func TestPublishedSM4(t *testing.T) {
	k := key(t, SM4, "0123456789ABCDEFFEDCBA9876543210")
	b := unhex(t, "0123456789ABCDEFFEDCBA9876543210")
	k.ecb(b)
	require.Equal(t, "681EDF34D206965E86B3E94F536E4246", upper(b))
	k.unECB(b)
	require.Equal(t, "0123456789ABCDEFFEDCBA9876543210", upper(b))
}

func TestPublishedMACs(t *testing.T) {
	for _, c := range []struct {
		name      string
		alg       MACAlgorithm
		cipher    Algorithm
		key, data string
		want      string
	}{
		// The worked example public gateways carry (solo123/pgate, test/integration/pos_mac_test.rb).
		{"UnionPay ECB, single length", MACECB, DES, "2222222222222222", "1234567890ABCDEFABCDEF1234567890", "E267B6E2"},
		// ISO/IEC 9797-1 annex: "Now is the time for all " with K and K'.
		{"ISO 9797-1 algorithm 1, padding 1", MACX99, DES, "0123456789ABCDEF", hex.EncodeToString([]byte("Now is the time for all ")), "70A30640"},
		{"ISO 9797-1 algorithm 3, padding 1", MACX919, DES, "0123456789ABCDEFFEDCBA9876543210", hex.EncodeToString([]byte("Now is the time for all ")), "A1C72E74"},
		// RFC 4493 part 4.
		{"AES-CMAC of nothing", MACCMAC, AES, "2b7e151628aed2a6abf7158809cf4f3c", "", "BB1D6929"},
		{"AES-CMAC of 16 bytes", MACCMAC, AES, "2b7e151628aed2a6abf7158809cf4f3c", "6bc1bee22e409f96e93d7e117393172a", "070A16B4"},
		{"AES-CMAC of 40 bytes", MACCMAC, AES, "2b7e151628aed2a6abf7158809cf4f3c", "6bc1bee22e409f96e93d7e117393172aae2d8a571e03ac9c9eb76fac45af8e5130c81c46a35ce411", "DFA66747"},
	} {
		mac, err := MAC(c.alg, key(t, c.cipher, c.key), unhex(t, c.data))
		require.NoError(t, err, c.name)
		require.Equal(t, c.want, string(mac[:]), c.name)
	}
}

// ISO 9564-1 format 0: the example HSM manuals use.
func TestPublishedPINBlockField(t *testing.T) {
	b := pinField(pin(t, "1234"), 8, 0xF, 0)
	require.Equal(t, "041234FFFFFFFFFF", upper(b))
	a := accountField(pan(t, "43219876543210987"), 8)
	for i := range b {
		b[i] ^= a[i]
	}
	require.Equal(t, "0412AC89ABCDEF67", upper(b))
}

// X9.24-1:2009 A.4.1: base key, key serial number, and the first transactions.
func TestPublishedDUKPT(t *testing.T) {
	base := key(t, DES, "0123456789ABCDEFFEDCBA9876543210")
	var ksn [KSNLen]byte
	copy(ksn[:], unhex(t, "FFFF9876543210E00000"))
	initial, err := InitialKey(base, ksn)
	require.NoError(t, err)
	initial.Use(func(b []byte) { require.Equal(t, "6AC292FAA1315B4D858AB3A3D7D5933A", upper(b)) })
	for n, want := range map[uint32]struct{ key, pin string }{
		1: {"042666B49184CFA368DE9628D0397BC9", "1B9C1845EB993A7A"},
		2: {"C46551CEF9FD24B0AA9AD834130D3BC7", "10A01C8D02C69107"},
		3: {"0DF3D9422ACA56E547676D07AD6BADFA", "18DC07B94797B466"},
	} {
		require.Equal(t, want.key, upper(transactionKey(initial, ksn, n)), n)
		s, err := tdesSession(initial, ksn, n, Settings{MAC: MACX919})
		require.NoError(t, err)
		block, err := s.PINBlock(pin(t, "1234"), pan(t, "4012345678909"))
		require.NoError(t, err)
		require.Equal(t, want.pin, upper(block), n)
	}
	s, err := tdesSession(initial, ksn, 1, Settings{MAC: MACX919})
	require.NoError(t, err)
	require.Equal(t, "FFFF9876543210E00001", upper(s.KSN()))
	mac, err := s.MAC([]byte("4012345678909D987"))
	require.NoError(t, err)
	require.Equal(t, "9CCC7817", string(mac[:]), "of 9CCC78173FC4FB64")
}

// X9.24-3:2017 annex B: base key, initial key id, first counter.
func TestPublishedAESDUKPT(t *testing.T) {
	var id [IDLen]byte
	copy(id[:], unhex(t, "1234567890123456"))
	initial, err := InitialAESKey(key(t, AES, "FEDCBA9876543210F1F1F1F1F1F1F1F1"), id)
	require.NoError(t, err)
	initial.Use(func(b []byte) { require.Equal(t, "1273671EA26AC29AFA4D1084127652A1", upper(b)) })
	s, err := aesSession(initial, id, 1, Settings{MAC: MACCMAC})
	require.NoError(t, err)
	require.Equal(t, "123456789012345600000001", upper(s.KSN()))
	d := s.(*derived)
	d.pin.Use(func(b []byte) { require.Equal(t, "AF8CB133A78F8DC2D1359F18527593FB", upper(b)) })
	d.mac.Use(func(b []byte) { require.Equal(t, "A2DC23DE6FDE0824A2BC321E08E4B8B7", upper(b)) })
	long, err := InitialAESKey(key(t, AES, "FEDCBA9876543210F1F1F1F1F1F1F1F1FEDCBA9876543210F1F1F1F1F1F1F1F1"), id)
	require.NoError(t, err)
	long.Use(func(b []byte) {
		require.Equal(t, "CE9CE0C101D1138F97FB6CAD4DF045A7083D4EAE2D35A31789D01CCF0949550F", upper(b))
	})
	// The PIN block of format 4 in the standard's test vectors.
	var filler [8]byte
	copy(filler[:], unhex(t, "2F69ADDE2E9E7ACE"))
	block, err := pinBlock4(d.pin, pin(t, "1234"), pan(t, "4111111111111111"), filler)
	require.NoError(t, err)
	require.Equal(t, "A912150391AB65A67E52883D81CE2D15", upper(block))
}
