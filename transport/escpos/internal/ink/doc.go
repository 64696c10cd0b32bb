// Package ink holds what a thermal printer puts on paper, as dots: bitmaps,
// characters in cells of 12 by 24, bar codes and QR codes. Package escpos draws
// with it what a printer cannot print by itself, package paper draws what a
// printer would have printed.
//
// The characters are the 12-pixel faces of github.com/hajimehoshi/bitmapfont/v4
// doubled to 24 dots, with corners rounded. They hold every ideograph of GBK
// (20,902), so also GB2312 levels 1 and 2.
package ink
