// Package zvtproto reads and writes the messages of the ZVT protocol.
package zvtproto
