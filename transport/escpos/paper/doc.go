/*
Package paper draws what a receipt printer would print. It reads an ESC/POS
stream, with the commands of package escpos and those other programs use, and
returns the paper: as a picture, as text, and with what happened beside it.

	sheet, err := paper.Draw(paper.Width80, doc.Bytes())
	err = sheet.WritePNG(file, paper.ImageOptions{})
	fmt.Print(sheet.Text())

Draw is for a whole stream; a Head takes it in crumbs and tells what the host
asks, as a simulated printer needs it. Both are pure. Characters are dots of
github.com/hajimehoshi/bitmapfont/v4, bar codes and QR codes are real.

Nothing a stream holds makes them panic or grow without bound: paper is MaxRows
long, a command MaxCommand. What is not understood is skipped and counted.

# What is simpler than a printer

Font B is font A made smaller. Page mode, macros, downloaded characters, white
space between characters and the bar codes UPC-E, Codabar and Code 93 are not
drawn. Numbers of code pages beyond 19 print "?".
*/
package paper
