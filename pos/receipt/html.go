package receipt

import (
	"bytes"
	"encoding/base64"
	"errors"
	"html/template"
	"image"
	"image/png"

	"github.com/openecr/openecr/pos"
)

// HTML renders the slip as a page of its own, 80 mm wide on paper, that
// a browser can show, mail or print. It loads nothing from anywhere. Errors: a
// QR code that holds too much.
func HTML(s Slip) ([]byte, error) {
	page := htmlPage{Title: s.Title, Lang: string(s.Lang)}
	if page.Lang == "" {
		page.Lang = string(pos.English)
	}
	for _, b := range s.Blocks {
		h, err := htmlOf(b)
		if err != nil {
			return nil, err
		}
		page.Blocks = append(page.Blocks, h)
	}
	var out bytes.Buffer
	err := htmlTemplate.Execute(&out, page)
	return out.Bytes(), err
}

type htmlPage struct {
	Title, Lang string
	Blocks      []htmlBlock
}

// htmlBlock is a block as the template sees it.
type htmlBlock struct {
	Kind, Class, Text, Value string
	Lines                    []string
	Picture                  template.URL // of our own making
}

func htmlOf(b Block) (htmlBlock, error) {
	switch b := b.(type) {
	case Paragraph:
		return htmlBlock{Kind: "text", Class: htmlClass(b.Align, b.Size, b.Bold, b.Inverse), Text: b.Content}, nil
	case Pair:
		return htmlBlock{Kind: "pair", Class: htmlClass(Left, b.Size, b.Bold, false), Text: b.Label, Value: b.Value}, nil
	case Verbatim:
		return htmlBlock{Kind: "pre", Lines: b.Lines}, nil
	case Rule:
		if b.Double {
			return htmlBlock{Kind: "rule", Class: "double"}, nil
		}
		return htmlBlock{Kind: "rule"}, nil
	case Gap:
		return htmlBlock{Kind: "gap", Lines: make([]string, max(b.Lines, 0))}, nil
	case QR:
		m, err := qrPicture(b.Content)
		if err != nil {
			return htmlBlock{}, err
		}
		u, err := dataURL(m)
		return htmlBlock{Kind: "picture", Class: "qr", Text: b.Caption, Picture: u}, err
	case Barcode:
		return htmlBlock{Kind: "text", Class: "center mono", Text: b.Content}, nil
	case Logo:
		u, err := dataURL(b.Picture)
		return htmlBlock{Kind: "picture", Class: "logo", Picture: u}, err
	}
	return htmlBlock{}, errors.New("receipt: a block of a kind that HTML does not know")
}

func htmlClass(a Align, size Size, bold, inverse bool) string {
	class := [...]string{"left", "center", "right"}[a] + " " + [...]string{"normal", "tall", "large"}[size]
	if bold {
		class += " bold"
	}
	if inverse {
		class += " inverse"
	}
	return class
}

func dataURL(m image.Image) (template.URL, error) {
	var out bytes.Buffer
	if err := png.Encode(&out, m); err != nil {
		return "", err
	}
	return template.URL("data:image/png;base64," + base64.StdEncoding.EncodeToString(out.Bytes())), nil
}

var htmlTemplate = template.Must(template.New("slip").Parse(`<!DOCTYPE html>
<html lang="{{.Lang}}"><head><meta charset="utf-8"><title>{{.Title}}</title>
<meta name="viewport" content="width=device-width, initial-scale=1">
<style>
@page { size: 80mm auto; margin: 0 }
body { margin: 0; background: #e8e8e8; color: #000; font: 14px/1.4 "Noto Sans CJK SC", "PingFang SC", "Microsoft YaHei", sans-serif }
main { box-sizing: border-box; width: 80mm; margin: 0 auto; padding: 4mm; background: #fff; overflow-wrap: anywhere }
p, pre, hr { margin: 0 } pre, .mono { font-family: "DejaVu Sans Mono", "Noto Sans Mono CJK SC", monospace; font-size: 11px; line-height: 1.3; white-space: pre-wrap }
hr { border: 0; border-top: 1px dashed #000; margin: 2mm 0 } hr.double { border-top: 3px double #000 }
.center { text-align: center } .right { text-align: right } .tall { font-size: 1.3em } .large { font-size: 1.6em; line-height: 1.2 } .bold { font-weight: bold }
.inverse { background: #000; color: #fff; print-color-adjust: exact; -webkit-print-color-adjust: exact; padding: 1mm 0 }
.pair { display: flex; flex-wrap: wrap; justify-content: space-between; gap: 0 1em; white-space: pre-wrap } .pair b, .pair span + span { margin-left: auto; text-align: right }
figure { margin: 2mm 0; text-align: center } img { max-width: 100%; image-rendering: pixelated } .qr img { width: 35mm }
@media print { body { background: #fff } }
</style></head><body><main>
{{range .Blocks}}{{if eq .Kind "text"}}<p class="{{.Class}}">{{.Text}}</p>
{{else if eq .Kind "pair"}}<p class="pair {{.Class}}"><span>{{.Text}}</span><span>{{.Value}}</span></p>
{{else if eq .Kind "pre"}}<pre>{{range .Lines}}{{.}}
{{end}}</pre>
{{else if eq .Kind "rule"}}<hr class="{{.Class}}">
{{else if eq .Kind "gap"}}{{range .Lines}}<p>&nbsp;</p>
{{end}}{{else}}<figure class="{{.Class}}"><img src="{{.Picture}}" alt="{{.Text}}"><figcaption>{{.Text}}</figcaption></figure>
{{end}}{{end}}</main></body></html>
`))
