package emv_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/openecr/openecr/emv"
)

// unionPaySale is field 55 of a sale: cryptogram, counter and IAD of a published
// UnionPay trace, the rest as a terminal in a shop in China has it.
const unionPaySale = "9F2608B04398D218017BF9 9F270180 9F100807000103A0A80201 9F37043510540E 9F36020006 95050000008000 9A03261122 9C0100 9F0206000000001280 " +
	"5F2A020156 82027C00 9F1A020156 9F0306000000000000 9F3303E0F8C8 9F3403420300 9F350122 9F1E083132333435363738 8408A000000333010102 9F09020020 9F410400000042"

func sale(t testing.TB) emv.Objects {
	l, err := emv.Parse(unhex(t, unionPaySale), emv.Options{})
	require.NoError(t, err)
	return l
}

func without(l emv.Objects, tags ...emv.Tag) func(emv.Tag) ([]byte, bool) {
	return func(t emv.Tag) ([]byte, bool) {
		for _, x := range tags {
			if x == t {
				return nil, false
			}
		}
		return l.Find(t)
	}
}

func tagsOf(t testing.TB, b []byte) string {
	l, err := emv.Parse(b, emv.Options{})
	require.NoError(t, err)
	var out []string
	for _, o := range l {
		out = append(out, o.Tag.String())
	}
	return strings.Join(out, " ")
}

func TestBuildField55(t *testing.T) {
	all := append(sale(t), emv.Object{Tag: emv.TagDeviceScriptResults, Value: unhex(t, "2000000001")}, emv.Object{Tag: emv.TagARC, Value: []byte("00")},
		emv.Object{Tag: emv.TagPAN, Value: unhex(t, "6212345678901265")}, emv.Object{Tag: emv.TagTrack2, Value: unhex(t, "6212345678901265D3012201123456789F")})
	for _, c := range []struct {
		list emv.TagList
		want string
	}{
		{emv.UnionPayOnline(), "9F26 9F27 9F10 9F37 9F36 95 9A 9C 9F02 5F2A 82 9F1A 9F03 9F33 9F34 9F35 9F1E 84 9F09 9F41"},
		{emv.UnionPayReversal(), "95 9F10 9F36 9F1E DF31"},
		{emv.UnionPayScriptNotice(), "9F33 95 9F37 9F10 9F26 9F36 82 DF31 9F1A 9A 9F1E"},
		{emv.UnionPayTCUpload(), "9F26 9F27 9F10 9F37 9F36 95 9A 9C 9F02 5F2A 82 9F1A 9F03 9F33 9F34 9F35 9F1E 84 9F09 9F41 8A"},
		{emv.VisaOnline(), "82 95 9A 9C 5F2A 9F02 9F03 9F10 9F1A 9F26 9F33 9F36 9F37 84 9F09 9F1E 9F27 9F34 9F35 9F41"},
		{emv.MastercardOnline(), "82 95 9A 9C 5F2A 9F02 9F03 9F10 9F1A 9F26 9F33 9F36 9F37 84 9F09 9F1E 9F27 9F34 9F35 9F41"},
	} {
		b, err := emv.BuildField55(c.list, all.Find)
		require.NoError(t, err, c.list.Name)
		require.Equal(t, c.want, tagsOf(t, b), c.list.Name)
		for _, tag := range c.list.Mandatory {
			_, err := emv.BuildField55(c.list, without(all, tag))
			require.ErrorIs(t, err, emv.ErrMissing)
			require.Contains(t, err.Error(), tag.String())
		}
		for _, tag := range c.list.Optional {
			_, err := emv.BuildField55(c.list, without(all, tag))
			require.NoError(t, err)
		}
	}
	b, err := emv.BuildField55(emv.UnionPayOnline(), sale(t).Find)
	require.NoError(t, err)
	require.Equal(t, unhex(t, unionPaySale), b, "in the order of the list")
}

func TestField55ErrorsNameWhatIsWrong(t *testing.T) {
	_, err := emv.BuildField55(emv.UnionPayOnline(), without(sale(t), emv.TagCryptogram, emv.TagTVR))
	var missing *emv.MissingError
	require.ErrorAs(t, err, &missing)
	require.Equal(t, []emv.Tag{emv.TagCryptogram, emv.TagTVR}, missing.Tags)
	require.Equal(t, "emv: data for the host is missing: field 55 of a UnionPay online request lacks 9F26 (application cryptogram), 95 (terminal verification results)", err.Error())

	short := func(tag emv.Tag) ([]byte, bool) {
		if tag == emv.TagTVR {
			return []byte{0}, true
		}
		return sale(t).Find(tag)
	}
	_, err = emv.BuildField55(emv.UnionPayOnline(), short)
	require.ErrorIs(t, err, emv.ErrField55BadValue)
	require.Contains(t, err.Error(), "95")

	size := len(unhex(t, unionPaySale))
	list := emv.UnionPayOnline()
	list.Max = size
	_, err = emv.BuildField55(list, sale(t).Find)
	require.NoError(t, err, "exactly full")
	list.Max = size - 1
	_, err = emv.BuildField55(list, sale(t).Find)
	require.ErrorIs(t, err, emv.ErrField55TooLong)
	_, err = emv.BuildField55(emv.TagList{Name: "a test", Mandatory: []emv.Tag{0xDF7F}}, func(emv.Tag) ([]byte, bool) { return make([]byte, 255), true })
	require.ErrorIs(t, err, emv.ErrField55TooLong)
}

func TestListsAreTheCallersOwn(t *testing.T) {
	l := emv.UnionPayTCUpload()
	l.Mandatory[0], l.Optional[0] = 0, 0
	require.Equal(t, emv.TagCryptogram, emv.UnionPayOnline().Mandatory[0])
	require.Equal(t, emv.TagCVMResults, emv.UnionPayTCUpload().Optional[0])
}

func ExampleBuildField55() {
	l, err := emv.Parse([]byte("\x95\x05\x00\x00\x00\x80\x00\x9f\x36\x02\x00\x06"), emv.Options{})
	if err != nil {
		fmt.Println(err)
		return
	}
	_, err = emv.BuildField55(emv.UnionPayReversal(), l.Find)
	fmt.Println(err)
	// Output: emv: data for the host is missing: field 55 of a UnionPay reversal lacks 9F10 (issuer application data)
}
