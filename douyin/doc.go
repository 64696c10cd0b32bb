// Package douyin is where group-buy vouchers (抖音团购核销) will live: the open
// platform in its own words, and its pos.Driver. It holds nothing yet.
package douyin
