// Package qrimage draws QR codes and says whether they can be read.
//
//	text --Encode--> Matrix --+-- PNG, SVG, Terminal
//	                          +-- Raster, Paper --> Bitmap: dots for a printer
//	     Scene.Draw --> Bitmap with caption and logo, to keep and to print
//	picture --Check--> Report: grades, and in words what to do
//
//	m, err := qrimage.Encode(text, qrimage.Options{})
//	dots, err := m.Paper(qrimage.Width80) // whole dots, quiet zone, never resampled
//	builder.Image(dots, escpos.ImageOptions{Dither: escpos.Threshold, Align: escpos.Center})
//
// # Words
//
// A module is one square of a code. The quiet zone is the white frame of four
// modules without which scanners do not find it. The level is how much of
// a code may be lost: L 7, M 15, Q 25, H 30 percent of its codewords (ISO/IEC
// 18004). M suits screens and paper; a logo in the middle needs H.
//
// # Thermal paper
//
// Heads print 8 dots a millimetre: 384 on paper of 58 mm, 576 on 80 mm. A module
// is a whole number of dots, at least MinDots (DENSO's advice: four, half a
// millimetre).
//
// # Check
//
// Check decodes the picture as an app would, pure first, because a search for
// the corners fails on one clean picture in eighty; then it measures. Grades are
// 4 to 0 in the manner of ISO/IEC 15415, whose limits for contrast it uses
// (inferred); module size and quiet zone follow DENSO and ISO/IEC 18004, and the
// damage margin is measured by pasting white squares on the code until it
// cannot be read. It is a measure of the picture: a worn print head shows on
// paper only, so photograph or scan what was printed.
//
// Pictures are black and white. Safe for concurrent use.
package qrimage
