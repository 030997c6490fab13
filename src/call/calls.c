/* SPDX-License-Identifier: GPL-3.0-or-later */
/* All calls there are: their making and forgetting, and the facts that others see of them. */
#include "api/event.h"
#include "api/jid.h"
#include "base/rate.h"
#include "call/call.h"

#include <string.h>

#define KEPT_MS 60000 /* an ended call, for who looks at it */
#define KNOCKS_MAX 60 /* of one contact in a minute */

static GPtrArray *all; /* of Call *, oldest first */
static GArray *running;
static guint last_id;

Call *
call_new(const char *account, const char *peer, bool incoming)
{
	Call *call = g_new0(Call, 1);

	call->refs = 1;
	call->id = ++last_id;
	call->account = g_strdup(account);
	call->peer = g_strdup(peer);
	call->incoming = incoming;
	call->began = clock_now();
	g_queue_init(&call->pending);
	call->keys_to_press = g_string_new(NULL);
	call->contents = g_ptr_array_new_with_free_func(content_free);
	call->papers = g_ptr_array_new_with_free_func(paper_free);
	if (!all)
		all = g_ptr_array_new_with_free_func((GDestroyNotify)call_release);
	g_ptr_array_add(all, call);
	return call;
}

Call *
call_hold_ref(Call *call)
{
	call->refs++;
	return call;
}

void
call_release(Call *call)
{
	if (--call->refs)
		return;
	clock_cancel(call->timer);
	clock_cancel(call->key_timer);
	g_string_free(call->keys_to_press, TRUE);
	media_stop(call->media);
	keys_free(call->keys);
	g_ptr_array_unref(call->contents);
	g_ptr_array_unref(call->papers);
	g_clear_pointer(&call->relays, g_variant_unref);
	g_queue_clear(&call->pending);
	g_free(call->account);
	g_free(call->peer);
	g_free(call->full);
	g_free(call->sid);
	g_free(call->reason);
	g_free(call->device_name);
	g_free(call->words);
	g_free(call->told);
	g_free(call);
}

static void
forget(gpointer data)
{
	Call *call = call_by_id(GPOINTER_TO_UINT(data));

	if (call)
		g_ptr_array_remove(all, call);
}

void
call_forget_later(Call *call)
{
	clock_after(KEPT_MS, forget, GUINT_TO_POINTER(call->id), NULL);
}

/* ---- finding ---- */

const GPtrArray *
call_list(void)
{
	if (!all)
		all = g_ptr_array_new_with_free_func((GDestroyNotify)call_release);
	return all;
}

Call *
call_by_id(guint id)
{
	for (guint i = 0; all && i < all->len; i++) {
		Call *call = g_ptr_array_index(all, i);

		if (call->id == id)
			return call;
	}
	return NULL;
}

Call *
call_by_sid(const char *account, const char *sid)
{
	for (guint i = 0; all && i < all->len; i++) {
		Call *call = g_ptr_array_index(all, i);

		if (!g_strcmp0(call->sid, sid) && !strcmp(call->account, account))
			return call;
	}
	return NULL;
}

Call *
call_with(const char *account, const char *peer, bool incoming)
{
	for (guint i = 0; all && i < all->len; i++) {
		Call *call = g_ptr_array_index(all, i);

		if (call->state != STATE_ENDED && call->incoming == incoming && !strcmp(call->peer, peer) &&
			!strcmp(call->account, account))
			return call;
	}
	return NULL;
}

Account *
call_account(const Call *call)
{
	return account_find(call->account);
}

bool
call_is_busy(void)
{
	for (guint i = 0; all && i < all->len; i++) {
		enum state state = ((Call *)g_ptr_array_index(all, i))->state;

		if (state == STATE_ACTIVE || state == STATE_LINKING || state == STATE_HELD)
			return true;
	}
	return false;
}

/* Each one that rings starts a program, and leaves a line. */
bool
call_may_knock(const char *account, const char *peer)
{
	static struct rate knocks = { .burst = KNOCKS_MAX, .per_second = KNOCKS_MAX / 60.0 };

	return rate_take(&knocks, account, peer);
}

