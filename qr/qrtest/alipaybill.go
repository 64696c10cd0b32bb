package qrtest

import (
	"archive/zip"
	"bytes"
	"crypto/rand"
	"fmt"
	"net/http"
	"strings"
	"time"

	"golang.org/x/text/encoding/simplifiedchinese"

	"github.com/openecr/openecr/qr/wallet"
)

// bill answers the application for a bill with a link to it.
func (a *Alipay) bill(in alipayRequest) alipayWords {
	day, err := time.ParseInLocation(time.DateOnly, in.BillDate, wallet.China)
	if err != nil || in.BillType != "trade" {
		return alipayFailed("isv.invalid-arguments", "参数有误")
	}
	lines := a.bank.bill(day)
	if len(lines) == 0 {
		return alipayFailed("isp.bill_not_exist", "账单不存在")
	}
	file, err := a.billZip(day, lines)
	if err != nil {
		return alipayFailed("ACQ.SYSTEM_ERROR", err.Error())
	}
	token := rand.Text()
	a.mu.Lock()
	a.bills[token] = file
	a.mu.Unlock()
	return alipayDone(alipayWords{"bill_download_url": a.srv.url + "/bill/file?fileId=" + token})
}

func (a *Alipay) serveBill(rw http.ResponseWriter, r *http.Request) {
	a.mu.Lock()
	file, ok := a.bills[r.URL.Query().Get("fileId")]
	a.mu.Unlock()
	if !ok {
		http.NotFound(rw, r)
		return
	}
	rw.Header().Set("Content-Type", "application/zip")
	rw.Write(file)
}

// billZip packs the lines and a summary, names and content in GBK.
func (a *Alipay) billZip(day time.Time, lines []billLine) ([]byte, error) {
	stem := a.cfg.SellerID + "0156_" + day.Format("20060102")
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for _, f := range []struct{ name, text string }{
		{stem + "_业务明细(汇总).csv", "#支付宝业务汇总查询\r\n"}, {stem + "_业务明细.csv", a.billText(day, lines)},
	} {
		name, err := simplifiedchinese.GBK.NewEncoder().String(f.name)
		if err != nil {
			return nil, err
		}
		text, err := simplifiedchinese.GBK.NewEncoder().String(f.text)
		if err != nil {
			return nil, err
		}
		w, err := z.CreateHeader(&zip.FileHeader{Name: name, NonUTF8: true, Method: zip.Deflate})
		if err != nil {
			return nil, err
		}
		w.Write([]byte(text))
	}
	err := z.Close()
	return b.Bytes(), err
}

const alipayColumns = "支付宝交易号,商户订单号,业务类型,商品名称,创建时间,完成时间,门店编号,门店名称,操作员,终端号,对方账户,订单金额（元）,商家实收（元）," +
	"支付宝红包（元）,集分宝（元）,支付宝优惠（元）,商家优惠（元）,券核销金额（元）,券名称,商家红包消费金额（元）,卡消费金额（元）,退款批次号/请求号,服务费（元）,分润（元）,备注"

// billText writes the file of lines as Alipay does: a tab before the comma of what is text.
func (a *Alipay) billText(day time.Time, lines []billLine) string {
	var b strings.Builder
	date := func(t time.Time) string { return t.Format("2006年01月02日 00:00:00") }
	fmt.Fprintf(&b, "#支付宝业务明细查询\r\n#账号：[%s0156]\r\n#起始日期：[%s]   终止日期：[%s]\r\n#%s业务明细列表%s\r\n%s\r\n",
		a.cfg.SellerID, date(day), date(day.AddDate(0, 0, 1)), strings.Repeat("-", 41), strings.Repeat("-", 40), alipayColumns)
	var in, back int64
	var ins, backs int
	for _, l := range lines {
		at, kind, sign, feeSign := l.time.In(wallet.China).Format(time.DateTime), "交易", "", "-"
		if l.refund != "" || l.undo {
			kind, sign, feeSign = "退款", "-", ""
			back, backs = back+l.amount, backs+1
		} else {
			in, ins = in+l.amount, ins+1
		}
		amount, fee := sign+yuan(l.amount), feeSign+yuan((l.amount*6+500)/1000)
		fmt.Fprintf(&b, "%s\t,%s\t,%s\t,商品,%s,%s,store-1\t,\t,clerk-1\t,till-1\t,*三(159****5620)\t,%s,%s,0.00,0.00,0.00,0.00,0.00,,0.00\t,0.00,%s\t,%s,0.00,\r\n",
			l.trade, l.order, kind, at, at, amount, amount, l.refund, fee)
	}
	fmt.Fprintf(&b, "#%s业务明细列表结束%s\r\n#交易合计：%d笔，商家实收共%s元，商家优惠共0.00元\r\n#退款合计：%d笔，商家实收退款共%s元，商家优惠退款共0.00元\r\n#导出时间：[%s]\r\n",
		strings.Repeat("-", 41), strings.Repeat("-", 36), ins, yuan(in), backs, yuan(-back), a.bank.Now().In(wallet.China).Format("2006年01月02日 15:04:05"))
	return b.String()
}
