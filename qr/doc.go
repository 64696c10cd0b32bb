// Package qr is where payment codes will live: EMVCo payloads, their images,
// and the wallets behind them, each in a folder of its own. It holds nothing yet.
package qr
