/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Jingle on the wire: what is written is read again as it was; the one offer for everybody has the shape that others take; what is
 * malformed is an error in words. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "api/error.h"
#include "api/stanza.h"
#include "base/medialink.h"
#include "xmpp/jingle.h"

#define SEAL_NS "urn:test:seal"
#define UFRAG "aknZ"
#define PWD "15ncpxqVXEtVv2nuHVYUig"
#define PRINT "8C:90:81:22:52:10:F8:E1:73:D6:2A:A4:C3:B9:7F:29:D9:D2:1C:D4:48:AA:7B:B7:81:7C:79:3A:12:3D:89:BC"

/* What jingle_read() gave lives no longer than the stanza that it was read from. */
struct read {
	Stanza *stanza;
	Jingle *jingle;
	GError *error;
};

static void
read_clear(struct read *read)
{
	jingle_free(read->jingle);
	stanza_unref(read->stanza);
	g_clear_error(&read->error);
}
typedef struct read Read;
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Read, read_clear)

static Read
read_xml(const char *xml)
{
	Read read = { .stanza = stanza_parse(xml, strlen(xml), NULL) };
	assert_non_null(read.stanza);
	read.jingle = jingle_read(stanza_root(read.stanza), SEAL_NS, &read.error);
	assert_true(!read.jingle == !!read.error);
	return read;
}

static Read
written(Jingle *jingle)
{
	g_autoptr(Node) node = jingle_write(jingle);
	g_autofree char *xml = node_to_xml(node);
	return read_xml(xml);
}

/* ---- round trips ---- */

static void
every_action_comes_back(void **state)
{
	(void)state;
	for (guint action = JINGLE_SESSION_INITIATE; action < JINGLE_ACTIONS; action++) {
		g_autoptr(Jingle) jingle = jingle_new(action, "sid 1");
		jingle->initiator = g_strdup("a@b/c");
		jingle->reason = g_strdup("busy");
		jingle->reason_text = g_strdup("not <now>");
		JingleContent *content = jingle_add(jingle, "0");
		content->senders = (g_free(content->senders), g_strdup("initiator"));
		content->by_responder = true;
		g_auto(Read) read = written(jingle);
		assert_non_null(read.jingle);
		assert_int_equal(read.jingle->action, action);
		assert_string_equal(read.jingle->sid, "sid 1");
		assert_string_equal(read.jingle->initiator, "a@b/c");
		assert_null(read.jingle->responder);
		assert_string_equal(read.jingle->reason, "busy");
		assert_string_equal(read.jingle->reason_text, "not <now>");
		const JingleContent *back = jingle_content(read.jingle, "0");
		assert_non_null(back);
		assert_string_equal(back->senders, "initiator");
		assert_true(back->by_responder);
		assert_false(back->has_transport);
		assert_null(back->media);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_action_comes_back),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
