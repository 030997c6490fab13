/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Catching up (XEP-0313): the newest page first, then the holes before it, oldest first so that ratchets turn in order. A hole is
 * a row in the store until it is filled, so a killed process goes on where it was. */
#include "chat/catchup.h"

#include "account/account.h"
#include "api/error.h"
#include "api/event.h"
#include "api/iq.h"
#include "api/log.h"
#include "api/timer.h"
#include "chat/convo.h"
#include "chat/holes.h"
#include "chat/inbox.h"
#include "chat/older.h"
#include "chat/outbox.h"
#include "chat/place.h"
#include "xmpp/mam.h"
#include "xmpp/stream.h"

#include <string.h>

#define NEWEST_PAGE 50
#define FILL_PAGE 250
#define HELD_MAX 64
#define BACK_PAGES_MAX 400 /* when a border is gone */
#define LOST_RETRY_MS 15000
#define RETRY_MS 30000 /* after an archive that fails, doubled each time */
#define RETRY_DOUBLINGS 6

enum phase { PHASE_IDLE, PHASE_EXPECTED, PHASE_NEWEST, PHASE_FILL, PHASE_BACK, PHASE_AGAIN };

/* One account's way to now. */
struct catchup {
	char *account;
	enum phase phase;
	GHashTable *seen; /* archive ids of the running page */
	gint64 page_at;   /* when the first of them was said */
	struct place place;
	bool met_known, not_opened, filled;
	bool done;      /* once in this process, and again after each connection that was not resumed */
	bool once_more; /* asked for while one was running */
	guint back_pages, lost_timer;
	guint tries, again_timer; /* in vain so far, and until the next one */
	char *lost_after;         /* what came after it could not be kept */
	GPtrArray *gaps;          /* of Gap *, those that are being filled, newest last */
	GPtrArray *held;          /* of Stanza *, the results of a page that is not whole yet */
	guint serial;             /* of the question whose answer counts */
	char *ahead;              /* that question starts here and was asked before the page in front of it was worked on */
};

static GHashTable *states; /* account -> struct catchup */

static void
catchup_free(gpointer data)
{
	struct catchup *state = data;

	clock_cancel(state->lost_timer);
	clock_cancel(state->again_timer);
	g_hash_table_unref(state->seen);
	g_clear_pointer(&state->gaps, g_ptr_array_unref);
	g_ptr_array_unref(state->held);
	g_free(state->ahead);
	g_free(state->lost_after);
	g_free(state->account);
	g_free(state);
}

static struct catchup *
state_find(const char *account)
{
	return states ? g_hash_table_lookup(states, account) : NULL;
}

/* A question is with the archive. */
static bool
is_asking(const struct catchup *state)
{
	return state && state->phase > PHASE_EXPECTED;
}

static struct catchup *
state_of(const char *account)
{
	struct catchup *state = state_find(account);

	if (state)
		return state;
	if (!states)
		states = g_hash_table_new_full(g_str_hash, g_str_equal, NULL, catchup_free);
	state = g_new0(struct catchup, 1);
	state->account = g_strdup(account);
	state->seen = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	state->held = g_ptr_array_new_with_free_func((GDestroyNotify)stanza_unref);
	g_hash_table_insert(states, state->account, state);
	return state;
}

void
catchup_unload(const char *account)
{
	if (states && account)
		g_hash_table_remove(states, account);
	else
		g_clear_pointer(&states, g_hash_table_unref);
}

/* ---- the holes in the store ---- */

static void
read_gaps(struct catchup *state)
{
	g_clear_pointer(&state->gaps, g_ptr_array_unref);
	state->gaps = holes_read(state->account);
}

static bool
set_gap(struct catchup *state, const Gap *old, const Gap *now)
{
	bool fine = holes_change(state->account, old, now);

	read_gaps(state);
	return fine;
}

static bool
mark_holes(struct catchup *state)
{
	bool fine = holes_mark(state->account, state->lost_after);

	if (fine)
		g_clear_pointer(&state->lost_after, g_free);
	read_gaps(state);
	return fine;
}

