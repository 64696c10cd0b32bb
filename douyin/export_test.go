package douyin

// For the tests of package douyin_test.
var (
	Public        = public
	RefusePrivate = refusePrivate
	ParseEvent    = parseEvent
)

// Judge reads an answer to a redemption as if it had come with this status.
func Judge(body []byte, status int) error {
	c := &Client{cfg: Config{Clock: fixedClock}}
	var reply struct {
		head
		Results []VerifyResult `json:"verify_results"`
	}
	_, err := c.judge(call{endpoint: VerifyEndpoint, out: &reply}, Hide("clt.token-in-fuzz"), body,
		&Error{Endpoint: VerifyEndpoint, Class: ErrDoubt, Reason: NotUnderstood, Retry: true, HTTPStatus: status})
	return err
}
