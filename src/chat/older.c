/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Page-up past the top: one question to the archive at a time, never beside a catch-up. */
#include "chat/older.h"

#include "account/account.h"
#include "api/iq.h"
#include "api/log.h"
#include "chat/catchup.h"
#include "chat/convo.h"
#include "chat/place.h"
#include "store/archive.h"
#include "xmpp/mam.h"

#include <string.h>

#define OLDER_PAGE 50
#define LOOK_FOR_ID 100 /* so many of the oldest lines are looked at for one with an archive id */

struct wish {
	char *account, *peer;
	struct place place;
};

static GQueue wishes; /* of struct wish */
static struct wish *running;

static void go(void);

static void
wish_free(gpointer data)
{
	struct wish *wish = data;

	g_free(wish->account);
	g_free(wish->peer);
	g_free(wish);
}

static char *
complete_key(const char *peer)
{
	return g_strconcat("archive complete ", peer, NULL);
}

static bool
is_complete(const Conversation *conv)
{
	g_autofree char *key = complete_key(convo_peer(conv)), *value = memory_get(convo_account_jid(conv), key);

	return value != NULL;
}

static void
page_done(Stream *stream, const struct mam_page *page, const GError *error, gpointer data)
{
	struct wish *wish = data;
	Conversation *conv = convo_find(wish->account, wish->peer);
	g_autofree char *key = complete_key(wish->peer);
	bool gone = error && !g_strcmp0(iq_condition(error), "item-not-found");

	(void)stream;
	running = NULL;
	if (error)
		log_info("%s: the archive: %s", wish->account, error->message);
	/* What the archive has purged it has purged with all that was older. */
	if (gone || (page && (page->complete || !page->first_id)))
		memory_put(wish->account, key, "yes");
	if (conv)
		convo_changed(conv);
	go();
}

/* The archive id of the oldest line that has one, and when that was said. */
static char *
oldest_id(const Conversation *conv, gint64 *at)
{
	g_autoptr(GPtrArray) page = archive_page_after(convo_row(conv), G_MININT64, 0, LOOK_FOR_ID, NULL);

	for (guint i = 0; page && i < page->len; i++) {
		const Message *message = g_ptr_array_index(page, i);

		if (message->stanza_id) {
			*at = message->sent_at;
			return g_strdup(message->stanza_id);
		}
	}
	return g_strdup("");
}

static void
run(struct wish *wish)
{
	Conversation *conv = convo_find(wish->account, wish->peer);
	Account *account = account_find(wish->account);
	g_autofree char *before = NULL;
	gint64 at = G_MAXINT64;

	if (!conv || !account || !account_online(account)) {
		wish_free(wish);
		go();
		return;
	}
	running = wish;
	before = oldest_id(conv, &at);
	place_begin(&wish->place, at);
	mam_query(account_stream(account), &(struct mam_query){ .with = wish->peer, .before_id = before, .max = OLDER_PAGE },
		page_done, wish, wish_free);
}

static void
go(void)
{
	for (GList *link = wishes.head; link && !running; link = link->next) {
		struct wish *wish = link->data;

		if (catchup_is_running(wish->account))
			continue;
		g_queue_unlink(&wishes, link);
		g_list_free(link);
		run(wish);
		return;
	}
}

gint64
older_said_at(const char *account, const char *peer, gint64 stamp)
{
	bool ours = running && !strcmp(running->account, account) && !g_strcmp0(running->peer, peer);

	return ours ? place_at(&running->place, stamp) : stamp;
}

void
older_go_on(const char *account)
{
	(void)account;
	go();
}

bool
convo_fetch_older(Conversation *conv)
{
	Account *account = convo_account(conv);
	struct wish *wish;
	bool again = account && account_online(account) && catchup_again(account);

	if (is_complete(conv))
		return again;
	for (GList *link = wishes.head; link; link = link->next) {
		wish = link->data;
		if (!strcmp(wish->account, convo_account_jid(conv)) && !strcmp(wish->peer, convo_peer(conv)))
			return true;
	}
	wish = g_new0(struct wish, 1);
	wish->account = g_strdup(convo_account_jid(conv));
	wish->peer = g_strdup(convo_peer(conv));
	g_queue_push_tail(&wishes, wish);
	go();
	return true;
}

void
older_unload(void)
{
	g_queue_clear_full(&wishes, wish_free);
	running = NULL;
}

/* The first kept line after a hole; the answer stays the same while the hole does. */
static gint64
first_row_after(const Conversation *conv, gint64 at)
{
	static struct {
		gint64 conv, at, row;
	} last;
	g_autoptr(GPtrArray) page = NULL;

	if (last.row && last.conv == convo_row(conv) && last.at == at)
		return last.row;
	page = archive_page_after(convo_row(conv), at - 1, G_MAXINT64, 1, NULL);
	if (!page || !page->len)
		return 0;
	last.conv = convo_row(conv);
	last.at = at;
	return last.row = ((Message *)g_ptr_array_index(page, 0))->row;
}

bool
convo_gap_before(const Conversation *conv, const Message *message)
{
	const GPtrArray *gaps = catchup_gaps(convo_account_jid(conv));
	bool asking = catchup_is_running(convo_account_jid(conv));

	/* Whether a hole without a far end is one is known when the newest page was asked for in vain. */
	for (guint i = 0; gaps && i < gaps->len; i++) {
		const Gap *gap = g_ptr_array_index(gaps, i);

		if ((gap->before_id || !asking) && message->sent_at >= gap->at && first_row_after(conv, gap->at) == message->row)
			return true;
	}
	return false;
}
