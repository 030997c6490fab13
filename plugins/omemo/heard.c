/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What was heard of device lists since the stream began: so that not each message asks for them, and what was cut off is said. */
#include "omemo.h"

#include <string.h>

enum {
	FRESH = 3600, /* s: contacts' lists come by themselves, those of others must be asked for again */
	FRESH_NONE = 30,
};

struct heard {
	gint64 at;
	enum list_state state;
	char *sentence; /* why there is none */
	guint left_out; /* devices that are announced and not used */
	bool told;      /* and that was said */
};
static GHashTable *fresh; /* "account\npeer": struct heard */

static char *
pair_key(const char *account, const char *peer)
{
	return g_strconcat(account, "\n", peer, NULL);
}

static struct heard *
heard_of(const char *account, const char *peer)
{
	g_autofree char *key = pair_key(account, peer);

	return fresh ? g_hash_table_lookup(fresh, key) : NULL;
}

static void
heard_free(gpointer data)
{
	struct heard *heard = data;

	g_free(heard->sentence);
	g_free(heard);
}

enum list_state
lists_heard(const char *account, const char *peer, const char **sentence)
{
	const struct heard *heard = heard_of(account, peer);

	if (!heard || clock_monotonic() - heard->at > (gint64)(heard->state == LIST_HERE ? FRESH : FRESH_NONE) * G_USEC_PER_SEC)
		return LIST_UNKNOWN;
	*sentence = heard->sentence;
	return heard->state;
}

void
heard_set(const char *account, const char *peer, enum list_state state, const char *sentence)
{
	struct heard *heard = g_new0(struct heard, 1);

	*heard = (struct heard){ .at = clock_monotonic(), .state = state, .sentence = g_strdup(sentence) };
	if (!fresh)
		fresh = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, heard_free);
	g_hash_table_insert(fresh, pair_key(account, peer), heard);
}

void
lists_doubt(const char *account, const char *peer)
{
	g_autofree char *key = pair_key(account, peer);

	if (fresh)
		g_hash_table_remove(fresh, key);
}

static gboolean
of_account(gpointer key, gpointer value, gpointer account)
{
	(void)value;
	return g_str_has_prefix(key, account) && ((const char *)key)[strlen(account)] == '\n';
}

void
lists_forget(const char *account)
{
	if (fresh)
		g_hash_table_foreach_remove(fresh, of_account, (gpointer)account);
}

void
lists_tell_cut(const char *account, const char *peer)
{
	struct heard *heard = heard_of(account, peer);

	if (!heard || !heard->left_out || heard->told)
		return;
	heard->told = true;
	alert(account, peer, "device-list-cut",
		"%s announces more devices than are used: %u of them are left out and cannot read what you write; those that you "
		"verified, and those that were here before, go first (/omemo %s)",
		strcmp(account, peer) == 0 ? "your own account" : peer, heard->left_out, peer);
}

void
heard_cut(const char *account, const char *peer, guint left_out)
{
	struct heard *heard = heard_of(account, peer);

	if (!heard)
		return;
	heard->left_out = left_out;
	/* Said at once, unless lists come too often; then before the next message. */
	if (left_out && count_lately(account, peer) <= LOUD_MAX)
		lists_tell_cut(account, peer);
}

void
heard_stop(void)
{
	g_clear_pointer(&fresh, g_hash_table_unref);
}
