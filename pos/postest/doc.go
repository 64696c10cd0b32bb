/*
Package postest tests what implements package pos, and what uses it.

	TestDriver    what every driver passes: both sides of every barrier killed
	TestJournal   what every journal passes
	Fake, Peer    a driver without a wire and its host with books and faults
	MemoryJournal a journal without a disk
	Barriers      a journal that dies at any barrier, or loses any kind of them
	Witness       a driver that checks that nothing leaves before it is durable
	Agree         compares a journal with a peer's books

A register's own tests use the Fake:

	fake := postest.NewFake(postest.FaultLoseAnswer)
	till, err := pos.Open(ctx, pos.Config{ID: "test", Journal: postest.NewMemoryJournal(),
		Drivers: map[string]pos.Driver{"card": fake}})
*/
package postest