static Gap *
current_gap(const struct catchup *state)
{
	return state->gaps->len ? g_ptr_array_index(state->gaps, state->gaps->len - 1) : NULL;
}

/* ---- asking ---- */

static void page_done(Stream *stream, const struct mam_page *page, const GError *error, gpointer data);

/* Only the answer to the latest question counts. */
struct asked {
	char *account;
	guint serial;
};

static void
asked_free(gpointer data)
{
	struct asked *asked = data;

	g_free(asked->account);
	g_free(asked);
}

static void
ask(struct catchup *state, const struct mam_query *query)
{
	struct asked *asked = g_new(struct asked, 1);

	*asked = (struct asked){ g_strdup(state->account), ++state->serial };
	mam_query(account_stream(account_find(state->account)), query, page_done, asked, asked_free);
}

static void
begin_page(struct catchup *state, enum phase phase)
{
	const Gap *gap = phase == PHASE_FILL || phase == PHASE_BACK ? current_gap(state) : NULL;

	state->phase = phase;
	place_begin(&state->place, gap && gap->before_id ? gap->at : G_MAXINT64);
	state->page_at = 0;
	state->met_known = false;
	g_hash_table_remove_all(state->seen);
}

static void
ask_page(struct catchup *state, enum phase phase, const struct mam_query *query)
{
	begin_page(state, phase);
	g_clear_pointer(&state->ahead, g_free);
	/* Of a query that was given up. */
	g_ptr_array_set_size(state->held, 0);
	ask(state, query);
}

static bool
has_seen(const struct catchup *state, const char *id)
{
	return id && g_hash_table_contains(state->seen, id);
}

static void
end(struct catchup *state)
{
	Account *account = account_find(state->account);

	state->phase = PHASE_IDLE;
	state->done = true;
	if (!state->again_timer)
		state->tries = 0;
	state->not_opened = state->filled = false;
	holes_remember(state->account);
	log_info("%s: caught up", state->account);
	event_emit(&(Event){ .kind = EVENT_CAUGHT_UP, .account = state->account });
	older_go_on(state->account);
	if (state->once_more && account && account_online(account))
		catchup_start(account, false);
}

static void
fill_next(struct catchup *state)
{
	const Gap *gap = current_gap(state);

	state->back_pages = 0;
	if (gap && state->ahead && !g_strcmp0(state->ahead, gap->after_id)) {
		g_clear_pointer(&state->ahead, g_free);
		begin_page(state, PHASE_FILL);
	} else if (gap)
		ask_page(state, PHASE_FILL, &(struct mam_query){ .after_id = gap->after_id, .max = FILL_PAGE });
	else if (state->not_opened && state->filled)
		ask_page(state, PHASE_AGAIN, &(struct mam_query){ .before_id = "", .max = NEWEST_PAGE });
	else
		end(state);
}

/* ---- answers ---- */

static void
newest_done(struct catchup *state, const struct mam_page *page)
{
	Gap *gap;
	bool first_login = !holes_open(state->gaps);

	while ((gap = holes_open(state->gaps))) {
		Gap now = { .after_id = gap->after_id, .before_id = (char *)page->first_id, .at = state->page_at };
		bool closed = !page->first_id || page->complete || has_seen(state, gap->after_id);

		if (!set_gap(state, gap, closed ? NULL : &now))
			break;
	}
	if (first_login)
		convos_were_read(state->account);
	if (first_login && page->first_id && !page->complete)
		set_gap(state, NULL, &(Gap){ .before_id = (char *)page->first_id, .at = state->page_at });
	fill_next(state);
}

static bool
closes(const struct catchup *state, const Gap *gap, const struct mam_page *page)
{
	return !page->last_id || page->complete || has_seen(state, gap->before_id) || !strcmp(page->last_id, gap->after_id);
}

static void
fill_done(struct catchup *state, const struct mam_page *page)
{
	Gap *gap = current_gap(state);
	Gap now = { .after_id = (char *)page->last_id, .before_id = gap->before_id, .at = gap->at };
	bool closed = closes(state, gap, page);

	state->filled = true;
	if (set_gap(state, gap, closed ? NULL : &now))
		fill_next(state);
	else
		end(state);
}

