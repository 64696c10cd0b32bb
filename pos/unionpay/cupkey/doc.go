// Package cupkey holds the keys of a terminal that speaks to an acquirer, and
// does with them what must be done: message authentication, PIN blocks, track
// encryption. Drivers see a Store; where the keys lie, in memory, in a sealed
// file or in a PIN pad or HSM, is the Store's business.
//
//	TMK (terminal master key 终端主密钥)   loaded once, never sent
//	  └── PIK (PIN 密钥)  MAK (MAC 密钥)  TDK (磁道密钥)   with every sign-on, encrypted under the TMK
//
//	keys := cupkey.NewMemory(tmk, cupkey.Settings{})
//	wrapped, err := cupkey.ParseWorkingKeys("003", field62)
//	err = keys.Install(ctx, wrapped)      // all check values right, or none is taken
//	s, err := keys.Session(ctx)
//	mac, err := s.MAC(message)
//
// Where other markets derive a key for every transaction instead, DUKPT
// implements the same Store: TDES (ANSI X9.24-1:2009) and AES (X9.24-3:2017).
//
// # Secrets
//
// Key and PIN print as masks, whatever the verb, and no error holds any of
// their bytes. Clear keys leave a Store never. Card data that must outlive a
// crash (for a reversal) is sealed with a key of the Store, see Store.Seal.
//
// # What to settle with the acquirer
//
// The MAC algorithm, single or double length MAK, whether tracks are encrypted,
// the layout of an SM4 PIN block (inferred here: both halves as in ISO 9564
// format 0, the PIN filled with F and the PAN with zeros to 16 bytes), and the
// sign-on code of SM4 (006 is known from one source).
package cupkey
