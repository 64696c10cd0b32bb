package chinaums

import (
	"crypto/sha256"
	"encoding/hex"
	"net/url"
	"testing"
	"time"

	"github.com/openecr/openecr/pos"
	"github.com/openecr/openecr/qr/wallet"
	"github.com/stretchr/testify/assert"
)

// exampleBody is of the platform's Java example, which prints its SHA-256.
const exampleBody = `{"merchantCode":"123456789900081","terminalCode":"00810001","merchantOrderId":"20123333644493200","transactionAmount":"1",` +
	`"merchantRemark":"测试","payMode":"CODE_SCAN","payCode":"285668667587422761","transactionCurrencyCode":"156"}`

// exampleKey is the made-up pair of examples. The sums are of Python's hashlib and hmac, not of this package.
const exampleKey = "12345678901234567890123456789012"

func TestSignatures(t *testing.T) {
	sum := sha256.Sum256([]byte(exampleBody))
	assert.Equal(t, "d60bc3aedeb853e2a11c0c096baaf19954dd9b752e48dea8e919e5fb29a42a8d", hex.EncodeToString(sum[:]))
	key := pos.NewSecret([]byte(exampleKey))
	const nonce = "be46cd581c9f46ecbd71b9858311ea12"
	at := time.Date(2019, 2, 27, 3, 31, 48, 0, time.UTC)
	want := "b60wkLfF/YnJ2mDwhNiwUs8PRm5v0T4xw1rtCr0o9W8="
	assert.Equal(t, want, Sign(exampleKey, key, "20190227113148", nonce, []byte(exampleBody)))
	assert.Equal(t, `OPEN-BODY-SIG AppId="`+exampleKey+`", Timestamp="20190227113148", Nonce="`+nonce+`", Signature="`+want+`"`,
		Authorization(exampleKey, key, at, nonce, []byte(exampleBody)), "stamped in China's time")
	form := FormParam(exampleKey, key, at, nonce, []byte(exampleBody))
	assert.Equal(t, want, form.Get("signature"))
	assert.Equal(t, "OPEN-FORM-PARAM 20190227113148", form.Get("authorization")+" "+form.Get("timestamp"))
}

func TestNoticeSignSortsAndLeavesOutEmpty(t *testing.T) {
	form := url.Values{"b": {"2"}, "a": {"1"}, "empty": {""}, "sign": {"x"}}
	assert.Equal(t, "1C123A5DC12E90DEEAA1CD94681F0D88", NoticeSign(form, pos.NewSecret([]byte("key"))))
	form.Set("signType", "SHA256")
	assert.Equal(t, "E9231FF71EB4522B1BD39D4C20EC95AAD26EECABB90ADE5FD07732B7CB969908", NoticeSign(form, pos.NewSecret([]byte("key"))))
}

func TestBillNumbersFitAndDiffer(t *testing.T) {
	assert.Equal(t, "1234lane1x2", BillNo("1234", "lane1x2"))
	seen := map[string]string{}
	for _, id := range []string{"lane-1-2-a", "lane-1-2-b", "0123456789012345678901234567", "01234567890123456789012345678", "01234567890123456789012345679"} {
		n := BillNo("1234", id)
		assert.LessOrEqual(t, len(n), 32)
		assert.True(t, plain(n))
		assert.Equal(t, n, BillNo("1234", id))
		assert.Empty(t, seen[n])
		seen[n] = id
	}
}

func testHost(t testing.TB) *Host {
	t.Helper()
	h, err := New(Config{AppID: "a", AppKey: pos.NewSecret([]byte("k")), Merchant: "123456789900081", Terminal: "00810001", IP: "192.0.2.1", Prefix: "1234",
		NotifyURL: "https://shop.example/ums", NoticeKey: pos.NewSecret([]byte("key"))})
	if err != nil {
		t.Fatal(err)
	}
	return h
}

func FuzzAnswers(f *testing.F) {
	for _, s := range []string{`{}`, `<html>PAID</html>`, `{"errCode":"00","queryResCode":"0","merchantOrderId":"n","originalTransactionAmount":"1"}`,
		`{"errCode":"00","amount":-1}`, `{"errCode":"SUCCESS","billStatus":"PAID","billNo":"1234n","totalAmount":1,"billPayment":{}}`, "a=1&sign=x"} {
		f.Add([]byte(s))
	}
	h, o := testHost(f), wallet.Order{Number: "n", Amount: pos.FromMinor(1, pos.CNY)}
	f.Fuzz(func(t *testing.T, body []byte) {
		var p posAnswer
		if e, err := parse(body, &p); err == nil {
			a, err := h.posOrder("fuzz", p, o, results[p.Result])
			if err == nil && a.State == wallet.Paid && (a.Amount.Minor() <= 0 || p.Number != "" && p.Number != "n") {
				t.Errorf("paid, but not ours: %s", body)
			}
			if len(a.Code) > maxWords || len(a.Text) > maxWords || len(e.text()) > maxWords {
				t.Error("too many words")
			}
		}
		var b billAnswer
		if _, err := parse(body, &b); err == nil {
			a, err := h.bill("fuzz", b)
			if err == nil && a.State == wallet.Paid && a.Amount.Minor() <= 0 {
				t.Errorf("paid, but it says not how much: %s", body)
			}
		}
		if _, err := h.Notice(t.Context(), nil, body); err == nil {
			t.Errorf("a notification without our key: %s", body)
		}
	})
}
