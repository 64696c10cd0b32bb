/*
Package escpos prints slips on receipt printers that speak ESC/POS, and opens
the cash drawer behind them.

	Profile        what a printer has: width, fonts, cutter, drawer, answers
	Builder        writes a Document for one profile; pure
	Document       bytes, and the places where printing may pause
	Printer        sends documents over a transport.Conn, asks, waits for paper
	paper          draws a stream as the printer would; pure
	escpostest     a printer that is a program

A slip:

	b := escpos.NewBuilder(profile)
	b.Text(escpos.Style{Bold: true, Width: 2, Height: 2, Align: escpos.Center}, "阳光超市")
	b.Rule()
	b.Row(escpos.Style{}, escpos.Column{Text: "乌龙茶 500ml"}, escpos.Column{Text: "¥ 6.50", Width: 9, Align: escpos.Right})
	b.QR("https://example.com/r/42", escpos.QROptions{})
	b.Cut(escpos.Partial)
	doc, err := b.Document()

# Words

A cell is the place of one character of font A, 12 by 24 dots; a Chinese
character takes two. A piece is what lies between two places where printing may
pause: a line, a band of a picture, a command.

# Characters

Text may come from anywhere. Control characters, line feeds among them,
bidirectional marks, zero-width and combining characters become "?", so no name
can be a command or begin a line of its own. Each other character is looked for
in ASCII, the profile's code pages, its Chinese font (GB2312 or GBK; never
four-byte GB18030, which printers turn into rubbish), and among plainer
characters that look alike (“ becomes ", — becomes -). A line that holds a
character found nowhere is drawn and sent as a picture, whole. Printers without
pictures print "?".

Bytes that a printer takes out of its stream wherever they stand (DLE EOT, DLE
ENQ, DLE DC4) never occur: text has none, pictures are changed by one dot, and
codes that hold them are sent as pictures.

# Printing

	wait until the printer is ready
	piece, mark, piece, mark          at most two ahead of what is confirmed
	   a mark is answered             the lines before it are on paper
	   silence                        DLE EOT 1-4 says why
	      paper, cover, cutter        Progress tells; the printer goes on by itself
	      all well, and still silent  the buffer is lost: ErrHalfPrinted

A line is never sent twice, so none is printed twice; a slip is whole only when
its last mark came back. How marks are made is in Confirm. A printer that has
no marks at all is trusted as far as its status goes, and no further: there a
short power cut on a serial line can go unseen.

A failed print says nothing about money.

# Sources

The command table is that of the makers' manuals (Epson ESC/POS reference;
Samsung and Bixolon SRP-350; Citizen, HPRT, NCR for QR codes). GS ( H function
48 and its answer 37 22 d1 d2 d3 d4 00 are in Epson's ESC/POS reference; that GS
r waits for paper is in the specification of the TM-T85. Numbers of code
pages beyond 15 differ by maker, as do the width of FS ! and the answer to GS r:
the profile says what holds.
*/
package escpos
