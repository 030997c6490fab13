# SPDX-License-Identifier: GPL-3.0-or-later
# make            the program and its plugins, in build/release
# make demo       try it: installs what is missing, starts a loopback server and an echo peer, opens the client
# make check      install what tests need and run all of them      make check-long   long kills, fuzzing, bench
# make install    PREFIX=/usr/local, DESTDIR=
# Variants build side by side: SAN=1 (address and undefined sanitizers), CC=clang, WERROR=1.

VERSION  := 0.1.0
PREFIX   ?= /usr/local
CC       := $(if $(filter default,$(origin CC)),gcc,$(CC))
RATCHET  ?= libomemo-c
variant  := $(if $(SAN),san,release)$(if $(findstring clang,$(CC)),-clang)$(if $(filter-out libomemo-c,$(RATCHET)),-$(RATCHET))
B        := build/$(variant)
PKG      := pkg-config
packages := glib-2.0 gio-2.0 gio-unix-2.0 gmodule-2.0 ncursesw expat libgsasl libstrophe sqlcipher json-glib-1.0 libidn libidn2
plugin_packages := glib-2.0 libqrencode $(RATCHET)

,        := ,
warnings := -Wall -Wextra -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wvla $(if $(WERROR),-Werror)
harden   := $(if $(SAN),-O1 -fsanitize=address$(,)undefined -fno-sanitize-recover=undefined -fno-omit-frame-pointer,-O2 -D_FORTIFY_SOURCE=3)
common   := -std=gnu11 -g $(warnings) $(harden) -fstack-protector-strong -fPIE -fvisibility=hidden -MMD -MP
link     := -pie -rdynamic -Wl,-z,relro,-z,now -Wl,--as-needed $(if $(SAN),-fsanitize=address$(,)undefined)
where    := -DSOTTO_VERSION='"$(VERSION)"' -DSOTTO_PLUGINS='"$(PREFIX)/lib/sotto/plugins"' -DSOTTO_SHARE='"$(PREFIX)/share/sotto"'

core     := $(filter-out src/main.c,$(wildcard src/*.c src/*/*.c))
core_o   := $(core:%.c=$(B)/%.o)
plugins  := $(notdir $(patsubst %/,%,$(dir $(wildcard plugins/*/*.c))))
plugins  := $(sort $(plugins))
units    := $(patsubst tests/unit/%.c,%,$(wildcard tests/unit/test_*.c))
fuzzers  := $(patsubst tests/fuzz/%.c,%,$(wildcard tests/fuzz/fuzz_*.c))
# Looked up once, and only when something is compiled.
cflags    = $(eval cflags := $$(shell $(PKG) --cflags $(packages)) $$(shell libgcrypt-config --cflags 2>/dev/null))$(cflags)
libs      = $(eval libs := $$(shell $(PKG) --libs $(packages)) -lgcrypt -lunistring)$(libs)
plugin_cflags = $(eval plugin_cflags := $$(shell $(PKG) --cflags $(plugin_packages)))$(plugin_cflags)
plugin_libs   = $(eval plugin_libs := $$(shell $(PKG) --libs $(plugin_packages)) -lgcrypt)$(plugin_libs)
say       = $(if $(V),,@printf '  %-5s %s\n' $(1) $@;)

all: $(B)/sotto $(plugins:%=$(B)/plugins/%.so)

$(B)/sotto: $(B)/src/main.o $(core_o)
	$(call say,link)$(CC) $(link) -o $@ $^ $(libs)

$(B)/libsotto.a: $(core_o)
	$(call say,ar)rm -f $@ && ar rcs $@ $^

$(B)/src/%.o: src/%.c
	@mkdir -p $(@D)
	$(call say,cc)$(CC) $(common) $(where) -Isrc $(cflags) -c -o $@ $<

# Plugins see src/api and nothing else of ours. Answers may still be on their way when one is unloaded: its code stays (nodelete).
$(B)/plugins/%.o: plugins/%.c
	@mkdir -p $(@D)
	$(call say,cc)$(CC) $(common) -fPIC -Isrc/api $(plugin_cflags) -c -o $@ $<

define plugin_rule
$(B)/plugins/$(1).so: $(patsubst %.c,$(B)/%.o,$(wildcard plugins/$(1)/*.c))
	$$(call say,so)$(CC) -shared -Wl,-z,relro,-z,now,-z,nodelete -Wl,--as-needed $(if $(SAN),-fsanitize=address$(,)undefined) -o $$@ $$^ $$(plugin_libs)
endef
$(foreach p,$(plugins),$(eval $(call plugin_rule,$(p))))

# Unit tests link the whole core; tests/fake holds the four seams.
$(B)/tests/%.o: tests/%.c
	@mkdir -p $(@D)
	$(call say,cc)$(CC) $(common) $(where) -Isrc -Itests $(cflags) -c -o $@ $<

fake_o := $(patsubst %.c,$(B)/%.o,$(wildcard tests/fake/*.c))
$(B)/tests/unit/%: $(B)/tests/unit/%.o $(fake_o) $(B)/libsotto.a
	$(call say,link)$(CC) $(link) -o $@ $(filter %.o,$^) $(B)/libsotto.a $(libs) -lcmocka

objects: $(core_o)
unit: $(units:%=$(B)/tests/unit/%)
	@status=0; for t in $^; do $$t || status=1; done; exit $$status

clean:
	rm -rf build

.PHONY: all objects unit clean
.SECONDARY:
-include $(shell find $(B) -name '*.d' 2>/dev/null)
