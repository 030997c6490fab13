/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What an account does when its stream comes and goes: roster, presence, carbons, blocking, discovery. */
#include <string.h>

#include "account/internal.h"
#include "api/jid.h"
#include "api/log.h"
#include "xmpp/carbons.h"
#include "xmpp/disco.h"
#include "xmpp/presence.h"

static const struct {
	const char *key;
	enum disco_side side;
} sides[] = {
	[DISCO_ACCOUNT] = { "features-account", DISCO_ACCOUNT },
	[DISCO_SERVER] = { "features-server", DISCO_SERVER },
};

static void
learnt(Stream *stream, const Element *query, const GError *error, gpointer data)
{
	enum disco_side side = GPOINTER_TO_INT(data);
	if (!query) {
		log_info("%s: %s unknown: %s", stream_jid(stream), sides[side].key, error->message);
		return;
	}
	g_auto(GStrv) features = disco_read_features(query);
	g_autofree char *joined = g_strjoinv("\n", features);
	disco_know(stream, side, (const char *const *)features);
	memory_put(stream_jid(stream), sides[side].key, joined);
}

static void
ask_own_side(Account *account)
{
	g_autofree char *domain = jid_domain(account->jid);
	disco_info(account->stream, NULL, NULL, learnt, GINT_TO_POINTER(DISCO_ACCOUNT), NULL);
	disco_info(account->stream, domain, NULL, learnt, GINT_TO_POINTER(DISCO_SERVER), NULL);
}

/* What an earlier process learnt of the session that goes on. */
static void
recall_own_side(Account *account)
{
	for (guint i = 0; i < G_N_ELEMENTS(sides); i++) {
		g_autofree char *joined = memory_get(account->jid, sides[i].key);
		if (!joined)
			continue;
		g_auto(GStrv) features = g_strsplit(joined, "\n", 0);
		disco_know(account->stream, sides[i].side, (const char *const *)features);
	}
}

/* RFC 6121 §2.2: the roster before presence, so that what comes in finds its contact; and first of all, since a person waits for
 * it. */
static void
start(Account *account)
{
	account->announced = false;
	presence_clear(account);
	book_fetch(account, presence_announce);
	carbons_enable(account->stream);
	blocked_fetch(account);
	ask_own_side(account);
}

static void
go_on(Account *account)
{
	if (!account->was_online) {
		recall_own_side(account);
		presence_recall(account);
	}
	if (account->presence_due)
		presence_announce(account);
}

static void
came_online(Account *account, bool resumed)
{
	password_taken(account);
	if (resumed)
		go_on(account);
	else
		start(account);
	account->was_online = true;
}

static void
connection_changed(const Event *event)
{
	Account *account = account_find(event->account);
	if (!account)
		return;
	account->state = event->connection.state;
	g_free(account->reason);
	account->reason = g_strdup(event->connection.reason);
	if (account->state == CONNECTION_ONLINE)
		came_online(account, event->connection.resumed);
	else if (account->state == CONNECTION_FAILED)
		password_failed(account);
}

const struct event_watch online_watches[] = {
	{ .name = "account: online", .kind = EVENT_CONNECTION, .look = connection_changed },
	{ 0 },
};
