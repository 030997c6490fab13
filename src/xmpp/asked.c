/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What others asked us, and what we said (P15). Strangers choose how many they are: the ring has its size whoever asks. */
#include "xmpp/asked.h"

#include "api/jid.h"
#include "api/timer.h"
#include "base/text.h"
#include "xmpp/caps.h"
#include "xmpp/disco.h"
#include "xmpp/stream.h"

#include <string.h>

enum { KEPT = 64, SENDER_BYTES = 200 };

/* The last is all else. */
static const struct kind {
	const char *ns, *words, *told;
} kinds[] = {
	{ "jabber:iq:version", "which program", "the name alone, no version and no system" },
	{ "urn:xmpp:time", "your time and its zone", "an answer" },
	{ DISCO_INFO_NS, "what this program can do", "its features" },
	{ DISCO_ITEMS_NS, "what else there is at this address", "nothing" },
	{ "urn:xmpp:ping", "whether you are here", "yes" },
	{ "jabber:iq:last", "when you did something last", "an answer" },
	{ NULL, "something else", "an answer" },
};

struct asked {
	char *account, *sender; /* bare */
	const struct kind *kind;
	guint answered, refused;
	gint64 last;
};

static GPtrArray *ring; /* of struct asked *, who asked last is last */

static void
asked_free(gpointer data)
{
	struct asked *asked = data;

	g_free(asked->account);
	g_free(asked->sender);
	g_free(asked);
}

static const struct kind *
kind_of(const Element *iq)
{
	const Element *query = element_first(iq);
	const struct kind *kind = kinds;

	while (kind->ns && (!query || strcmp(kind->ns, element_ns(query)) != 0))
		kind++;
	return kind;
}

/* Taken out of the ring, or a new one. */
static struct asked *
take(const char *account, const char *sender, const struct kind *kind)
{
	struct asked *asked = NULL;

	if (!ring)
		ring = g_ptr_array_new_with_free_func(asked_free);
	for (guint i = 0; i < ring->len; i++) {
		asked = ring->pdata[i];
		if (asked->kind == kind && strcmp(asked->sender, sender) == 0 && strcmp(asked->account, account) == 0)
			return g_ptr_array_steal_index(ring, i);
	}
	if (ring->len == KEPT)
		g_ptr_array_remove_index(ring, 0);
	asked = g_new0(struct asked, 1);
	asked->account = g_strdup(account);
	asked->sender = g_strdup(sender);
	asked->kind = kind;
	return asked;
}

void
asked_note(const Stream *stream, const Element *iq, bool answered)
{
	const char *from = element_attr(iq, "from"), *own = stream_jid(stream);
	g_autofree char *bare = from ? jid_bare(from) : NULL;
	g_autofree char *sender = bare ? text_cut(bare, SENDER_BYTES) : NULL;
	struct asked *asked;

	if (g_strcmp0(element_attr(iq, "type"), "get") != 0 || !sender || jid_same_bare(from, own))
		return;
	asked = take(own, sender, kind_of(iq));
	if (answered)
		asked->answered++;
	else
		asked->refused++;
	asked->last = clock_now();
	g_ptr_array_add(ring, asked);
}

static char *
line_of(const struct asked *asked)
{
	g_autofree char *last = text_local_time(asked->last);
	GString *line = g_string_new(asked->sender);

	g_string_append_printf(line, " asked %s: ", asked->kind->words);
	if (asked->answered)
		g_string_append_printf(
			line, "told %s, %u %s", asked->kind->told, asked->answered, asked->answered == 1 ? "time" : "times");
	if (asked->refused)
		g_string_append_printf(line, "%srefused, %u %s", asked->answered ? "; " : "", asked->refused,
			asked->refused == 1 ? "time" : "times");
	g_string_append_printf(line, " (the last at %s)", last);
	return g_string_free(line, FALSE);
}

char **
asked_lines(const Stream *stream)
{
	GPtrArray *lines = g_ptr_array_new();

	for (guint i = 0; ring && i < ring->len; i++) {
		const struct asked *asked = ring->pdata[i];

		if (strcmp(asked->account, stream_jid(stream)) == 0)
			g_ptr_array_add(lines, line_of(asked));
	}
	g_ptr_array_add(lines, NULL);
	return (char **)g_ptr_array_free(lines, FALSE);
}

void
asked_forget(const Stream *stream)
{
	for (guint i = ring ? ring->len : 0; i > 0; i--)
		if (strcmp(((struct asked *)ring->pdata[i - 1])->account, stream_jid(stream)) == 0)
			g_ptr_array_remove_index(ring, i - 1);
}
