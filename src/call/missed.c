/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Calls that nobody took: a line in the chat for those of contacts, one quiet line for those of strangers. */
#include "call/missed.h"

#include "account/account.h"
#include "api/chat.h"
#include "api/timer.h"
#include "base/text.h"
#include "call/calls.h"

#include <string.h>

enum { STRANGERS_MAX = 50, WAITING_MAX = 200, WAITING_OF_ONE_MAX = 20, KNOWN_MAX = 64, SETTLE_MS = 3000 };

struct proposal {
	char *account, *peer, *sid;
	gint64 at;
};
struct stranger {
	char *account, *peer;
	gint64 at;
	guint times;
};

static GPtrArray *waiting;   /* of struct proposal */
static GHashTable *in_step;  /* of char *: accounts whose catch-up has ended */
static GPtrArray *strangers; /* of struct stranger, newest last */

static void
proposal_free(gpointer data)
{
	struct proposal *proposal = data;

	g_free(proposal->account);
	g_free(proposal->peer);
	g_free(proposal->sid);
	g_free(proposal);
}

static void
stranger_free(gpointer data)
{
	struct stranger *stranger = data;

	g_free(stranger->account);
	g_free(stranger->peer);
	g_free(stranger);
}

/* ---- contacts ---- */

/* An archive may tell of it again at a later login. */
static bool
is_known(Account *account, const char *sid)
{
	g_autofree char *known = memory_get(account_jid(account), "calls-missed"), *rest = NULL, *now = NULL;
	g_auto(GStrv) sids = g_strsplit(known ? known : "", "\n", KNOWN_MAX);
	guint length = g_strv_length(sids);

	if (g_strv_contains((const char *const *)sids, sid))
		return true;
	if (length == KNOWN_MAX)
		g_clear_pointer(&sids[length - 1], g_free);
	rest = g_strjoinv("\n", sids);
	now = *rest ? g_strdup_printf("%s\n%s", sid, rest) : g_strdup(sid);
	memory_put(account_jid(account), "calls-missed", now);
	return false;
}

/* With the day, unless it is today. */
static char *
moment(gint64 at)
{
	g_autofree char *when = text_local_time(at), *today = text_local_time(clock_now());
	const size_t day = strlen("YYYY-MM-DD ");

	return g_strdup(strncmp(when, today, day) == 0 ? when + day : when);
}

void
missed_note(Account *account, const char *peer, const char *sid, bool video, gint64 at)
{
	Conversation *conv = convo_get(account, peer);
	g_autofree char *when = moment(at), *text = NULL;

	if (!conv || is_known(account, sid))
		return;
	text = g_strdup_printf("missed %scall at %s: /call calls back", video ? "video " : "", when);
	convo_note_unread(conv, text);
}

void
missed_proposed(const char *account, const char *peer, const char *sid, gint64 at)
{
	struct proposal *proposal;
	guint same = 0;

	if (!waiting)
		waiting = g_ptr_array_new_with_free_func(proposal_free);
	for (guint i = 0; i < waiting->len; i++) {
		proposal = g_ptr_array_index(waiting, i);
		if (!strcmp(proposal->sid, sid) && !strcmp(proposal->account, account))
			return;
		same += !strcmp(proposal->peer, peer) && !strcmp(proposal->account, account);
	}
	/* Who calls a hundred times does not hide who called once. */
	if (waiting->len >= WAITING_MAX || same >= WAITING_OF_ONE_MAX)
		return;
	proposal = g_new(struct proposal, 1);
	*proposal = (struct proposal){ g_strdup(account), g_strdup(peer), g_strdup(sid), at };
	g_ptr_array_add(waiting, proposal);
}

void
missed_settled(const char *account, const char *sid)
{
	for (guint i = 0; waiting && i < waiting->len; i++) {
		const struct proposal *proposal = g_ptr_array_index(waiting, i);

		if (!strcmp(proposal->sid, sid) && !strcmp(proposal->account, account)) {
			g_ptr_array_remove_index(waiting, i);
			return;
		}
	}
}

void
missed_wait(const char *account)
{
	if (in_step)
		g_hash_table_remove(in_step, account);
}

static void
tell_late(gpointer data)
{
	if (in_step && g_hash_table_contains(in_step, data))
		missed_tell(data);
}

void
missed_tell_soon(const char *account)
{
	clock_after(SETTLE_MS, tell_late, g_strdup(account), g_free);
}

void
missed_tell(const char *jid)
{
	Account *account = account_find(jid);

	if (!in_step)
		in_step = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	g_hash_table_add(in_step, g_strdup(jid));
	for (guint i = 0; waiting && i < waiting->len;) {
		const struct proposal *proposal = g_ptr_array_index(waiting, i);

		if (strcmp(proposal->account, jid) != 0) {
			i++;
			continue;
		}
		if (account)
			missed_note(account, proposal->peer, proposal->sid, false, proposal->at);
		g_ptr_array_remove_index(waiting, i);
	}
}

/* ---- strangers ---- */

void
missed_stranger(const char *account, const char *peer, gint64 at)
{
	struct stranger *stranger;

	if (!strangers)
		strangers = g_ptr_array_new_with_free_func(stranger_free);
	for (guint i = 0; i < strangers->len; i++) {
		stranger = g_ptr_array_index(strangers, i);
		if (!strcmp(stranger->peer, peer) && !strcmp(stranger->account, account)) {
			stranger->times++;
			stranger->at = at;
			return;
		}
	}
	if (strangers->len == STRANGERS_MAX)
		g_ptr_array_remove_index(strangers, 0);
	stranger = g_new(struct stranger, 1);
	*stranger = (struct stranger){ g_strdup(account), g_strdup(peer), at, 1 };
	g_ptr_array_add(strangers, stranger);
}

char **
calls_strangers(void)
{
	g_autoptr(GStrvBuilder) lines = g_strv_builder_new();

	for (guint i = 0; strangers && i < strangers->len; i++) {
		const struct stranger *stranger = g_ptr_array_index(strangers, i);
		g_autofree char *when = text_local_time(stranger->at);
		g_autofree char *line = g_strdup_printf("%s, who may not see you, called %s %u times, last at %s: it did not ring",
			stranger->peer, stranger->account, stranger->times, when);

		g_strv_builder_add(lines, line);
	}
	return g_strv_builder_end(lines);
}
