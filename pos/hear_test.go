package pos_test

import (
	"testing"

	"github.com/openecr/openecr/pos"
	"github.com/openecr/openecr/pos/postest"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestWhatIsHeardMakesNothingPaid(t *testing.T) {
	d := postest.NewFake(postest.FaultDecline)
	j := postest.NewMemoryJournal()
	till, err := pos.Open(t.Context(), pos.Config{ID: "lane", Journal: j, Drivers: map[string]pos.Driver{"card": d}})
	require.NoError(t, err)
	defer till.Close()
	money := pos.FromMinor(1280, pos.CNY)
	approved := pos.Reply{Outcome: pos.OutcomeApproved, Approved: money, Code: "SUCCESS"}

	declined, err := till.Charge(t.Context(), pos.ChargeRequest{Amount: money, Reference: "one"})
	require.ErrorIs(t, err, pos.ErrDeclined)
	a, err := till.Hear(t.Context(), declined.ID, pos.Reply{Outcome: pos.OutcomeReversed})
	require.NoError(t, err)
	assert.Equal(t, pos.StateDeclined, a.State, "nothing new")
	a, err = till.Hear(t.Context(), declined.ID, approved)
	require.ErrorIs(t, err, pos.ErrOutcomeUnknown)
	assert.Equal(t, pos.StateManual, a.State, "a late approval is for a person")
	require.Len(t, a.Alerts, 1)
	assert.Equal(t, pos.AlertLateApproval, a.Alerts[0].Kind)

	paid, err := till.Charge(t.Context(), pos.ChargeRequest{Amount: money, Reference: "two"})
	require.NoError(t, err)
	a, err = till.Hear(t.Context(), paid.ID, approved)
	require.NoError(t, err)
	assert.Equal(t, pos.StateApproved, a.State)
	assert.Empty(t, a.Alerts)
	_, err = till.Hear(t.Context(), "nobody-knows-it", approved)
	require.ErrorIs(t, err, pos.ErrNotFound)
}

func TestHearingOfADoubtAsks(t *testing.T) {
	d := postest.NewFake(postest.FaultLoseAnswer)
	d.Peer.QueryErr = postest.ErrFault
	till, err := pos.Open(t.Context(), pos.Config{ID: "lane", Journal: postest.NewMemoryJournal(), Drivers: map[string]pos.Driver{"card": d}, Times: pos.Times{AskEvery: 1, AskAtMost: 1}})
	require.NoError(t, err)
	defer till.Close()
	a, err := till.Charge(t.Context(), pos.ChargeRequest{Amount: pos.FromMinor(1280, pos.CNY)})
	require.ErrorIs(t, err, pos.ErrOutcomeUnknown)
	_, err = till.Hear(t.Context(), a.ID, pos.Reply{})
	require.ErrorIs(t, err, pos.ErrOutcomeUnknown)
	d.Peer.QueryErr = nil
	a, err = till.Hear(t.Context(), a.ID, pos.Reply{})
	require.NoError(t, err)
	assert.Equal(t, pos.StateApproved, a.State)
}
