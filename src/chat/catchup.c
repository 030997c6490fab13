/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Catching up (XEP-0313): the newest page first, then the holes before it, oldest first so that ratchets turn in order. A hole is
 * a row in the store until it is filled, so a killed process goes on where it was. */
#include "chat/catchup-private.h"

#include "account/account.h"
#include "api/event.h"
#include "api/timer.h"
#include "chat/outbox.h"
#include "xmpp/stream.h"

#define LOST_RETRY_MS 15000

static GHashTable *states; /* account -> struct catchup */

static void
catchup_free(gpointer data)
{
	struct catchup *state = data;

	clock_cancel(state->lost_timer);
	clock_cancel(state->again_timer);
	g_hash_table_unref(state->seen);
	g_hash_table_unref(state->borders);
	g_clear_pointer(&state->gaps, g_ptr_array_unref);
	g_ptr_array_unref(state->held);
	g_free(state->ahead);
	g_free(state->lost_after);
	g_free(state->account);
	g_free(state);
}

struct catchup *
catchup_find(const char *account)
{
	return states ? g_hash_table_lookup(states, account) : NULL;
}

bool
catchup_is_asking(const struct catchup *state)
{
	return state && state->phase > PHASE_EXPECTED;
}

static struct catchup *
state_of(const char *account)
{
	struct catchup *state = catchup_find(account);

	if (state)
		return state;
	if (!states)
		states = g_hash_table_new_full(g_str_hash, g_str_equal, NULL, catchup_free);
	state = g_new0(struct catchup, 1);
	state->account = g_strdup(account);
	state->seen = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	state->borders = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
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

void
catchup_read_gaps(struct catchup *state)
{
	g_clear_pointer(&state->gaps, g_ptr_array_unref);
	state->gaps = holes_read(state->account);
}

static bool
mark_holes(struct catchup *state)
{
	bool fine = holes_mark(state->account, state->lost_after);

	if (fine)
		g_clear_pointer(&state->lost_after, g_free);
	catchup_read_gaps(state);
	return fine;
}

Gap *
catchup_gap(const struct catchup *state)
{
	return state->gaps->len ? g_ptr_array_index(state->gaps, state->gaps->len - 1) : NULL;
}

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

	catchup_read_gaps(state);
	if (catchup_is_asking(state) || (state->phase == PHASE_EXPECTED && resumed)) {
		state->once_more |= !resumed;
		return;
	}
	state->phase = PHASE_IDLE;
	state->once_more = false;
	if (!resumed)
		state->done = false;
	if (resumed && !state->tries && !outbox_oldest_doubt(state->account) && !catchup_gap(state)) {
		if (!state->done)
			catchup_end(state);
		return;
	}
	clock_cancel(state->again_timer);
	state->again_timer = 0;
	mark_holes(state);
	catchup_ask_newest(state);
}

bool
catchup_again(Account *account)
{
	const struct catchup *state = catchup_find(account_jid(account));

	if (!state || state->phase != PHASE_IDLE || !state->done || !catchup_gap(state))
		return false;
	catchup_start(account, true);
	return true;
}

bool
catchup_is_running(const char *account)
{
	const struct catchup *state = catchup_find(account);
	const Account *found = account_find(account);

	return catchup_is_asking(state) || (state && state->phase == PHASE_EXPECTED && found && account_online(found));
}

const GPtrArray *
catchup_gaps(const char *account)
{
	const struct catchup *state = catchup_find(account);

	return state ? state->gaps : NULL;
}

gint64
catchup_said_at(const char *account, gint64 stamp)
{
	const struct catchup *state = catchup_find(account);

	return catchup_is_asking(state) ? place_at(&state->place, stamp) : stamp;
}

void
catchup_met(const char *account, const char *stanza_id, gint64 sent_at, bool known)
{
	struct catchup *state = catchup_find(account);

	if (!catchup_is_asking(state) || !stanza_id)
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
	struct catchup *state = catchup_find(account);

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
