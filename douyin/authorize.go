package douyin

import (
	"net/url"
	"strconv"
	"strings"
)

// AuthorizePage is where a merchant authorises an app (服务应用授权).
const AuthorizePage = "https://auth.dylk.com/auth-isv/"

// Authorization is what a merchant is asked for. The numbers of solutions and
// permissions are the platform's and change: permission "redeem vouchers" is
// another number under every solution.
type Authorization struct {
	Solution    string   // solution_key, for example 16 group-buy (到综团购), 21 dining group-buy
	Permissions []string // permission_keys; 1 (shops) and 16 (authorisation) are mandatory
	OutShop     string   // comes back in the webhook life_saas_cooperate_auth_with_bind
	Extra       string
}

// AuthorizeURL is the signed page to open for a merchant, outside of a frame. By
// one source it is valid for 24 hours, and signed as SPI calls are.
func (c *Client) AuthorizeURL(a Authorization) (string, error) {
	if a.Solution == "" || len(a.Permissions) == 0 {
		return "", invalid("", "solution and permissions are needed")
	}
	q := url.Values{"client_key": {c.cfg.App}, "timestamp": {strconv.FormatInt(c.Now().Unix(), 10)}, "charset": {"UTF-8"},
		"solution_key": {a.Solution}, "permission_keys": {strings.Join(a.Permissions, ",")}}
	setID(q, "out_shop_id", ID(a.OutShop))
	setID(q, "extra", ID(a.Extra))
	q.Set("sign", SignSPI(c.cfg.Secret, q, nil))
	return AuthorizePage + "?" + q.Encode(), nil
}
