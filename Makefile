# evio-lua. `make help` lists the targets.

VERSION = 0.1.0
PREFIX = /usr/local
CC = cc
CFLAGS = -O2 -g
LUAJIT = luajit
PKG_CONFIG = pkg-config
VARIANT = release

BUILD = build/$(VARIANT)
ifeq ($(VARIANT),release)
COMMAND = evio-lua
MODULE = evio.so
else
COMMAND = $(BUILD)/evio-lua
MODULE = $(BUILD)/evio.so
endif
ifeq ($(VARIANT),tsan)
CC = clang
CFLAGS = -O1 -g -fno-omit-frame-pointer -fsanitize=thread
endif
ifneq ($(filter asan faults-asan,$(VARIANT)),)
CC = clang
CFLAGS = -O1 -g -fno-omit-frame-pointer -fsanitize=address,undefined -fno-sanitize-recover=undefined
endif
ifeq ($(VARIANT),fuzz)
CC = clang
CFLAGS = -O1 -g -fno-omit-frame-pointer -fsanitize=fuzzer-no-link,address,undefined -fno-sanitize-recover=undefined
endif
ifneq ($(filter faults faults-asan,$(VARIANT)),) # the system's functions are called through those of fault_calls.c
CFLAGS += -U_FORTIFY_SOURCE
LDFLAGS += $(shell grep -o '__wrap_[a-z0-9_]*' src/os/fault_calls.c | sed 's/__wrap_/-Wl,--wrap=/')
else
OTHERS = $(wildcard src/os/fault*.c)
endif

ifeq ($(VARIANT),coverage)
CFLAGS = -O0 -g --coverage
endif

# What keeps an error in memory from becoming more than that. spec/hardening_spec.lua looks at the result.
ifeq ($(VARIANT),release)
HARDENING = -fstack-protector-strong -D_FORTIFY_SOURCE=2 -fstack-clash-protection
endif
ifeq ($(shell uname),Linux)
HARDENING_LINK = -Wl,-z,relro -Wl,-z,now -Wl,-z,noexecstack
PIE = -pie
endif

WARNINGS = -Wall -Wextra -Wshadow -Wstrict-prototypes -Werror
ALL_CFLAGS = -std=c11 -D_GNU_SOURCE -DEVIO_VERSION='"$(VERSION)"' $(WARNINGS) -fPIC \
	-fvisibility=hidden -Isrc -I$(BUILD) $(shell $(PKG_CONFIG) --cflags luajit libcares openssl zlib) -pthread \
	$(HARDENING) $(CFLAGS) $(CPPFLAGS)
LIBRARIES = $(shell $(PKG_CONFIG) --libs libcares openssl zlib) -pthread -lm $(LDLIBS)
ALL_LIBS = $(shell $(PKG_CONFIG) --libs luajit) $(LIBRARIES)

LUA_FILES = lua/evio/init.lua $(filter-out lua/evio/init.lua,$(shell find lua -name '*.lua' \
	-not -path '*/_meta/*' | LC_ALL=C sort))
