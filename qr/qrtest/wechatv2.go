package qrtest

import "net/http"

// serveV2 answers the older XML API.
func (w *WeChat) serveV2(rw http.ResponseWriter, r *http.Request, text []byte) {
	http.NotFound(rw, r)
}
