# Russet. `make run` builds and starts a server; `make lint` and `make test` are what CI runs; `make help` lists all.

PREFIX ?= /usr/local
BINDIR = $(DESTDIR)$(PREFIX)/bin
CARGO ?= cargo
SERVER = target/release/russet-server
# redis-py lives in a virtual environment of its own.
WITH_TOOLS = PATH="$(CURDIR)/target/venv/bin:$$PATH"

.PHONY: help build run test it tidy lint fmt doc deps tcl bench oracle fuzz fuzz-decoders install clean

build:            ## The optimized server, target/release/russet-server
	$(CARGO) build --release --locked --bins

help:             ## This list
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:[^#]*## */\t/' | expand -t 12

run: build        ## Build, and serve on port 6379; ARGS="--port 7000" for more
	$(SERVER) $(ARGS)

test: deps        ## All tests; installs what they need (Redis's server and tools, redis-py)
	$(WITH_TOOLS) $(CARGO) test --locked

it: deps          ## The integration tests alone; ONLY=strings:: for one area
	$(WITH_TOOLS) $(CARGO) test --locked --test it -- $(ONLY)

tidy:             ## House rules that compilers do not know
	$(CARGO) test --locked --test tidy

lint: tidy        ## Formatting, clippy, documentation links, house rules
	$(CARGO) fmt --check
	$(CARGO) clippy --locked --all-targets -- -D warnings
	RUSTDOCFLAGS="-D warnings" $(CARGO) doc --locked --no-deps --document-private-items --quiet

fmt:              ## Format the sources
	$(CARGO) fmt

doc:              ## The documentation of the code; start at the map
	$(CARGO) doc --locked --no-deps --document-private-items
	@echo "Open $(CURDIR)/target/doc/russet/index.html"

deps:             ## Packages that tests use, if they are missing
	scripts/install-test-dependencies

tcl: build        ## Redis's own tests: make tcl SRC=/path/to/redis-7.2 [UNITS="unit/expire unit/multi"]
	scripts/upstream-tests $(or $(SRC),$(error SRC=/path/to/redis-7.2 is missing)) $(SERVER) $(UNITS)

bench: build deps ## CPU per request, large values, memory per key and pauses beside redis-server
	scripts/bench $(SERVER)

oracle: deps      ## A million random commands to Russet and redis-server, replies compared
	RUSSET_ORACLE_COMMANDS=1000000 $(CARGO) test --release --locked --test it -- oracle::

fuzz: deps        ## A long run of hostile requests
	RUSSET_FUZZ_REQUESTS=2000000 $(CARGO) test --release --locked --test it -- fuzz::

fuzz-decoders:    ## Damaged files and payloads for each decoder, SECONDS=60 for each
	RUSSET_FUZZ_SECONDS=$(or $(SECONDS),60) $(CARGO) test --locked --test fuzz -- --nocapture

install: build    ## Into PREFIX, below DESTDIR; COMPAT=1 also as redis-server
	install -D -m 755 -t $(BINDIR) $(SERVER) target/release/russet-check-rdb target/release/russet-check-aof
	$(if $(COMPAT),for name in server check-rdb check-aof; do ln -sf russet-$$name $(BINDIR)/redis-$$name; done)

clean:            ## Remove what was built
	$(CARGO) clean