LAYERS = base os codec tls zip net bind
LIBRARY = $(filter-out src/bind/so.c src/bind/script.c $(OTHERS),$(foreach l,$(LAYERS),$(wildcard src/$(l)/*.c)))
OBJECTS = $(LIBRARY:src/%.c=$(BUILD)/%.o)
COMMAND_OBJECTS = $(addprefix $(BUILD)/,main.o cli.o bind/script.o)
C_TESTS = $(patsubst spec/%.c,$(BUILD)/spec/%,$(wildcard spec/*/*_test.c))
FUZZERS = $(patsubst spec/%.c,$(BUILD)/spec/%,$(wildcard spec/fuzz/*.c))

V = 0
ifeq ($(V),0)
Q = @
say = @echo "  $(1)	$(2)"
endif

all: $(COMMAND) $(MODULE) ## build ./evio-lua and ./evio.so

$(COMMAND): $(OBJECTS) $(COMMAND_OBJECTS)
	$(call say,LINK,$@)
	$(Q)$(CC) $(CFLAGS) $(PIE) $(HARDENING_LINK) $(LDFLAGS) -o $@ $^ $(ALL_LIBS)

# Symbols of Lua come from the LuaJIT that loads it. Where a background thread may still run when
# the Lua state goes, the module must stay: nodelete.
ifeq ($(shell uname),Darwin)
MODULE_FLAGS = -bundle -undefined dynamic_lookup
else
MODULE_FLAGS = -shared -Wl,-z,nodelete
endif

$(MODULE): $(OBJECTS) $(BUILD)/bind/so.o
	$(call say,LINK,$@)
	$(Q)$(CC) $(CFLAGS) $(HARDENING_LINK) $(LDFLAGS) $(MODULE_FLAGS) -o $@ $^ $(LIBRARIES)

$(BUILD)/%.o: src/%.c Makefile
	$(call say,CC,$<)
	@mkdir -p $(@D)
	$(Q)$(CC) $(ALL_CFLAGS) -MMD -MP -c -o $@ $<

$(BUILD)/bind/embedded.o: $(BUILD)/modules.h

$(BUILD)/modules.h: $(LUA_FILES) scripts/embed.lua
	$(call say,EMBED,$@)
	@mkdir -p $(@D)
	$(Q)$(LUAJIT) scripts/embed.lua $@ $(LUA_FILES)

-include $(wildcard $(BUILD)/*.d $(BUILD)/*/*.d $(BUILD)/spec/*/*.d)

test: ## the specs of the edit loop: both backends, normal build
	$(Q)scripts/test --quick

lint: ## luacheck and the layer rule
	$(Q)luacheck -q .
	$(Q)$(LUAJIT) scripts/arch.lua
	$(Q)$(LUAJIT) scripts/reference.lua --check

static: all ## clang-tidy and cppcheck
	$(Q)scripts/static

docs: ## make docs/reference.md of the types
	$(Q)$(LUAJIT) scripts/reference.lua

asan: ## build/asan/evio-lua, with address and undefined-behaviour sanitizers
	$(Q)$(MAKE) --no-print-directory VARIANT=asan all

tsan: ## build/tsan/evio-lua, with the thread sanitizer
	$(Q)$(MAKE) --no-print-directory VARIANT=tsan all

faults: ## the specs with faults on purpose: 20 seeds on both backends, in one to two hours
	$(Q)scripts/faults $(SEEDS)

kqueue-check: ## compile the kqueue backend against declarations only
	$(call say,CHECK,src/os/poller_kqueue.c)
	$(Q)$(CC) $(ALL_CFLAGS) -DEVIO_KQUEUE -Ispec/support/kqueue -fsyntax-only src/os/poller_kqueue.c

check-c: $(C_TESTS) ## the unit tests in C
	$(Q)for t in $(C_TESTS); do $$t || exit 1; done

$(BUILD)/spec/%: spec/%.c $(OBJECTS) Makefile
	$(call say,CC,$<)
	@mkdir -p $(@D)
	$(Q)$(CC) $(ALL_CFLAGS) -Ispec -MMD -MP -o $@ $< $(filter $(BUILD)/base/% $(BUILD)/os/% \
		$(BUILD)/codec/% $(BUILD)/tls/% $(BUILD)/zip/% $(BUILD)/net/%,$(OBJECTS)) $(LIBRARIES)

# Each for FUZZ_SECONDS, FUZZ_JOBS of them at a time: all of them, or those of FUZZ_TARGETS.
FUZZ_SECONDS = 60
FUZZ_JOBS = 1
FUZZ_TARGETS =

fuzz: asan ## fuzzers of parsers, codecs and connections, a minute each
	$(Q)$(MAKE) --no-print-directory VARIANT=fuzz fuzzers
	$(Q)scripts/fuzz/run $(FUZZ_SECONDS) $(FUZZ_JOBS) $(FUZZ_TARGETS)

fuzzers: $(FUZZERS)

FUZZED = $(filter $(BUILD)/base/% $(BUILD)/os/% $(BUILD)/codec/% $(BUILD)/net/%,$(OBJECTS))

$(BUILD)/spec/fuzz/%: spec/fuzz/%.c $(FUZZED) Makefile
	$(call say,CC,$<)
	@mkdir -p $(@D)
	$(Q)$(CC) $(ALL_CFLAGS) -fsanitize=fuzzer -Ispec -MMD -MP -o $@ $< $(filter-out $(REPLACED),$(FUZZED)) \
		$(LIBRARIES)

# It has a clock of its own.
$(BUILD)/spec/fuzz/conn: REPLACED = $(BUILD)/os/clock.o

bench: all ## benchmarks against the C floor and peers (two idle cores, a few minutes)
	$(Q)scripts/setup bench
	$(Q)$(MAKE) --no-print-directory -C scripts/bench
	$(Q)$(LUAJIT) scripts/bench/run.lua --page $(BENCH)

coverage: ## which lines of src/ and lua/ the tests run, into docs/reliability.md
	$(Q)scripts/setup test
	$(Q)scripts/coverage/run

attacks: all ## the attacks of spec/attacks_spec.lua, into docs/reliability.md
	$(Q)rm -f build/attacks
	$(Q)scripts/setup test
	$(Q)mkdir -p build/test
	$(Q)EVIO_FIGURES=build/attacks $(LUAJIT) "$$(command -v busted)" --ignore-lua -Xoutput build/test/attacks.count \
		spec/attacks_spec.lua
	$(Q)$(LUAJIT) scripts/figures.lua attacks build/attacks

soak: all ## twenty minutes of everything at once, into docs/reliability.md
	$(Q)scripts/setup bench
	$(Q)$(LUAJIT) scripts/soak/run.lua --page $(SOAK)

install: all ## install to DESTDIR and PREFIX
	install -d $(DESTDIR)$(PREFIX)/bin $(DESTDIR)$(PREFIX)/lib/lua/5.1
	install -m 755 evio-lua $(DESTDIR)$(PREFIX)/bin/evio-lua
	install -m 755 evio.so $(DESTDIR)$(PREFIX)/lib/lua/5.1/evio.so

clean: ## remove everything that was built
	rm -rf build evio-lua evio.so

help: ## print this
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  \1\t\2/p' Makefile | expand -t 16

.PHONY: all test lint static docs asan tsan faults kqueue-check check-c fuzz fuzzers bench coverage attacks soak install clean help
.DELETE_ON_ERROR:
