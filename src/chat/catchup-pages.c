/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The pages of the archive (XEP-0313), one question at a time: what is asked, and what the answer means for the hole that it was
 * to fill. */
#include "chat/catchup-private.h"

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
#include "xmpp/mam.h"
#include "xmpp/stream.h"

#include <string.h>

#define NEWEST_PAGE 50
#define FILL_PAGE 250
#define HELD_MAX 64
#define BACK_PAGES_MAX 400 /* when a border is gone */
#define STUCK_MAX 3        /* pages in a row that lead nowhere */
#define RETRY_MS 30000     /* after an archive that fails, doubled each time */
#define RETRY_DOUBLINGS 6

static void page_done(Stream *stream, const struct mam_page *page, const GError *error, gpointer data);
static void ask_later(struct catchup *state);

static bool
set_gap(struct catchup *state, const Gap *old, const Gap *now)
{
	bool fine = holes_change(state->account, old, now);

	catchup_read_gaps(state);
	return fine;
}

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
	const Gap *gap = phase == PHASE_FILL || phase == PHASE_BACK ? catchup_gap(state) : NULL;

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

void
catchup_end(struct catchup *state)
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
	const Gap *gap = catchup_gap(state);

	state->back_pages = 0;
	if (gap && state->ahead && !g_strcmp0(state->ahead, gap->after_id)) {
		g_clear_pointer(&state->ahead, g_free);
		begin_page(state, PHASE_FILL);
	} else if (gap)
		ask_page(state, PHASE_FILL, &(struct mam_query){ .after_id = gap->after_id, .max = FILL_PAGE });
	else if (state->not_opened && state->filled)
		ask_page(state, PHASE_AGAIN, &(struct mam_query){ .before_id = "", .max = NEWEST_PAGE });
	else
		catchup_end(state);
}

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

/* A page ends with one of its own messages, and none twice. One that did not may have been passed by; where that goes on the
 * archive is wrong and would be asked for ever. */
static bool
leads_nowhere(struct catchup *state, const struct mam_page *page)
{
	bool seen = has_seen(state, page->last_id);

	if (g_hash_table_add(state->borders, g_strdup(page->last_id)) && seen)
		state->stuck = 0;
	else
		state->stuck++;
	return state->stuck > STUCK_MAX;
}

static void
give_up(struct catchup *state)
{
	log_warning("%s: the archive gives page after page that lead nowhere", state->account);
	ask_later(state);
	catchup_end(state);
}

static void
fill_done(struct catchup *state, const struct mam_page *page)
{
	Gap *gap = catchup_gap(state);
	Gap now = { .after_id = (char *)page->last_id, .before_id = gap->before_id, .at = gap->at };
	bool closed = closes(state, gap, page);

	state->filled = true;
	if (!set_gap(state, gap, closed ? NULL : &now))
		catchup_end(state);
	else if (!closed && leads_nowhere(state, page))
		give_up(state);
	else
		fill_next(state);
}

/* The old border is gone from the archive: from the new one backwards, until something is known. */
static void
go_back(struct catchup *state)
{
	const Gap *gap = catchup_gap(state);

	ask_page(state, PHASE_BACK, &(struct mam_query){ .before_id = gap->before_id, .max = FILL_PAGE });
}

static void
back_done(struct catchup *state, const struct mam_page *page)
{
	Gap *gap = catchup_gap(state);
	Gap now = { .after_id = gap->after_id, .before_id = (char *)page->first_id, .at = state->page_at };
	bool closed = !page->first_id || page->complete || state->met_known || ++state->back_pages > BACK_PAGES_MAX;

	state->filled = true;
	if (!set_gap(state, gap, closed ? NULL : &now))
		catchup_end(state);
	else if (closed)
		fill_next(state);
	else
		go_back(state);
}

static void
again_done(struct catchup *state, const struct mam_page *page)
{
	(void)page;
	catchup_end(state);
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
	const Gap *gap = catchup_gap(state);

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
	catchup_end(state);
}

/* The server looks for the next page while we work on this one. */
static void
ask_ahead(struct catchup *state, const struct mam_page *page)
{
	const Gap *gap = catchup_gap(state);

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
	struct catchup *state = catchup_find(stream_jid(stream));
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
	struct catchup *state = catchup_find(asked->account);

	if (!catchup_is_asking(state) || asked->serial != state->serial)
		return;
	if (page)
		ask_ahead(state, page);
	release(state, stream);
	state = catchup_find(asked->account);
	if (!catchup_is_asking(state))
		return;
	if (page)
		page_handlers[state->phase](state, page);
	else
		page_failed(state, error);
}

void
catchup_ask_newest(struct catchup *state)
{
	g_hash_table_remove_all(state->borders);
	state->stuck = 0;
	ask_page(state, PHASE_NEWEST, &(struct mam_query){ .before_id = "", .max = NEWEST_PAGE });
}
