# Russet. `make run` builds and starts a server; `make test` is what CI runs, with `make lint`.

PREFIX ?= /usr/local
BINDIR = $(DESTDIR)$(PREFIX)/bin
CARGO ?= cargo
SERVER = target/release/russet-server

.PHONY: build run test it tidy lint fmt doc deps tcl bench oracle fuzz install clean

build:            ## The optimized server, target/release/russet-server
	$(CARGO) build --release --locked --bins

run: build        ## Build, and serve on port 6379
	$(SERVER)

test: deps        ## All tests; installs what they need (redis-tools, redis-server, redis-py)
	PATH="$(CURDIR)/target/venv/bin:$$PATH" $(CARGO) test --locked

it: deps          ## The integration tests alone; ONLY=strings:: for one area
	PATH="$(CURDIR)/target/venv/bin:$$PATH" $(CARGO) test --locked --test it -- $(ONLY)

tidy:             ## House rules that compilers do not know
	$(CARGO) test --locked --test tidy

lint: tidy        ## Formatting, clippy, documentation links, house rules
	$(CARGO) fmt --check
	$(CARGO) clippy --locked --all-targets -- -D warnings
	RUSTDOCFLAGS="-D warnings" $(CARGO) doc --locked --no-deps --document-private-items --quiet

fmt:
	$(CARGO) fmt

doc:
	$(CARGO) doc --no-deps --document-private-items --open

deps:             ## Packages that tests use, if they are missing
	scripts/install-test-dependencies

tcl: build        ## The upstream test suite: make tcl SRC=/path/to/redis-7.2 [UNITS="unit/expire unit/multi"]
	scripts/upstream-tests $(SRC) $(SERVER) $(UNITS)

bench: build deps ## CPU per request, memory per key and pauses beside redis-server
	scripts/bench $(SERVER)

oracle: build deps ## Many random commands to Russet and redis-server, replies compared
	RUSSET_ORACLE_COMMANDS=1000000 $(CARGO) test --release --locked --test it -- oracle::

fuzz: deps        ## A long run of hostile requests
	RUSSET_FUZZ_REQUESTS=2000000 $(CARGO) test --release --locked --test it -- fuzz::

install: build    ## PREFIX, DESTDIR; COMPAT=1 also as redis-server
	install -D -m 755 $(SERVER) $(BINDIR)/russet-server
	$(if $(COMPAT),ln -sf russet-server $(BINDIR)/redis-server)

clean:
	$(CARGO) clean
