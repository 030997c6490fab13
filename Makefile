# SPDX-License-Identifier: GPL-3.0-or-later
# make            the program and its plugins, in build/release
# make demo       try it: installs what is missing, starts a loopback server and an echo peer, opens the client
# make check      install what tests need and run all of them      make check-long   long kills, fuzzing, bench
# make install    PREFIX=/usr/local, DESTDIR=                      make uninstall
# make unit       unit tests alone (SAN=1)   make e2e   the program against real servers   make interop   and Dino   make fuzz FUZZ_SECONDS=60   make bench
# Variants build side by side: SAN=1 (address and undefined sanitizers), SAN=thread, FUZZ=1 (clang, libFuzzer), CC=clang, WERROR=1, RATCHET=.

,        := ,
VERSION  := 0.1.0
PREFIX   ?= /usr/local
CC       := $(if $(FUZZ),clang,$(if $(filter default,$(origin CC)),gcc,$(CC)))
SAN      := $(or $(SAN),$(FUZZ))
RATCHET  ?= libomemo-c
variant  := $(if $(FUZZ),fuzz,$(if $(SAN),$(if $(filter thread,$(SAN)),tsan,san),release)$(if $(findstring clang,$(CC)),-clang))$(if $(filter-out libomemo-c,$(RATCHET)),-$(RATCHET))
B        := build/$(variant)
which    := $(if $(filter thread,$(SAN)),thread,address$(,)undefined)
PKG      := pkg-config
packages := glib-2.0 gio-2.0 gio-unix-2.0 gmodule-2.0 ncursesw expat libgsasl libstrophe sqlcipher json-glib-1.0 libidn libidn2 fribidi chafa
plugin_packages := glib-2.0 libqrencode $(RATCHET)
media_packages  := gio-2.0 gio-unix-2.0 gstreamer-1.0 gstreamer-app-1.0 gstreamer-rtp-1.0 gstreamer-video-1.0 nice gnutls libseccomp

warnings := -Wall -Wextra -Wno-missing-field-initializers -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wvla $(if $(findstring clang,$(CC)),-Wno-missing-field-initializers) $(if $(WERROR),-Werror)
harden   := $(if $(SAN),-O1 -fsanitize=$(which) -fno-sanitize-recover=undefined -fno-omit-frame-pointer $(if $(FUZZ),-fsanitize=fuzzer-no-link),-O2 -D_FORTIFY_SOURCE=3)
common   := -std=gnu11 -g $(warnings) $(harden) -fstack-protector-strong -fPIE -fvisibility=hidden -MMD -MP
link     := -pie -rdynamic -Wl,-z,relro,-z,now -Wl,--as-needed $(if $(SAN),-fsanitize=$(which))
where    := -DSOTTO_VERSION='"$(VERSION)"' -DSOTTO_PLUGINS='"$(PREFIX)/lib/sotto/plugins"' -DSOTTO_SHARE='"$(PREFIX)/share/sotto"'

