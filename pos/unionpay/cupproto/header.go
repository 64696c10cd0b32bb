package cupproto

import (
	"fmt"
	"strconv"
)

// HeaderLen is the length of the header (报文头).
const HeaderLen = 6

// Application classes (应用类别).
const (
	ClassStripe = 60 // 磁条卡支付
	ClassChip   = 61 // IC卡支付
)

// Header stands before the message and is not part of the MAC.
type Header struct {
	Class       int // 应用类别, two digits; 0 means 60 when sent
	SpecVersion int // 软件总版本号, two digits: 31 or 32; 22 and 0 at private hosts
	State       int // 终端状态: 0 trading, 1 test (inferred)
	// Request is what the host asks for in a reply (处理要求). A terminal sends 0 and
	// acts when the running transaction is over.
	Request HostRequest
	Sub     int // 软件分版本号, six digits: spec version and the vendor's, such as 311300
}

// HostRequest is what a host asks a terminal to do.
type HostRequest int

// What hosts ask for.
const (
	RequestNone        HostRequest = 0
	RequestParameters  HostRequest = 1 // 下传终端参数
	RequestState       HostRequest = 2 // 上传终端状态信息
	RequestSignOn      HostRequest = 3 // 重新签到, before the next transaction
	RequestCAKeys      HostRequest = 4 // 更新公钥
	RequestAIDs        HostRequest = 5 // 下载IC卡参数
	RequestTMS         HostRequest = 6 // TMS参数下载
	RequestBlacklist   HostRequest = 7 // 卡BIN黑名单下载 (one source)
	RequestRates       HostRequest = 8 // 汇率下载 (inferred)
	RequestContactless HostRequest = 9 // 非接参数下载 (one source)
)

var hostRequests = [...]string{"nothing", "download the parameters 下传参数", "upload the state 上传状态", "sign on again 重新签到",
	"update the CA keys 更新公钥", "download the IC parameters 下载IC卡参数", "TMS download", "download the blacklist 下载黑名单",
	"download exchange rates 下载汇率", "download the contactless parameters 下载非接参数"}

// String says it in words.
func (r HostRequest) String() string {
	if r < 0 || int(r) >= len(hostRequests) {
		return "request " + strconv.Itoa(int(r))
	}
	return hostRequests[r]
}

// Digits returns the twelve digits of the header.
func (h Header) Digits() string {
	if h.Class == 0 {
		h.Class = ClassStripe
	}
	return fmt.Sprintf("%02d%02d%d%d%06d", h.Class, h.SpecVersion, h.State, int(h.Request), h.Sub)
}

func (h Header) append(dst []byte) ([]byte, error) {
	digits := h.Digits()
	if len(digits) != 2*HeaderLen {
		return dst, &Error{Field: PartHeader, Offset: -1, Err: malformed("a number does not fit its digits: %s", digits)}
	}
	dst, at := appendDigits(dst, []byte(digits), false, false)
	if at >= 0 {
		return dst, &Error{Field: PartHeader, Offset: -1, Err: malformed("a number is negative")}
	}
	return dst, nil
}

// readHeader reads HeaderLen bytes. The int is the byte that is wrong.
func readHeader(b []byte) (Header, int, error) {
	if at := checkDigits(b, 2*HeaderLen, false, false); at >= 0 {
		return Header{}, at, malformed("a nibble that is no digit")
	}
	d := func(from, to int) int {
		n := 0
		for i := from; i < to; i++ {
			n = 10*n + int(nibbleAt(b, i))
		}
		return n
	}
	return Header{Class: d(0, 2), SpecVersion: d(2, 4), State: d(4, 5), Request: HostRequest(d(5, 6)), Sub: d(6, 12)}, 0, nil
}