const char *
call_ns(void)
{
	const struct e2ee_provider *provider = e2ee_provider();

	return provider ? provider->call_namespace : NULL;
}

const GArray *
calls_running(void)
{
	if (!running)
		running = g_array_new(FALSE, FALSE, sizeof(guint));
	g_array_set_size(running, 0);
	for (guint i = 0; all && i < all->len; i++) {
		const Call *call = g_ptr_array_index(all, i);

		if (call->state != STATE_ENDED)
			g_array_append_val(running, call->id);
	}
	return running;
}

guint
call_ringing(void)
{
	for (guint i = 0; all && i < all->len; i++) {
		const Call *call = g_ptr_array_index(all, i);

		if (call->state == STATE_RINGING)
			return call->id;
	}
	return 0;
}

guint
call_current(void)
{
	guint ringing = call_ringing(), newest = 0, active = 0;

	for (guint i = 0; all && i < all->len; i++) {
		const Call *call = g_ptr_array_index(all, i);

		if (call->state == STATE_ENDED)
			continue;
		newest = call->id;
		if (call->state == STATE_ACTIVE)
			active = call->id;
	}
	return ringing ? ringing : active ? active : newest;
}

/* ---- facts ---- */

static void
fill(Call *call)
{
	const struct content *video = call_video_content(call);
	bool they_receive = false, they_send = false;
	const char *name = call->keys ? keys_peer_name(call->keys) : NULL;

	if (video && video->remote && !video->asked)
		talk_directions(call, video, &they_receive, &they_send);
	/* What its keys were is still to be read when it is over. */
	if (call->keys) {
		call->facts.keys = keys_level(call->keys);
		call->facts.trust = keys_trust(call->keys);
	}
	if (name && g_strcmp0(name, call->device_name) != 0) {
		g_free(call->device_name);
		call->device_name = g_strdup(name);
	}
	call->facts = (struct call_facts){
		.id = call->id,
		.account = call->account,
		.peer = call->peer,
		.incoming = call->incoming,
		.state = call_state_shown(call->state),
		.video = call->video,
		.our_video = call->video_on,
		.their_video = they_send,
		.muted = call->muted,
		.held = call->state == STATE_HELD,
		.peer_muted = call->peer_muted,
		.peer_held = call->peer_held,
		.keys = call->state >= STATE_LINKING ? call->facts.keys : CALL_KEYS_NONE,
		.trust = call->facts.trust,
		.path = call->path,
		.device_name = call->device_name,
		.device = call->keys ? keys_peer_device(call->keys) : 0,
		.device_key = call->keys ? keys_peer_fingerprint(call->keys) : NULL,
		.words = call->words,
		.reason = call->reason,
		.reason_code = call->state == STATE_ENDED ? call->reason_code : NULL,
		.since = call->began,
		.active_since = call->active_at,
	};
	if (call->state == STATE_OFFERED && call->rings_there)
		call->facts.state = CALL_RINGING;
}

const struct call_facts *
call_facts(guint id)
{
	Call *call = call_by_id(id);

	if (!call)
		return NULL;
	fill(call);
	return &call->facts;
}

/* Not every step changes what others see. */
static bool
is_news(Call *call)
{
	const struct call_facts *facts = &call->facts;
	g_autofree char *now = g_strdup_printf("%d %d %d %d %d %d %d %d %d %d %d %s %s %s", facts->state, facts->video,
		facts->our_video, facts->their_video, facts->muted, facts->peer_muted, facts->peer_held, facts->keys, facts->trust,
		facts->path, facts->active_since != 0, facts->device_name, facts->words, facts->reason);

	if (!g_strcmp0(now, call->told))
		return false;
	g_free(call->told);
	call->told = g_steal_pointer(&now);
	return true;
}

void
call_tell(Call *call)
{
	fill(call);
	if (!is_news(call))
		return;
	event_emit(&(Event){ .kind = EVENT_CALL, .account = call->account, .call = &call->facts });
}
