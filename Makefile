# make demo          a practice image, opened in the editor
# make test          everything a merge needs: formatting, lint with the analysers of vet, tests, and the race detector
#                    where more than one goroutine runs
# make build         the program, ./shunt
# make bench         the benchmarks
# make crash         the long crash run: at least 500,000 states, and 500 kills of the real program
# make matrix        every file system x operation x kind of table by itself, and every move x kind of table: minutes
# make screenshots   the pictures of the README, taken from the real program
# make lint          the linters alone
# make fmt           put the source in the form that lint wants
# make install       ./shunt, its manual page and shell completions below PREFIX (default /usr/local), within DESTDIR
# make uninstall     remove what install put there
# make clean         remove what the others made
#
# demo, test, bench and screenshots first install the Debian packages they need (.ci/install); nothing is installed
# that is already there.

PREFIX ?= /usr/local

# Where manual pages and completions are looked for.
MAN = $(PREFIX)/share/man/man1/shunt.1
BASH = $(PREFIX)/share/bash-completion/completions/shunt
ZSH = $(PREFIX)/share/zsh/site-functions/_shunt
FISH = $(PREFIX)/share/fish/vendor_completions.d/shunt.fish

# Flags for go test, as in: make test TESTFLAGS='-run Crash -v'
TESTFLAGS ?=

# Which benchmarks to run, a regular expression.
BENCH ?= .

# A plain user's PATH often lacks the directories with mke2fs and sfdisk.
export PATH := $(PATH):/usr/local/sbin:/usr/sbin:/sbin

.PHONY: all demo test bench crash matrix build screenshots lint fmt vet plain race install uninstall clean
.NOTPARALLEL:

all: build

# Pure Go, so that the program runs on any Linux of its architecture and no C compiler is needed to build it.
build:
	CGO_ENABLED=0 go build -trimpath -o shunt .

demo:
	@.ci/install demo
	@$(MAKE) --no-print-directory build
	./shunt demo

test:
	@.ci/install test
	@$(MAKE) --no-print-directory lint plain race

vet:
	@echo "== go vet"
	go vet ./...

# The formatters of .golangci.yml (gofumpt, gci) report here too.
lint:
	@echo "== golangci-lint"
	.ci/lint run ./...

fmt:
	.ci/lint fmt

# Tests of the editor that draw thousands of screens on one goroutine: the detector makes them six times slower.
DRAWN = ^(TestScreens|TestASCII|TestEveryKeyAnswers|TestHelpShowsEverything|TestReportDefaultsToNo|TestPicker)$$

# -vet=off: lint has all of vet's analysers. What needs no detector goes first, as lint has built the packages for it.
plain:
	@echo "== go test"
	packages=$$(.ci/racy no) && go test -vet=off -timeout 40m $(TESTFLAGS) $$packages
	go test -vet=off -timeout 40m $(TESTFLAGS) -run '$(DRAWN)' ./tui
	@# The end-to-end tests run the program as processes of their own, many times.
	go test -vet=off -p 1 -timeout 20m $(TESTFLAGS) ./tui/cli ./screenshots

race:
	@echo "== go test -race"
	@# Compilers that collect less garbage are a fifth cheaper; the tests themselves run as they would anywhere.
	packages=$$(.ci/racy yes) && export CGO_ENABLED=1 && \
	GOGC=400 go list -race -export -deps -test $$packages >/dev/null && \
	go test -race -vet=off -timeout 40m $(TESTFLAGS) -skip '$(DRAWN)' $$packages

bench:
	@.ci/install test
	go test -run '^$$' -bench '$(BENCH)' -benchmem $(TESTFLAGS) ./...

crash:
	@.ci/install test
	go test ./ops/txn -run 'Crash|Fault|Corrupt|Mutation' -states 500000 -timeout 60m -v
	go test ./tui/cli -run 'Kill|Racing' -kills 500 -rounds 50 -timeout 90m -v

matrix:
	@.ci/install test
	go test ./tui/cli -run 'Matrix|Moves' -matrix -timeout 90m -v $(TESTFLAGS)

screenshots:
	@.ci/install screenshots
	@$(MAKE) --no-print-directory build
	go run ./screenshots

# Builds only if ./shunt is not there: root, who installs, often has no Go.
install:
	@test -x shunt || $(MAKE) --no-print-directory build
	install -D -m 0755 shunt '$(DESTDIR)$(PREFIX)/bin/shunt'
	@# The program makes its own manual page and completions; a file that it cannot make must not be installed empty.
	@set -e; made=$$(mktemp -d); trap 'rm -rf "$$made"' EXIT; \
	./shunt man >"$$made/man"; \
	for shell in bash zsh fish; do ./shunt completion $$shell >"$$made/$$shell"; done; \
	put() { echo "install -D -m 0644 $$2"; install -D -m 0644 "$$made/$$1" "$$2"; }; \
	put man '$(DESTDIR)$(MAN)'; put bash '$(DESTDIR)$(BASH)'; put zsh '$(DESTDIR)$(ZSH)'; put fish '$(DESTDIR)$(FISH)'

uninstall:
	rm -f '$(DESTDIR)$(PREFIX)/bin/shunt' '$(DESTDIR)$(MAN)' '$(DESTDIR)$(BASH)' '$(DESTDIR)$(ZSH)' '$(DESTDIR)$(FISH)'

clean:
	rm -rf shunt .bin coverage.out
