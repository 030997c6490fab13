/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Talks: calls that run, each with four words for two voices and with the key that the words stand for. */
#include "verify.h"

#include <string.h>

static GHashTable *talks; /* id of a call: struct talk */

static void
talk_free(gpointer data)
{
	struct talk *talk = data;

	g_free(talk->account);
	g_free(talk->peer);
	g_free(talk->words);
	g_free(talk->key);
	g_free(talk);
}

static void
look(const Event *event)
{
	const struct call_facts *facts = event->call;
	struct talk *talk;

	if (!talks)
		talks = g_hash_table_new_full(NULL, NULL, NULL, talk_free);
	if ((facts->state != CALL_ACTIVE && facts->state != CALL_HELD && !facts->words) || facts->state == CALL_ENDED ||
		!facts->device_key) {
		g_hash_table_remove(talks, GUINT_TO_POINTER(facts->id));
		return;
	}
	talk = g_new0(struct talk, 1);
	*talk = (struct talk){ .account = g_strdup(facts->account),
		.peer = g_strdup(facts->peer),
		.words = g_strdup(facts->words),
		.key = g_strdup(facts->device_key),
		.device = facts->device };
	g_hash_table_insert(talks, GUINT_TO_POINTER(facts->id), talk);
}

const struct event_watch talks_watches[] = {
	{ "verify: words of calls", EVENT_CALL, look },
	{ NULL },
};

const struct talk *
talk_with(const char *account, const char *peer)
{
	GHashTableIter iter;
	gpointer value;

	if (!talks)
		return NULL;
	g_hash_table_iter_init(&iter, talks);
	while (g_hash_table_iter_next(&iter, NULL, &value)) {
		const struct talk *talk = value;

		if (strcmp(talk->account, account) == 0 && (!peer || strcmp(talk->peer, peer) == 0))
			return talk;
	}
	return NULL;
}

static void
mean_only(const struct talk *talk)
{
	g_hash_table_add(shown_of(talk->account, talk->peer, true), g_strdup_printf("%u %s", talk->device, talk->key));
}

guint32
talk_meant(const struct talk *talk)
{
	g_autofree char *key = g_strdup_printf("%u %s", talk->device, talk->key);
	GHashTable *keys = shown_of(talk->account, talk->peer, false);

	if (!keys || !g_hash_table_contains(keys, key))
		return talk->device;
	mean_only(talk);
	return 0;
}

/* A yes is about the key of this call from now on, and about no other. */
void
talk_show(Reply *reply, const struct talk *talk)
{
	if (!talk->words) {
		reply_print(reply, "the words of this call are being made: ask again in a moment");
		return;
	}
	mean_only(talk);
	reply_print(reply, "the words of this call: %s", talk->words);
	reply_print(reply, "%s sees four words too: say your first two, hear their last two, know the voice", talk->peer);
	reply_print(reply,
		"the same: /verify %s yes (device %u is verified then); others: somebody is in between, /verify %s no ends the "
		"call",
		talk->peer, talk->device, talk->peer);
}

void
talks_forget(void)
{
	g_clear_pointer(&talks, g_hash_table_unref);
}
