package shouqianba

import (
	"testing"

	"github.com/openecr/openecr/pos"
	"github.com/stretchr/testify/assert"
)

// The rule is MD5(CONCAT(body + key)), in lower-case hex (WoSai/shouqianba-doc, zh-cn/api/sign.md, whose body
// is {"params": "test"}; key and serial are those of the README of WoSai/shouqianba-webapi-pythondemo). The sums
// are of md5sum(1), not of this package.
func TestSignIsOfBodyAndKey(t *testing.T) {
	for _, v := range []struct{ body, key, want string }{
		{`{"params": "test"}`, "d1312asd31123tga123g11", "6999c0139fde4f6b99395bf1afddb4ae"},
		{`{}`, "", "99914b932bd37a50b983c5e7c90ae93b"},
		{`{"subject":"商品"}`, "d1312asd31123tga123g11", "de0716346a51e6f1fb0485a10995bafc"},
	} {
		assert.Equal(t, v.want, Sign([]byte(v.body), pos.NewSecret([]byte(v.key))), v.body)
	}
	assert.Equal(t, "138121 99914b932bd37a50b983c5e7c90ae93b", Authorization("138121", []byte("{}"), pos.Secret{}))
}
