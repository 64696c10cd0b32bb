# Two commands for people: `go run ./examples/till demo` and `make test`.
# Everything here needs Go; `make test` also uses a C compiler, libusb and QEMU,
# and installs them where it may (Debian, root).

GO ?= go
# A count of inputs, not a time: go test -fuzz can report a clean run as failed
# ("context deadline exceeded") when its time ends while an input is running.
FUZZTIME ?= 300000x
STATICCHECK = $(GO) run honnef.co/go/tools/cmd/staticcheck@v0.8.2

.PHONY: test deps check unit static race cross fuzz bench lint cover

test: deps check unit static race cross fuzz-short bench-once test-usb
	@echo "make test: all passed"

# What the tests need besides Go: a C compiler for the race detector.
deps:
	@if ! command -v gcc >/dev/null 2>&1; then \
		if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then \
			apt-get update -q && DEBIAN_FRONTEND=noninteractive apt-get install -q -y --no-install-recommends gcc libc6-dev; \
		else echo "make test needs gcc for the race detector; install it, or run: go test ./..." >&2; exit 1; fi; fi

# What the USB tests need: a C compiler, libusb, and an emulator to boot Linux in.
# The register in a real browser; not a part of `make test` yet.
.PHONY: deps-browser test-browser
deps-browser:
	@if ! command -v chromium >/dev/null 2>&1; then \
		if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then \
			apt-get update -q && DEBIAN_FRONTEND=noninteractive apt-get install -q -y --no-install-recommends chromium fonts-noto-cjk; \
		else echo "the browser test needs Debian's chromium and fonts-noto-cjk; install them, or run: go test ./..." >&2; exit 1; fi; fi

test-browser: deps-browser
	$(GO) vet -tags browser ./examples/till
	$(GO) test -count=1 -tags browser -run TestADayInTheBrowser ./examples/till

.PHONY: deps-usb test-usb bench-usb
USB_PACKAGES = qemu-system-x86 xz-utils libusb-1.0-0-dev pkg-config gcc libc6-dev
deps-usb:
	@if ! command -v qemu-system-x86_64 >/dev/null 2>&1 || ! command -v xz >/dev/null 2>&1 || ! pkg-config --exists libusb-1.0 2>/dev/null || ! command -v gcc >/dev/null 2>&1; then \
		if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then \
			apt-get update -q && DEBIAN_FRONTEND=noninteractive apt-get install -q -y --no-install-recommends $(USB_PACKAGES); \
		else echo "the USB tests need Debian's $(USB_PACKAGES); install them, or run: go test ./..." >&2; exit 1; fi; fi

# The packages of USB with libusb, and then in a guest with real USB: package
# transport/usb/usblab says how. About a minute and a half.
test-usb: deps-usb
	CGO_ENABLED=1 $(GO) vet -tags "libusb usblab" ./transport/usb/...
	CGO_ENABLED=1 $(GO) test -count=1 -tags libusb ./transport/usb/...
	$(GO) run ./transport/usb/usblab

bench-usb: deps-usb
	$(GO) run ./transport/usb/usblab -bench .

check:
	@unformatted=$$(gofmt -l $$(git ls-files '*.go')); \
		if [ -n "$$unformatted" ]; then echo "not gofmt-ed:" $$unformatted >&2; exit 1; fi
	$(GO) vet ./...
	$(GO) mod verify

unit:
	$(GO) test -count=1 ./...

# The same without any C.
static:
	CGO_ENABLED=0 $(GO) test -count=1 -short ./...

race:
	CGO_ENABLED=1 $(GO) test -race -count=1 -short ./...

# Systems and widths the tests do not run on must at least build.
cross:
	CGO_ENABLED=0 GOOS=windows GOARCH=amd64 $(GO) build ./...
	CGO_ENABLED=0 GOOS=darwin GOARCH=arm64 $(GO) build ./...
	CGO_ENABLED=0 GOOS=linux GOARCH=386 $(GO) vet ./pos/... ./transport/... ./internal/...

# Every fuzz target, FUZZTIME each. New findings land in testdata/fuzz: keep them.
fuzz:
	@set -e; for pkg in $$($(GO) list ./...); do \
		for f in $$($(GO) test -list '^Fuzz' $$pkg | grep '^Fuzz' || true); do \
			echo "fuzzing $$pkg $$f for $(FUZZTIME)"; \
			$(GO) test -run '^$$' -fuzz "^$$f\$$" -fuzztime $(FUZZTIME) $$pkg; \
		done; done

.PHONY: fuzz-short bench-once
fuzz-short:
	$(MAKE) fuzz FUZZTIME=5000x

# Benchmarks compile and run once on every change; figures come from `make bench`.
bench-once:
	OPENECR_BENCH_SMALL=1 $(GO) test -run '^$$' -bench . -benchtime 1x ./...

# Figures with their ratios, on this machine.
bench:
	$(GO) test -run '^$$' -bench . -benchmem ./...
	$(MAKE) bench-usb

lint:
	$(GO) vet ./...
	$(STATICCHECK) ./...

cover:
	$(GO) test -short -coverprofile=coverage.out -coverpkg=./pos/...,./transport/...,./internal/... ./...
	$(GO) tool cover -func=coverage.out | tail -n 1
