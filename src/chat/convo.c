/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Conversations: what was said with one peer, whether it is sealed, what is still unread and what was begun to be typed. */
#include "chat/convo-private.h"

#include "api/error.h"
#include "api/event.h"
#include "api/jid.h"
#include "api/log.h"
#include "api/store.h"
#include "api/timer.h"
#include "base/text.h"
#include "chat/catchup.h"
#include "chat/chat.h"
#include "chat/holes.h"
#include "chat/message.h"
#include "chat/older.h"
#include "chat/outbox.h"
#include "chat/seal.h"
#include "chat/signal.h"
#include "store/archive.h"

#include <string.h>

#define TOLD_MAX 100 /* words of others are among them */

static GHashTable *by_name; /* "account peer" -> Conversation */
static GPtrArray *list;

static char *
key_of(const char *account, const char *peer)
{
	return g_strconcat(account, " ", peer, NULL);
}

static void
convo_free(Conversation *conv)
{
	signal_forget(conv);
	g_free(conv->account);
	g_free(conv->peer);
	g_free(conv->provider);
	g_free(conv->draft);
	g_free(conv->peer_state);
	g_free(conv->markable);
	g_hash_table_unref(conv->told);
	message_unref(conv->said);
	g_free(conv);
}

static Conversation *
add(const char *account, const char *peer, gint64 row)
{
	Conversation *conv = g_new0(Conversation, 1);

	conv->row = row;
	conv->account = g_strdup(account);
	conv->peer = g_strdup(peer);
	conv->draft = g_strdup("");
	conv->told = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	g_hash_table_insert(by_name, key_of(account, peer), conv);
	g_ptr_array_add(list, conv);
	return conv;
}

static void
make_tables(void)
{
	if (by_name)
		return;
	by_name = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	list = g_ptr_array_new_with_free_func((GDestroyNotify)convo_free);
}

static void
load_one(const ArchivedConversation *kept)
{
	Conversation *conv = add(kept->account, kept->peer, kept->row);

	conv->seal = kept->seal;
	conv->provider = g_strdup(kept->seal_provider);
	g_free(conv->draft);
	conv->draft = g_strdup(kept->draft ? kept->draft : "");
	conv->read_up_to = conv->read_line = kept->read_up_to;
	conv->last_at = kept->last_at;
	conv->unread = kept->unread;
}

static int
newest_first(gconstpointer a, gconstpointer b)
{
	const Conversation *one = *(Conversation *const *)a, *other = *(Conversation *const *)b;

	return (one->last_at < other->last_at) - (one->last_at > other->last_at);
}

void
convos_load(void)
{
	const GPtrArray *accounts = account_list();

	make_tables();
	archive_mend_times();
	for (guint i = 0; i < accounts->len; i++) {
		Account *account = g_ptr_array_index(accounts, i);
		g_autoptr(GError) error = NULL;
		g_autoptr(GPtrArray) kept = archive_conversations(account_jid(account), &error);

		if (!kept)
			log_warning("conversations of %s cannot be read: %s", account_jid(account), error->message);
		for (guint n = 0; kept && n < kept->len; n++)
			load_one(g_ptr_array_index(kept, n));
	}
	g_ptr_array_sort(list, newest_first);
	for (guint i = 0; i < accounts->len; i++)
		outbox_load(g_ptr_array_index(accounts, i));
	chat_provider_changed();
}

void
convos_unload(void)
{
	const GPtrArray *accounts = account_list();

	for (guint i = 0; i < accounts->len; i++)
		holes_remember(account_jid(g_ptr_array_index(accounts, i)));
	outbox_unload(NULL);
	catchup_unload(NULL);
	older_unload();
	g_clear_pointer(&by_name, g_hash_table_unref);
	g_clear_pointer(&list, g_ptr_array_unref);
}

static void
do_nothing(gpointer data)
{
	(void)data;
}

static void
free_later(gpointer conv)
{
	convo_free(conv);
}

void
convos_forget_account(const char *account)
{
	outbox_unload(account);
	for (guint i = list ? list->len : 0; i-- > 0;) {
		Conversation *conv = g_ptr_array_index(list, i);
		g_autofree char *key = key_of(conv->account, conv->peer);

		if (strcmp(conv->account, account) != 0)
			continue;
		g_hash_table_remove(by_name, key);
		g_ptr_array_steal_index(list, i);
		/* Windows learn of it after us: the memory stays until they have. */
		clock_after(0, do_nothing, conv, free_later);
	}
}

const GPtrArray *
convo_list(void)
{
	make_tables();
	return list;
}

