# Two commands for people: `go run ./examples/till demo` and `make test`.
# Everything here needs Go; `make test` also uses a C compiler for the race
# detector and installs one where it may (Debian, root).

GO ?= go
# A count of inputs, not a time: go test -fuzz can report a clean run as failed
# ("context deadline exceeded") when its time ends while an input is running.
FUZZTIME ?= 300000x
STATICCHECK = $(GO) run honnef.co/go/tools/cmd/staticcheck@v0.8.2

.PHONY: test deps check unit static race cross fuzz bench lint cover

test: deps check unit static race cross fuzz-short bench-once
	@echo "make test: all passed"

# What the tests need besides Go: a C compiler for the race detector.
deps:
	@if ! command -v gcc >/dev/null 2>&1; then \
		if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then \
			apt-get update -q && DEBIAN_FRONTEND=noninteractive apt-get install -q -y --no-install-recommends gcc libc6-dev; \
		else echo "make test needs gcc for the race detector; install it, or run: go test ./..." >&2; exit 1; fi; fi

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

lint:
	$(GO) vet ./...
	$(STATICCHECK) ./...

cover:
	$(GO) test -short -coverprofile=coverage.out -coverpkg=./pos/...,./transport/...,./internal/... ./...
	$(GO) tool cover -func=coverage.out | tail -n 1
