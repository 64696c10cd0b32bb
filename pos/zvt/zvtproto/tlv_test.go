package zvtproto

import (
	"bytes"
	"testing"

	"pgregory.net/rapid"
)

func TestTagsAndLengthsAreReadByTheRules(t *testing.T) {
	long := func(n int) []byte { return bytes.Repeat([]byte{0x41}, n) }
	for _, c := range []struct {
		name string
		in   []byte
		want Object
	}{
		{"a one-byte tag", hexBytes(t, "12 01 42"), Primitive(TagPrinterWidth, 0x42)},
		{"a two-byte tag", hexBytes(t, "1F 10 01 02"), Primitive(TagAuthentication, 2)},
		{"length 0", hexBytes(t, "1F 1F 00"), Object{Tag: TagUniqueID, Value: []byte{}}},
		{"length 7F", append([]byte{0x46, 0x7F}, long(0x7F)...), Object{Tag: TagEMVCustomer, Value: long(0x7F)}},
		{"length 81 80", append([]byte{0x46, 0x81, 0x80}, long(0x80)...), Object{Tag: TagEMVCustomer, Value: long(0x80)}},
		{"length 82 01 00, high byte first", append([]byte{0x46, 0x82, 1, 0}, long(0x100)...), Object{Tag: TagEMVCustomer, Value: long(0x100)}},
		{"a constructed tag", hexBytes(t, "27 03 14 01 FE"), Constructed(TagCharsets, Primitive(TagCharset, 0xFE))},
		{"an empty constructed tag", hexBytes(t, "24 00"), Object{Tag: TagDisplayTexts}},
		{"an unknown constructed tag that cannot be read inside", hexBytes(t, "3F 01 02 41 09"), Object{Tag: 0x3F01, Value: []byte{0x41, 0x09}}},
		{"1F8000 as three bytes when the length fits", hexBytes(t, "1F 80 00 03 61 2E 62"), Primitive(TagFileName, 'a', '.', 'b')},
		{"1F80 as two bytes when only that fits", hexBytes(t, "1F 80 05 61 2E 74 78 74"), Primitive(TagFileNameShort, 'a', '.', 't', 'x', 't')},
		{"1F81 as two bytes with a long length", append([]byte{0x1F, 0x81, 0x81, 0x80}, long(0x80)...), Object{Tag: TagFileMIMEShort, Value: long(0x80)}},
	} {
		got, err := ParseTLV(c.in)
		noError(t, err, c.name)
		equal(t, TLV{Objects: []Object{c.want}}, got, c.name)
		out, err := got.Append(nil)
		noError(t, err, c.name)
		again, err := ParseTLV(out)
		noError(t, err, c.name)
		equal(t, got, again, c.name)
	}
}

func TestNestingIsBounded(t *testing.T) {
	o := Primitive(TagTextLine, 'x')
	for range MaxTLVDepth - 1 {
		o = Constructed(TagFile, o)
	}
	b, err := TLV{Objects: []Object{o}}.Append(nil)
	noError(t, err)
	_, err = ParseTLV(b)
	noError(t, err)
	_, err = TLV{Objects: []Object{Constructed(TagFile, o)}}.Append(nil)
	isError(t, err, ErrDepth)
	_, err = ParseTLV(append([]byte{0x2D, byte(len(b))}, b...))
	isError(t, err, ErrDepth)
	isError(t, checkTLV(append([]byte{0x2D, byte(len(b))}, b...)), ErrDepth)
}

func TestObjectsThatCannotBeWrittenAreRefused(t *testing.T) {
	for _, o := range []Object{
		{Tag: 0x1F, Value: []byte{1}}, {Tag: 0x1F90, Value: []byte{1}}, {Tag: 0x0110, Value: []byte{1}},
		{Tag: TagTextLine, Children: []Object{Primitive(TagTextLine)}},
		{Tag: TagFile, Value: []byte{1}, Children: []Object{Primitive(TagTextLine)}},
	} {
		_, err := TLV{Objects: []Object{o}}.Append(nil)
		isError(t, err, ErrFormat, o)
	}
}

func TestTheTableOfTagsIsInOrderAndValid(t *testing.T) {
	for i, info := range tagTable {
		if i > 0 && tagTable[i-1].Tag >= info.Tag {
			t.Errorf("%v is out of order", info.Tag)
		}
		if !info.Tag.valid() || info.Name == "" {
			t.Errorf("%v is no tag", info.Tag)
		}
		equal(t, info.Encoding == EncodingContainer, info.Tag.Constructed(), info.Tag)
	}
	for _, tag := range []Tag{TagTrack1, TagTrack2, TagTrack3, TagLongPassword, TagCardAPDUs} {
		equal(t, true, tag.secret(), tag)
	}
}

// objects draws trees that Append accepts.
func objects(depth int) *rapid.Generator[[]Object] {
	tags := rapid.SampledFrom([]Tag{TagTextLine, TagAttribute, TagCardTypeID, TagAuthentication, TagFileName, TagFileNameShort,
		0x1F8305, 0xDF8101, 0x9F01, TagPrintTexts, TagFile, TagBarcode, TagCoupon, 0x3F01})
	return rapid.Custom(func(t *rapid.T) []Object {
		var out []Object
		for range rapid.IntRange(0, 4).Draw(t, "n") {
			o := Object{Tag: tags.Draw(t, "tag")}
			switch {
			case !o.Tag.Constructed():
				o.Value = rapid.SliceOfN(rapid.Byte(), 0, 200).Draw(t, "value")
			case depth < MaxTLVDepth:
				o.Children = objects(depth+1).Draw(t, "children")
			}
			out = append(out, o)
		}
		return out
	})
}

// An empty object nests nothing, so it may stand on the deepest level.
func TestAnEmptyContainerMayBeTheDeepest(t *testing.T) {
	for _, tag := range []Tag{TagPrintTexts, 0x3F01} {
		o := Object{Tag: tag}
		for range MaxTLVDepth - 1 {
			o = Object{Tag: TagPrintTexts, Children: []Object{o}}
		}
		want := TLV{Objects: []Object{o}}
		b, err := want.Append(nil)
		noError(t, err)
		got, err := ParseTLV(b)
		noError(t, err)
		equal(t, want.String(), got.String())
	}
}

func TestTreesSurviveEncodingAndDecoding(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		want := TLV{Objects: objects(1).Draw(t, "objects")}
		b, err := want.Append(nil)
		if err != nil {
			t.Fatal(err)
		}
		if err := checkTLV(b); err != nil {
			t.Fatal(err)
		}
		got, err := ParseTLV(b)
		if err != nil || got.String() != want.String() {
			t.Fatalf("got %v (%v), want %v", got, err, want)
		}
		again, err := got.Append(nil)
		if err != nil || !bytes.Equal(b, again) {
			t.Fatalf("got % X want % X", again, b)
		}
	})
}
