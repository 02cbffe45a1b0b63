# make demo          a practice image, opened in the editor
# make test          everything that a merge requires: formatting, lint with the analysers of vet, tests, and the race
#                    detector for packages in which goroutines meet
# make build         the program, ./shunt, and its manual page: man -M .man shunt
# make bench         the benchmarks
# make crash         the long crash run: at least 500,000 states, 1,000 sequences of edits of qcow2 images, and 500 kills of the
#                    real program
# make matrix        every file system x operation x kind of table by itself, every move x kind of table, and random changes
#                    of partitions from inside and outside: minutes
# make damage        every edit of every kind of damaged file system: minutes
# make boot          starts small systems in a virtual machine, before and after their images were edited: minutes
# make screenshots   the pictures of the README, taken from the real program
# make recording     the moving one alone: screenshots/recording.svg, and recording.cast for asciinema
# make lint          the linters alone
# make fmt           format the source as lint requires it
# make install       ./shunt, its manual page and shell completions below PREFIX (default /usr/local), within DESTDIR
# make uninstall     remove what install put there
# make clean         remove built files
#
# demo, test, bench, boot, screenshots and recording first install missing Debian packages (.ci/install).

PREFIX ?= /usr/local

# Where man and the shells look for manual pages and completions.
MAN = $(PREFIX)/share/man/man1/shunt.1
BASH = $(PREFIX)/share/bash-completion/completions/shunt
ZSH = $(PREFIX)/share/zsh/site-functions/_shunt
FISH = $(PREFIX)/share/fish/vendor_completions.d/shunt.fish

# Flags for go test, as in: make test TESTFLAGS='-run Crash -v'
TESTFLAGS ?=

# Which benchmarks to run, a regular expression.
BENCH ?= .

# An ordinary user's PATH often lacks the directories with mke2fs and sfdisk.
export PATH := $(PATH):/usr/local/sbin:/usr/sbin:/sbin

.PHONY: all demo test bench crash matrix damage boot build screenshots recording lint fmt vet plain race install uninstall clean
.NOTPARALLEL:

all: build

# Pure Go, so that the program runs on any Linux of its architecture and no C compiler is needed to build it.
build:
	CGO_ENABLED=0 go build -trimpath -o shunt .
	@# A program for another machine cannot print its page here.
	@mkdir -p .man/man1 && { ./shunt man >.man/man1/shunt.1 || rm -r .man; }

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

# The tests of ops/fsys in which goroutines meet: a tool's output is read while it runs. The others run tools one by one.
READ = ^(TestContents|TestServing)

# Tests of the editor that draw thousands of screens on one goroutine: the detector makes them six times slower.
DRAWN = ^(TestScreens|TestASCII|TestEveryKeyAnswers|TestEveryKeyIsListed|TestHelpShowsEverything|TestReportDefaultsToNo|TestPicker|TestOfferedKeysWork|TestMouseInBars|TestBytesPerTick|TestPickContents|TestDialogsExplainThemselves)$$

# Tests of ops/session that do the same to hundreds of images, one step after the other. The other tests there take the same
# paths with the detector.
HOSTILE = ^(TestPlanted|TestDamaged|TestListPlaces)$$

# -vet=off, because lint runs all of vet's analysers. The tests without the detector run first, because lint has already
# built their packages.
plain:
	@echo "== go test"
	packages=$$(.ci/racy no) && go test -vet=off -timeout 40m $(TESTFLAGS) $$packages ./ops/fsys
	go test -vet=off -timeout 40m $(TESTFLAGS) -run '$(DRAWN)|^TestRandomKeys$$' ./tui
	go test -vet=off -timeout 40m $(TESTFLAGS) -run '$(HOSTILE)' ./ops/session
	@# The end-to-end tests run the program many times, in processes of its own.
	go test -vet=off -p 1 -timeout 40m $(TESTFLAGS) ./tui/cli ./screenshots

race:
	@echo "== go test -race"
	@# With GOGC=400 the compiler takes a fifth less time. The tests themselves run with the default.
	packages=$$(.ci/racy yes | grep -vx ./ops/fsys) && export CGO_ENABLED=1 && \
	GOGC=400 go list -race -export -deps -test $$packages ./ops/fsys >/dev/null && \
	go test -race -vet=off -timeout 40m $(TESTFLAGS) -skip '$(DRAWN)|$(HOSTILE)' $$packages && \
	go test -race -vet=off -timeout 40m $(TESTFLAGS) -run '$(READ)' ./ops/fsys

bench:
	@.ci/install test
	go test -run '^$$' -bench '$(BENCH)' -benchmem $(TESTFLAGS) ./...

crash:
	@.ci/install test
	go test ./ops/txn -run 'Crash|Fault|Corrupt|Mutation' -states 500000 -timeout 60m -v
	go test ./ops/target/qcow2 -run 'PowerCut|Edits|Verdicts' -cuts 10000 -sequences 1000 -verdicts 1500 -timeout 60m
	go test ./tui/cli -run 'Kill|Racing' -kills 500 -rounds 50 -timeout 90m -v

matrix:
	@.ci/install test
	go test ./tui/cli -run 'Matrix|Moves|Fits' -matrix -fit 5 -timeout 90m -v $(TESTFLAGS)

damage:
	@.ci/install test
	go test ./ops/fsys ./tui/cli -run 'Damage' -damage -timeout 90m $(TESTFLAGS)

boot:
	@.ci/install boot
	go test ./tui/cli -run 'Boot|HeldByMachine' -boot -timeout 90m -v $(TESTFLAGS)

screenshots:
	@.ci/install screenshots
	@$(MAKE) --no-print-directory build
	go run ./screenshots

recording:
	@.ci/install screenshots
	@$(MAKE) --no-print-directory build
	go run ./screenshots -only recording

# Builds only if ./shunt is not there, since root often has no Go.
install:
	@test -x shunt || $(MAKE) --no-print-directory build
	install -D -m 0755 shunt '$(DESTDIR)$(PREFIX)/bin/shunt'
	@# The program prints its own manual page and completions. They are made first, so that none is installed empty.
	@set -e; made=$$(mktemp -d); trap 'rm -rf "$$made"' EXIT; \
	./shunt man >"$$made/man"; \
	for shell in bash zsh fish; do ./shunt completion $$shell >"$$made/$$shell"; done; \
	put() { echo "install -D -m 0644 $$2"; install -D -m 0644 "$$made/$$1" "$$2"; }; \
	put man '$(DESTDIR)$(MAN)'; put bash '$(DESTDIR)$(BASH)'; put zsh '$(DESTDIR)$(ZSH)'; put fish '$(DESTDIR)$(FISH)'

uninstall:
	rm -f '$(DESTDIR)$(PREFIX)/bin/shunt' '$(DESTDIR)$(MAN)' '$(DESTDIR)$(BASH)' '$(DESTDIR)$(ZSH)' '$(DESTDIR)$(FISH)'

clean:
	rm -rf shunt .man .bin coverage.out
