package douyin

import "net/http"

// Endpoint is the path of one of the platform's calls, with its trailing slash.
type Endpoint string

// The calls this package makes. Documented at developer.open-douyin.com under
// docs/resource/zh-CN/local-life.
const (
	ClientTokenEndpoint  Endpoint = "/oauth/client_token/"
	StableTokenEndpoint  Endpoint = "/oauth/stable_client_token/"
	PrepareEndpoint      Endpoint = "/goodlife/v1/fulfilment/certificate/prepare/"             // 验券准备
	VerifyEndpoint       Endpoint = "/goodlife/v1/fulfilment/certificate/verify/"              // 验券
	BatchVerifyEndpoint  Endpoint = "/goodlife/v1/fulfilment/certificate/batch_verify/"        // 跨订单验券
	CancelEndpoint       Endpoint = "/goodlife/v1/fulfilment/certificate/cancel/"              // 撤销核销
	GetEndpoint          Endpoint = "/goodlife/v1/fulfilment/certificate/get/"                 // 券状态查询
	QueryEndpoint        Endpoint = "/goodlife/v1/fulfilment/certificate/query/"               // 券状态批量查询
	RecordsEndpoint      Endpoint = "/goodlife/v1/fulfilment/certificate/verify_record/query/" // 验券历史查询
	ShopsEndpoint        Endpoint = "/goodlife/v1/shop/poi/query/"                             // 门店查询
	ProductsEndpoint     Endpoint = "/goodlife/v1/goods/product/online/query/"                 // 商品线上数据列表
	ProductEndpoint      Endpoint = "/goodlife/v1/goods/product/online/get/"                   // 商品线上数据
	OrdersEndpoint       Endpoint = "/goodlife/v1/trade/order/query/"                          // 订单查询
	LedgerEndpoint       Endpoint = "/goodlife/v1/settle/ledger/query/"                        // 账单查询
	LedgerByCertEndpoint Endpoint = "/goodlife/v1/settle/ledger/query_record_by_cert/"         // 分账明细查询
	LedgerDetailEndpoint Endpoint = "/goodlife/v1/settle/ledger/detailed_query/"               // 账单详细查询
	RefundEndpoint       Endpoint = "/goodlife/v1/groupon/order/refund/apply/"                 // 发起退款
	RefundsEndpoint      Endpoint = "/goodlife/v1/akte/after_sale/order/query/"                // 退款单列表查询
	IssueEndpoint        Endpoint = "/goodlife/v1/fulfilment/create/callback/"                 // 发券回调
	RefundAuditEndpoint  Endpoint = "/goodlife/v1/fulfilment/refund/audit/"                    // 审核回调
)

// Calls a second that the platform publishes for one app, or, where it
// publishes nothing, DefaultRate, which is ours.
const (
	PrepareRate      = 200
	RecordsRate      = 100
	LedgerRate       = 20
	LedgerByCertRate = 300
	OrdersRate       = 20 // known from one source only
	RefundsRate      = 10
	RefundAuditRate  = 1000
	DefaultRate      = 50
	// TokenRate keeps far below the 500 fetches in five minutes that the platform counts as too many.
	TokenRate = 1
)

// trait is what the client must know of a call.
type trait struct {
	method string
	rate   float64
	// replay allows one repetition with a new token after the platform refused
	// the old one. Each has its reason.
	replay bool
	// moves says that vouchers or money move: both codes of the envelope must be there.
	moves bool
}

var traits = map[Endpoint]trait{
	// The token's own calls carry no token.
	ClientTokenEndpoint: {method: http.MethodPost, rate: TokenRate},
	StableTokenEndpoint: {method: http.MethodPost, rate: TokenRate},
	// Reading changes nothing.
	PrepareEndpoint:      {method: http.MethodGet, rate: PrepareRate, replay: true},
	GetEndpoint:          {method: http.MethodGet, rate: DefaultRate, replay: true},
	QueryEndpoint:        {method: http.MethodGet, rate: DefaultRate, replay: true},
	RecordsEndpoint:      {method: http.MethodGet, rate: RecordsRate, replay: true},
	ShopsEndpoint:        {method: http.MethodGet, rate: DefaultRate, replay: true},
	ProductsEndpoint:     {method: http.MethodGet, rate: DefaultRate, replay: true},
	ProductEndpoint:      {method: http.MethodGet, rate: DefaultRate, replay: true},
	OrdersEndpoint:       {method: http.MethodGet, rate: OrdersRate, replay: true},
	LedgerEndpoint:       {method: http.MethodGet, rate: LedgerRate, replay: true},
	LedgerByCertEndpoint: {method: http.MethodGet, rate: LedgerByCertRate, replay: true},
	LedgerDetailEndpoint: {method: http.MethodGet, rate: LedgerRate, replay: true},
	RefundsEndpoint:      {method: http.MethodGet, rate: RefundsRate, replay: true},
	// The token is judged before the voucher, and the verify_token makes the
	// same body one redemption however often it arrives.
	VerifyEndpoint:      {method: http.MethodPost, rate: DefaultRate, replay: true, moves: true},
	BatchVerifyEndpoint: {method: http.MethodPost, rate: DefaultRate, replay: true, moves: true},
	// An undo names the redemption it undoes: what is undone cannot be undone again.
	CancelEndpoint: {method: http.MethodPost, rate: DefaultRate, replay: true, moves: true},
	// No key makes two applications one refund, and partial refunds may come
	// several times: never repeated by itself.
	RefundEndpoint: {method: http.MethodPost, rate: DefaultRate, moves: true},
	// The same codes for the same order, the same verdict on the same after-sale.
	IssueEndpoint:       {method: http.MethodPost, rate: DefaultRate, replay: true, moves: true},
	RefundAuditEndpoint: {method: http.MethodPost, rate: RefundAuditRate, replay: true, moves: true},
}