core     := $(filter-out src/main.c src/media/%,$(wildcard src/*.c src/*/*.c))
core_o   := $(core:%.c=$(B)/%.o) $(B)/inventory.o
plugins  := $(notdir $(patsubst %/,%,$(dir $(wildcard plugins/*/*.c))))
plugins  := $(sort $(plugins))
units    := $(patsubst tests/unit/%.c,%,$(wildcard tests/unit/test_*.c))
fuzzers  := $(patsubst tests/fuzz/%.c,%,$(wildcard tests/fuzz/fuzz_*.c))
# Looked up once, and only when something is compiled.
cflags    = $(eval cflags := $$(shell $(PKG) --cflags $(packages)) $$(shell libgcrypt-config --cflags 2>/dev/null))$(cflags)
libs      = $(eval libs := $$(shell $(PKG) --libs $(packages)) -lgcrypt -lunistring -lm)$(libs)
plugin_cflags = $(eval plugin_cflags := $$(shell $(PKG) --cflags $(plugin_packages)))$(plugin_cflags)
plugin_libs   = $(eval plugin_libs := $$(shell $(PKG) --libs $(plugin_packages)) -lgcrypt)$(plugin_libs)
media_cflags  = $(eval media_cflags := $$(shell $(PKG) --cflags $(media_packages)) -DSOTTO_GST_PLUGINS='"$$(shell $(PKG) --variable=pluginsdir gstreamer-1.0)"')$(media_cflags)
media_libs    = $(eval media_libs := $$(shell $(PKG) --libs $(media_packages)) -lgcrypt -lm)$(media_libs)
say       = $(if $(V),,@printf '  %-5s %s\n' $(1) $@;)

all: $(B)/sotto $(B)/sotto-media $(plugins:%=$(B)/plugins/%.so)

$(B)/sotto: $(B)/src/main.o $(core_o)
	$(call say,link)$(CC) $(link) -o $@ $^ $(libs)

$(B)/libsotto.a: $(core_o)
	$(call say,ar)rm -f $@ && ar rcs $@ $^

$(B)/src/%.o: src/%.c
	@mkdir -p $(@D)
	$(call say,cc)$(CC) $(common) $(where) -Isrc $(cflags) -c -o $@ $<

# What /privacy data tells is what doc/pia.md says.
$(B)/inventory.c: contrib/inventory doc/pia.md
	$(call say,text)mkdir -p $(@D) && $^ >$@.new && mv $@.new $@
$(B)/inventory.o: $(B)/inventory.c
	$(call say,cc)$(CC) $(common) -Isrc -c -o $@ $<

# The second program: src/media and what it needs of base, nothing of the network of XMPP.
media_o := $(patsubst %.c,$(B)/%.o,$(wildcard src/media/*.c)) $(addprefix $(B)/src/base/,error.o mailbox.o medialink.o medialink-kinds.o medialink-out.o secret.o)
$(B)/src/media/%.o: src/media/%.c
	@mkdir -p $(@D)
	$(call say,cc)$(CC) $(common) $(where) -Isrc $(media_cflags) -c -o $@ $<
media_o += $(if $(filter thread,$(SAN)),$(B)/tests/media/tsan.o)
$(B)/sotto-media: $(media_o)
	$(call say,link)$(CC) $(filter-out -rdynamic,$(link)) -o $@ $^ $(media_libs)
media: $(B)/sotto-media $(B)/tests/media/pair $(B)/tests/media/evil $(B)/tests/media/ask
# One, asked as sotto asks.
$(B)/tests/media/ask: $(B)/tests/media/ask.o $(B)/libsotto.a
	$(call say,link)$(CC) $(link) -o $@ $^ $(libs)
# Two of them and what is between: a call without sotto.
$(B)/tests/media/pair: $(B)/tests/media/pair.o $(addprefix $(B)/src/base/,error.o mailbox.o medialink.o medialink-kinds.o medialink-out.o secret.o)
	$(call say,link)$(CC) $(link) -o $@ $^ $(media_libs)

# The second one, whose packets are not what they should be.
$(B)/tests/media/evil.o: of_plugin = $(media_cflags)
$(B)/tests/media/evil: $(B)/tests/media/evil.o $(media_o)
	$(call say,link)$(CC) $(filter-out -rdynamic,$(link)) -Wl,--wrap=gates_watch -o $@ $^ $(media_libs)

# Where it will be installed is compiled into two files: another PREFIX compiles these anew.
$(shell mkdir -p $(B) && { echo $(PREFIX) | cmp -s - $(B)/prefix || echo $(PREFIX) >$(B)/prefix; })
$(B)/src/plugin/loader.o $(B)/src/ui/theme.o: $(B)/prefix

# Plugins see src/api and nothing else of ours. Answers may still be on their way when one is unloaded: its code stays (nodelete).
$(B)/plugins/%.o: plugins/%.c
	@mkdir -p $(@D)
	$(call say,cc)$(CC) $(common) -fPIC -Isrc/api $(plugin_cflags) -c -o $@ $<

define plugin_rule
$(B)/plugins/$(1).so: $(patsubst %.c,$(B)/%.o,$(wildcard plugins/$(1)/*.c))
	$$(call say,so)$(CC) -shared -Wl,-z,relro,-z,now,-z,nodelete -Wl,--as-needed $(if $(SAN),-fsanitize=$(which)) -o $$@ $$^ $$(plugin_libs) && chmod go-w $$@ $$(@D)
endef
$(foreach p,$(plugins),$(eval $(call plugin_rule,$(p))))

# Unit tests link the whole core; tests/fake holds the four seams. Tests of a plugin also see its insides and link its objects.
$(B)/tests/%.o: tests/%.c
	@mkdir -p $(@D)
	$(call say,cc)$(CC) $(common) $(where) -Isrc -Itests $(cflags) $(of_plugin) -c -o $@ $<

omemo_tests := $(addprefix $(B)/tests/,$(addprefix unit/,$(filter test_omemo% test_callkeys,$(units))) $(addprefix fuzz/,$(filter fuzz_omemo%,$(fuzzers))))
$(B)/tests/omemo/%.o $(omemo_tests:%=%.o): of_plugin = -Isrc/api $(plugin_cflags)
$(omemo_tests): $(B)/tests/omemo/bench.o $(patsubst %.c,$(B)/%.o,$(wildcard plugins/omemo/*.c))
$(omemo_tests): of_plugin = $(plugin_libs)
$(B)/tests/unit/test_verify.o: of_plugin = -Isrc/api $(plugin_cflags)
$(B)/tests/unit/test_verify: $(patsubst %.c,$(B)/%.o,$(wildcard plugins/verify/*.c))
$(B)/tests/unit/test_verify: of_plugin = $(plugin_libs)
# The half that is derived in the other program.
$(B)/tests/unit/test_mediakeys: $(B)/src/media/srtpkeys.o
$(B)/tests/unit/test_mediakeys: of_plugin = $(media_libs)
$(B)/tests/unit/test_mediaparts.o: of_plugin = $(media_cflags)
$(B)/tests/unit/test_mediaparts: $(addprefix $(B)/src/media/,bitrate.o candidate.o choice.o feeder.o vp8.o wav.o y4m.o)
$(B)/tests/unit/test_mediaparts: of_plugin = $(media_libs)
$(B)/tests/unit/test_opus.o: of_plugin = $(media_cflags)
$(B)/tests/unit/test_opus: $(B)/src/media/opus.o
$(B)/tests/unit/test_opus: of_plugin = $(media_libs)
# Parts of a pipeline, with all that they are made of.
$(B)/tests/unit/test_mediasound.o $(B)/tests/unit/test_mediacamera.o: of_plugin = $(media_cflags)
$(B)/tests/unit/test_mediasound $(B)/tests/unit/test_mediacamera: $(filter-out %/main.o %/leaks.o,$(media_o))
$(B)/tests/unit/test_mediasound $(B)/tests/unit/test_mediacamera: of_plugin = $(media_libs)

fake_o := $(patsubst %.c,$(B)/%.o,$(wildcard tests/fake/*.c))
# These tests bring a stream of their own: it comes first and counts.
$(B)/tests/unit/test_chat $(B)/tests/unit/test_forged $(B)/tests/unit/test_callwindow: link += -Wl,-z,muldefs
# An archive: a test that brings a stream of its own takes nothing of it.
$(B)/libfake.a: $(fake_o)
	$(call say,ar)rm -f $@ && ar rcs $@ $^
$(B)/tests/unit/%: $(B)/tests/unit/%.o $(B)/libfake.a $(B)/libsotto.a
	$(call say,link)$(CC) $(link) -o $@ $(filter %.o,$^) $(B)/libfake.a $(B)/libsotto.a $(libs) $(of_plugin) -lcmocka

# Plugins that must be refused, and one that may be loaded.
strange := $(patsubst tests/plugins/%.c,$(B)/tests/plugins/%.so,$(wildcard tests/plugins/*.c))
$(B)/tests/unit/test_plugin: $(strange) $(B)/plugins/hello.so
$(B)/tests/plugins/%.so: tests/plugins/%.c
	@mkdir -p $(@D)
	$(call say,so)$(CC) $(common) -fPIC -shared -Isrc/api $(plugin_cflags) -o $@ $<

$(B)/tests/fuzz/%: $(B)/tests/fuzz/%.o $(B)/libfake.a $(B)/libsotto.a
	$(call say,link)$(CC) $(link) -fsanitize=fuzzer -o $@ $(filter %.o,$^) $(B)/libfake.a $(B)/libsotto.a $(libs) $(of_plugin) -lcmocka

# Manual pages are read off the tables by the program itself.
pages := $(B)/man/sotto.1 $(B)/man/sotto-commands.7 $(B)/man/sotto-options.5
$(B)/man/sotto.1: manual := sotto
$(B)/man/sotto-commands.7: manual := commands
$(B)/man/sotto-options.5: manual := options
$(pages): $(B)/sotto
	@mkdir -p $(@D)
	$(call say,man)$< --manual $(manual) >$@.new && mv $@.new $@
man: $(pages)

# It lies beside the plugins, as the program does.
$(B)/tables: $(B)/tests/tables.o $(core_o)
	$(call say,link)$(CC) $(link) -o $@ $^ $(libs)
tables: $(B)/tables $(plugins:%=$(B)/plugins/%.so)
	@$<
layers:
	@tests/layers
exports: $(B)/sotto
	@tests/exports $<

$(B)/tests/bench/%: $(B)/tests/bench/%.o $(B)/libsotto.a
	$(call say,link)$(CC) $(link) -o $@ $< $(B)/libsotto.a $(libs)

objects: $(core_o)
plugins: $(plugins:%=$(B)/plugins/%.so)
# Tests of this machine's number of cores at a time; what each says stays together, and of those that pass only how they ended.
side_by_side = xargs -P "$$(nproc)" -I TEST sh -c 'if said=$$($(1) TEST 2>&1); then printf "%s\n" "$$said" | tail -n 1; \
	else printf "%s\nTEST: FAILED\n" "$$said"; exit 1; fi'
# Stories of the whole program in memory: tests/flow/*.flow.
$(B)/tests/flow/device.o: of_plugin = -Isrc/api $(plugin_cflags)
flow_o := $(addprefix $(B)/,tests/flow/flow.o tests/flow/device.o plugins/omemo/crypto.o)
$(B)/tests/flow/flow: $(flow_o) $(B)/libfake.a $(B)/libsotto.a $(plugins:%=$(B)/plugins/%.so)
	$(call say,link)$(CC) $(link) -o $@ $(flow_o) $(B)/libfake.a -Wl,--whole-archive $(B)/libsotto.a -Wl,--no-whole-archive $(libs) $(plugin_libs) -lutil
flow: $(B)/tests/flow/flow
	@printf '%s\n' $(wildcard tests/flow/*.flow) | $(call side_by_side,$<)

unit: $(units:%=$(B)/tests/unit/%)
	@printf '%s\n' $^ | $(call side_by_side)

fuzzing: $(fuzzers:%=$(B)/tests/fuzz/%)
	@printf '%s\n' $^ | xargs -P "$$(nproc)" -I FUZZER contrib/fuzz FUZZER $(FUZZ_SECONDS)
fuzz:
	@$(MAKE) -s FUZZ=1 FUZZ_SECONDS=$(or $(FUZZ_SECONDS),60) fuzzing

e2e: all media
	SOTTO_BUILD=$(B) /usr/bin/python3 -m pytest -q -p no:cacheprovider tests/e2e $(E2E)

# The programs of others, where Debian has them: in a network of their own, with names and an authority of their own.
interop: all
	@contrib/deps test interop
	SOTTO_BUILD=$(B) SOTTO_OWN_NAMESPACES=1 unshare -rmn --propagation private /usr/bin/python3 -m pytest -q -p no:cacheprovider tests/interop $(INTEROP)

demo:
	@contrib/deps demo
	@$(MAKE) --no-print-directory -j$$(nproc) all
	@exec contrib/demo $(B)

check:
	@contrib/deps test lint
	@exec tests/check
check-long:
	@contrib/deps test lint bench
	@exec tests/check long
bench:
	@contrib/deps bench
	@$(MAKE) --no-print-directory -j$$(nproc) all
	@exec tests/bench/bench.py $(B) $(BENCH)

install: all man
	install -D -m 755 -t $(DESTDIR)$(PREFIX)/bin $(B)/sotto $(B)/sotto-media
	install -D -m 644 -t $(DESTDIR)$(PREFIX)/lib/sotto/plugins $(plugins:%=$(B)/plugins/%.so)
	install -D -m 644 -t $(DESTDIR)$(PREFIX)/share/sotto/themes $(wildcard themes/*.theme)
	install -D -m 644 -t $(DESTDIR)$(PREFIX)/share/doc/sotto $(wildcard README.md CHANGES.md doc/*.md)
	install -D -m 644 -t $(DESTDIR)$(PREFIX)/share/man/man1 $(B)/man/sotto.1
	install -D -m 644 -t $(DESTDIR)$(PREFIX)/share/man/man5 $(B)/man/sotto-options.5
	install -D -m 644 -t $(DESTDIR)$(PREFIX)/share/man/man7 $(B)/man/sotto-commands.7
	install -D -m 644 contrib/completion/sotto.bash $(DESTDIR)$(PREFIX)/share/bash-completion/completions/sotto
uninstall:
	rm -f $(DESTDIR)$(PREFIX)/bin/sotto $(DESTDIR)$(PREFIX)/bin/sotto-media $(DESTDIR)$(PREFIX)/share/bash-completion/completions/sotto
	rm -f $(foreach n,1/sotto.1 5/sotto-options.5 7/sotto-commands.7,$(DESTDIR)$(PREFIX)/share/man/man$(n))
	rm -rf $(foreach d,lib/sotto share/sotto share/doc/sotto,$(DESTDIR)$(PREFIX)/$(d))

clean:
	rm -rf build

.PHONY: all media flow man tables layers exports objects plugins unit fuzzing fuzz e2e demo check check-long bench install uninstall clean
.SECONDARY:
-include $(shell find $(B) -name '*.d' 2>/dev/null)