/* The old border is gone from the archive: from the new one backwards, until something is known. */
static void
go_back(struct catchup *state)
{
	const Gap *gap = current_gap(state);

	ask_page(state, PHASE_BACK, &(struct mam_query){ .before_id = gap->before_id, .max = FILL_PAGE });
}

static void
back_done(struct catchup *state, const struct mam_page *page)
{
	Gap *gap = current_gap(state);
	Gap now = { .after_id = gap->after_id, .before_id = (char *)page->first_id, .at = state->page_at };
	bool closed = !page->first_id || page->complete || state->met_known || ++state->back_pages > BACK_PAGES_MAX;

	state->filled = true;
	if (!set_gap(state, gap, closed ? NULL : &now))
		end(state);
	else if (closed)
		fill_next(state);
	else
		go_back(state);
}

static void
again_done(struct catchup *state, const struct mam_page *page)
{
	(void)page;
	end(state);
}

static void (*const page_handlers[])(struct catchup *state, const struct mam_page *page) = {
	[PHASE_NEWEST] = newest_done,
	[PHASE_FILL] = fill_done,
	[PHASE_BACK] = back_done,
	[PHASE_AGAIN] = again_done,
};

static void
ask_again(gpointer data)
{
	struct catchup *state = data;
	Account *account = account_find(state->account);

	state->again_timer = 0;
	/* Otherwise the next login asks. */
	if (account && account_online(account))
		catchup_start(account, false);
}

static void
ask_later(struct catchup *state)
{
	guint wait = RETRY_MS << MIN(state->tries, RETRY_DOUBLINGS);

	state->tries++;
	clock_cancel(state->again_timer);
	state->again_timer = clock_after(wait, ask_again, state, NULL);
	log_info("%s: the archive is asked again in %u s", state->account, wait / 1000);
}

/* What a server says that keeps none, or none for us. */
static bool
has_no_archive(const GError *error)
{
	static const char *const conditions[] = { "service-unavailable", "feature-not-implemented", "forbidden", "not-allowed",
		NULL };
	const char *condition = iq_condition(error);

	return condition && g_strv_contains(conditions, condition);
}

static void
page_failed(struct catchup *state, const GError *error)
{
	const Gap *gap = current_gap(state);

	if (g_error_matches(error, FAULT, FAULT_OFFLINE)) {
		state->phase = PHASE_IDLE;
		return;
	}
	log_info("%s: the archive: %s", state->account, error->message);
	if (state->phase == PHASE_FILL && !g_strcmp0(iq_condition(error), "item-not-found")) {
		if (gap->before_id) {
			go_back(state);
		} else {
			set_gap(state, gap, NULL);
			fill_next(state);
		}
		return;
	}
	/* No archive, or none that answers: what waits for it must not wait for ever. */
	if (!has_no_archive(error))
		ask_later(state);
	end(state);
}

/* The server looks for the next page while we work on this one. */
static void
ask_ahead(struct catchup *state, const struct mam_page *page)
{
	const Gap *gap = current_gap(state);

	if (state->phase != PHASE_FILL || !gap || closes(state, gap, page))
		return;
	g_free(state->ahead);
	state->ahead = g_strdup(page->last_id);
	ask(state, &(struct mam_query){ .after_id = page->last_id, .max = FILL_PAGE });
}

static void
release(struct catchup *state, Stream *stream)
{
	g_autoptr(GPtrArray) held = g_steal_pointer(&state->held);

	state->held = g_ptr_array_new_with_free_func((GDestroyNotify)stanza_unref);
	for (guint i = 0; i < held->len; i++)
		inbox_take(stream, stanza_root(held->pdata[i]), MESSAGE_ARCHIVE);
}

