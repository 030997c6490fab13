/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a peer or a server puts into sealed elements, bundles and device lists: the first byte says which. Nothing may open but what
 * was sealed, and the next true message still opens. */
#include "omemo/bench.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerInitialize(int *argc, char ***argv);

static Account *alice, *bob;
static guint runs;

int
LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc;
	(void)argv;
	bench_begin(NULL);
	alice = bench_account("alice@a.test");
	bob = bench_account("bob@b.test");
	bench_says(alice, bob, "hello");
	bench_says(bob, alice, "hello");
	return 0;
}

static void
open_for_one(const Stanza *stanza)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(Secret) bytes = NULL;
	enum trust trust;
	guint32 device;

	if (omemo_provider.open_for(bob, "alice@a.test", stanza_root(stanza), &device, &trust, &bytes, &error) == E2EE_OPENED ||
		bytes || !error)
		abort();
}

static void
open_element(const char *xml, size_t length)
{
	g_autoptr(Stanza) stanza = stanza_parse(xml, length, NULL);
	g_autoptr(GError) error = NULL;
	enum e2ee_outcome outcome;
	E2eeOpened opened;

	if (!stanza || !store_begin(NULL))
		return;
	outcome = omemo_provider.open(bob, "alice@a.test", stanza_root(stanza), false, &opened, &error);
	if (outcome == E2EE_OPENED || (outcome == E2EE_FAILED && !error))
		abort();
	e2ee_opened_clear(&opened);
	open_for_one(stanza);
	store_rollback();
}

/* Any bytes where the sealed key belongs, and where the text belongs. */
static void
open_key(const uint8_t *data, size_t size)
{
	g_autofree char *text = g_base64_encode(data, size);
	g_autofree char *xml =
		g_strdup_printf("<encrypted xmlns='" OMEMO_NS "'><header sid='%u'><key rid='%u'>%s</key><iv>AAAAAAAAAAAAAAAA"
				"</iv></header><payload>%s</payload></encrypted>",
			keys_device("alice@a.test"), keys_device("bob@b.test"), text, text);

	open_element(xml, strlen(xml));
}

static void
read_bundle(const uint8_t *data, size_t size)
{
	g_autofree char *xml = g_strdup_printf("<items><item>%.*s</item></items>", (int)size, (const char *)data);
	g_autoptr(Stanza) stanza = stanza_parse(xml, strlen(xml), NULL);
	struct bundle bundle;

	if (!stanza || !bundle_parse(stanza_root(stanza), &bundle, NULL) || !store_begin(NULL))
		return;
	session_build("bob@b.test", "alice@a.test", 7, &bundle, NULL);
	store_rollback();
}

static void
read_list(const uint8_t *data, size_t size)
{
	g_autofree char *xml = g_strdup_printf(
		"<message from='alice@a.test'><event xmlns='http://jabber.org/protocol/pubsub#event'><items node='" OMEMO_LIST
		"'>%.*s</items></event></message>",
		(int)size, (const char *)data);
	g_autoptr(Stanza) stanza = stanza_parse(xml, strlen(xml), NULL);

	if (!stanza || !store_begin(NULL))
		return;
	lists_hooks[0].take(account_stream(bob), stanza_root(stanza));
	store_rollback();
	bench_turn(50);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (!size || memchr(data + 1, '\0', size - 1))
		return 0;
	switch (data[0] % 4) {
	case 0:
		open_element((const char *)data + 1, size - 1);
		break;
	case 1:
		open_key(data + 1, size - 1);
		break;
	case 2:
		read_bundle(data + 1, size - 1);
		break;
	case 3:
		read_list(data + 1, size - 1);
		break;
	}
	if (++runs % 1000 == 0) {
		bench_says(alice, bob, "true");
		g_ptr_array_set_size(bench_alerts, 0);
		g_ptr_array_set_size(bench_signals, 0);
	}
	return 0;
}
