package douyintest

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"net/http"
	"strings"
)

// doudian is the shop platform (抖店): two orders and a refund to read.
func (p *Platform) doudian(w http.ResponseWriter, r *request) {
	p.mu.Lock()
	p.calls[r.path]++
	fault := p.strike(r.path)
	p.mu.Unlock()
	method := strings.ReplaceAll(strings.Trim(r.path, "/"), "/", ".")
	mac := hmac.New(sha256.New, []byte(DoudianSecret))
	mac.Write([]byte(DoudianSecret + "app_key" + DoudianKey + "method" + method + "param_json" + string(r.raw) + "timestamp" + r.query.Get("timestamp") + "v2" + DoudianSecret))
	answer := reply{"code": 10000, "msg": "success", "log_id": "20261122"}
	switch {
	case r.query.Get("sign") != hex.EncodeToString(mac.Sum(nil)):
		answer = reply{"code": 40003, "msg": "sign", "sub_code": "isv.signature-invalid:1", "log_id": "20261122"}
	case r.query.Get("access_token") != DoudianToken:
		answer = reply{"code": 30001, "msg": "access_token " + r.query.Get("access_token"), "sub_code": "isv.access-token-expired", "log_id": "20261122"}
	case r.path == "/order/searchList":
		answer["data"] = reply{"shop_order_list": shopOrders(), "total": 2, "page": 0, "size": 100}
	case r.path == "/order/orderDetail":
		answer["data"] = reply{"shop_order_detail": shopOrders()[0]}
	case r.path == "/afterSale/List":
		answer["data"] = reply{"items": []reply{{"aftersale_info": reply{"aftersale_id": "146000000001"}}}, "total": 1}
	default:
		answer = reply{"code": 30002, "msg": "method"}
	}
	p.write(w, fault, answer)
}

func shopOrders() []reply {
	return []reply{
		{"order_id": "6496679971677798670", "order_status": 3, "order_status_desc": "已发货", "order_amount": 2990, "pay_amount": 2890, "create_time": 1790574818, "update_time": 1790574919},
		{"order_id": json.Number("6496679971677798671"), "order_status": 4, "order_status_desc": "已取消", "order_amount": 100, "pay_amount": 0, "create_time": 1790574818, "update_time": 1790574919},
	}
}