bool
catchup_hold(Stream *stream, const Element *stanza)
{
	struct catchup *state = state_find(stream_jid(stream));
	const Element *result = element_child(stanza, "result", MAM_NS);
	const char *id = result ? element_attr(result, "id") : NULL;
	Stanza *taking = stream_taking(stream);

	if (!state || state->phase != PHASE_FILL || !id || !taking || stanza_root(taking) != stanza ||
		!mam_expected(stream, element_attr(stanza, "from"), element_attr(result, "queryid")))
		return false;
	g_hash_table_add(state->seen, g_strdup(id));
	g_ptr_array_add(state->held, stanza_ref(taking));
	if (state->held->len >= HELD_MAX)
		release(state, stream);
	return true;
}

static void
page_done(Stream *stream, const struct mam_page *page, const GError *error, gpointer data)
{
	const struct asked *asked = data;
	struct catchup *state = state_find(asked->account);

	if (!is_asking(state) || asked->serial != state->serial)
		return;
	if (page)
		ask_ahead(state, page);
	release(state, stream);
	state = state_find(asked->account);
	if (!is_asking(state))
		return;
	if (page)
		page_handlers[state->phase](state, page);
	else
		page_failed(state, error);
}

/* ---- starting ---- */

void
catchup_expect(Account *account)
{
	struct catchup *state = state_of(account_jid(account));

	state->done = false;
	if (state->phase == PHASE_IDLE)
		state->phase = PHASE_EXPECTED;
}

void
catchup_start(Account *account, bool resumed)
{
	struct catchup *state = state_of(account_jid(account));

	read_gaps(state);
	if (is_asking(state) || (state->phase == PHASE_EXPECTED && resumed)) {
		state->once_more |= !resumed;
		return;
	}
	state->phase = PHASE_IDLE;
	state->once_more = false;
	if (!resumed)
		state->done = false;
	if (resumed && !state->tries && !outbox_oldest_doubt(state->account) && !current_gap(state)) {
		if (!state->done)
			end(state);
		return;
	}
	clock_cancel(state->again_timer);
	state->again_timer = 0;
	mark_holes(state);
	ask_page(state, PHASE_NEWEST, &(struct mam_query){ .before_id = "", .max = NEWEST_PAGE });
}

bool
catchup_again(Account *account)
{
	const struct catchup *state = state_find(account_jid(account));

	if (!state || state->phase != PHASE_IDLE || !state->done || !current_gap(state))
		return false;
	catchup_start(account, true);
	return true;
}

bool
catchup_is_running(const char *account)
{
	const struct catchup *state = state_find(account);
	const Account *found = account_find(account);

	return is_asking(state) || (state && state->phase == PHASE_EXPECTED && found && account_online(found));
}

const GPtrArray *
catchup_gaps(const char *account)
{
	const struct catchup *state = state_find(account);

	return state ? state->gaps : NULL;
}

gint64
catchup_said_at(const char *account, gint64 stamp)
{
	const struct catchup *state = state_find(account);

	return is_asking(state) ? place_at(&state->place, stamp) : stamp;
}

void
catchup_met(const char *account, const char *stanza_id, gint64 sent_at, bool known)
{
	struct catchup *state = state_find(account);

	if (!is_asking(state) || !stanza_id)
		return;
	if (!state->page_at)
		state->page_at = sent_at;
	place_met(&state->place, sent_at);
	state->met_known |= known;
	g_hash_table_add(state->seen, g_strdup(stanza_id));
}

void
catchup_not_opened(const char *account)
{
	struct catchup *state = state_find(account);

	if (state)
		state->not_opened = true;
}

static void
look_for_lost(gpointer data)
{
	struct catchup *state = data;
	Account *account = account_find(state->account);

	state->lost_timer = 0;
	if (account && account_online(account) && mark_holes(state))
		catchup_start(account, false);
	else if (account)
		state->lost_timer = clock_after(LOST_RETRY_MS, look_for_lost, state, NULL);
}

void
catchup_lost(Account *account)
{
	struct catchup *state = state_of(account_jid(account));

	if (!state->lost_after) {
		state->lost_after = holes_known_up_to(state->account);
		alert(state->account, NULL, "not-kept",
			"messages cannot be kept - make room on the disk, they are fetched again from the server's archive");
	}
	if (!state->lost_timer)
		state->lost_timer = clock_after(LOST_RETRY_MS, look_for_lost, state, NULL);
}