Conversation *
convo_find(const char *account, const char *peer)
{
	g_autofree char *key = key_of(account, peer);

	return by_name ? g_hash_table_lookup(by_name, key) : NULL;
}

Conversation *
convo_get(Account *account, const char *peer)
{
	Conversation *conv = convo_find(account_jid(account), peer);
	g_autoptr(GError) error = NULL;
	g_autofree char *full = NULL, *bare = NULL;
	gint64 row;

	if (conv)
		return conv;
	full = jid_normalise(peer, NULL);
	if (!full)
		return NULL;
	bare = jid_bare(full);
	conv = convo_find(account_jid(account), bare);
	if (conv)
		return conv;
	row = archive_conversation(account_jid(account), bare, &error);
	if (!row) {
		log_warning("a conversation cannot be kept: %s", error->message);
		return NULL;
	}
	make_tables();
	conv = add(account_jid(account), bare, row);
	convo_changed(conv);
	return conv;
}

Account *
convo_account(const Conversation *conv)
{
	return account_find(conv->account);
}

const char *
convo_account_jid(const Conversation *conv)
{
	return conv->account;
}

const char *
convo_peer(const Conversation *conv)
{
	return conv->peer;
}

gint64
convo_row(const Conversation *conv)
{
	return conv->row;
}

const char *
convo_title(const Conversation *conv)
{
	const Account *account = convo_account(conv);
	const Contact *contact = account ? contact_find(account, conv->peer) : NULL;

	return contact ? contact_name(contact) : conv->peer;
}

void
convo_changed(Conversation *conv)
{
	event_emit(&(Event){ .kind = EVENT_CONVERSATION, .account = conv->account, .conversation = conv });
}

/* ---- sealing ---- */

enum convo_seal
convo_seal_state(const Conversation *conv)
{
	return conv->seal;
}

const char *
convo_provider(const Conversation *conv)
{
	return conv->provider;
}

enum trust
convo_trust(const Conversation *conv)
{
	Account *account = convo_account(conv);

	if (conv->seal == CONVO_READABLE || !account)
		return TRUST_NONE;
	return e2ee_weakest(account, conv->peer);
}

static void
set_seal(Conversation *conv, enum convo_seal seal, const char *provider)
{
	conv->seal = seal;
	g_free(conv->provider);
	conv->provider = g_strdup(provider);
	convo_changed(conv);
}

bool
convo_set_seal(Conversation *conv, enum convo_seal seal, GError **error)
{
	const struct e2ee_provider *provider = e2ee_provider();
	const char *name = seal == CONVO_READABLE ? NULL : conv->provider ? conv->provider : provider ? provider->name : NULL;

	if (seal == conv->seal)
		return true;
	if (!store_begin(error))
		return false;
	if (!archive_set_seal(conv->row, seal, name, error)) {
		store_rollback();
		return false;
	}
	if (!store_commit(STORE_NOW, error))
		return false;
	set_seal(conv, seal, name);
	convo_note(conv, seal == CONVO_READABLE ? "encryption is off from here on: both servers can read what is written"
						: "encryption is on from here on");
	outbox_retry(conv->account, conv->peer);
	return true;
}

bool
convo_keep_sealed(Conversation *conv, const char *provider, GError **error)
{
	return conv->seal == CONVO_SEALED || archive_set_seal(conv->row, CONVO_SEALED, provider, error);
}

void
convo_was_sealed(Conversation *conv, const char *provider)
{
	if (conv->seal != CONVO_SEALED)
		set_seal(conv, CONVO_SEALED, provider);
}

/* ---- small things ---- */

const char *
convo_draft(const Conversation *conv)
{
	return conv->draft;
}

void
convo_set_draft(Conversation *conv, const char *draft)
{
	g_autoptr(GError) error = NULL;

	if (!strcmp(conv->draft, draft))
		return;
	g_free(conv->draft);
	conv->draft = text_make_valid(draft, -1);
	if (!archive_set_draft(conv->row, conv->draft, &error))
		log_warning("a draft is not kept: %s", error->message);
}

bool
convo_first_time(Conversation *conv, const char *word)
{
	return g_hash_table_size(conv->told) < TOLD_MAX && g_hash_table_add(conv->told, g_strdup(word));
}

void
convo_calm(Conversation *conv, const char *word)
{
	g_hash_table_remove(conv->told, word);
}

bool
convo_forget(Conversation *conv, GError **error)
{
	holes_remember(conv->account);
	if (!archive_forget(conv->row, error))
		return false;
	conv->unread = 0;
	g_clear_pointer(&conv->markable, g_free);
	convo_changed(conv);
	return true;
}
