/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Stream management. */
#include "xmpp/sm.h"

#include <stdio.h>
#include <string.h>

#define KEY "session"

enum { UNACKNOWLEDGED = 64 * 1024 * 1024 };

static void
drop_oldest(struct sm *sm)
{
	struct sm_kept *kept = g_queue_pop_head(&sm->unacknowledged);

	sm->bytes -= strlen(kept->xml);
	g_free(kept->xml);
	g_free(kept);
}

void
sm_clear(struct sm *sm)
{
	while (!g_queue_is_empty(&sm->unacknowledged))
		drop_oldest(sm);
	g_free(sm->id);
	g_free(sm->full);
	*sm = (struct sm){ 0 };
}

void
sm_forget(struct sm *sm, const char *account, const struct stream_memory *memory)
{
	sm_clear(sm);
	memory->put(account, KEY, NULL);
}

/* Lines: id, full JID, handled. What we sent is not kept: after a restart the server's h says where we are. */
void
sm_save(struct sm *sm, const char *account, const struct stream_memory *memory)
{
	g_autofree char *value = NULL;

	sm->saved = sm->handled;
	/* Without a session to keep it still joins the batch, whose commit is waited for. */
	if (sm->resumable)
		value = g_strdup_printf("%s\n%s\n%" G_GUINT64_FORMAT, sm->id, sm->full, sm->handled);
	memory->put(account, KEY, value);
}

void
sm_load(struct sm *sm, const char *account, const struct stream_memory *memory)
{
	g_autofree char *value = memory->get(account, KEY);
	g_auto(GStrv) lines = g_strsplit(value ? value : "", "\n", 3);

	sm_clear(sm);
	if (g_strv_length(lines) != 3 || !g_ascii_string_to_unsigned(lines[2], 10, 0, G_MAXUINT64, &sm->handled, NULL))
		return;
	sm->id = g_strdup(lines[0]);
	sm->full = g_strdup(lines[1]);
	sm->saved = sm->durable = sm->handled;
	sm->resumable = sm->fresh = true;
}

bool
sm_sent(struct sm *sm, const char *xml)
{
	struct sm_kept *kept;

	if (!sm->counting)
		return true;
	if (sm->bytes + strlen(xml) > UNACKNOWLEDGED)
		return false;
	kept = g_new(struct sm_kept, 1);
	*kept = (struct sm_kept){ ++sm->sent, g_strdup(xml) };
	sm->bytes += strlen(xml);
	g_queue_push_tail(&sm->unacknowledged, kept);
	return true;
}

void
sm_pause(struct sm *sm)
{
	sm->counting = sm->resuming = sm->asked = sm->owing = sm->lost = false;
}

bool
sm_acknowledge(struct sm *sm, const char *h)
{
	guint64 value;
	guint32 ahead;

	if (!h || !g_ascii_string_to_unsigned(h, 10, 0, G_MAXUINT32, &value, NULL))
		return false;
	if (sm->fresh) {
		sm->sent = sm->acknowledged = value;
		return true;
	}
	ahead = (guint32)value - (guint32)sm->acknowledged;
	if (ahead > sm->sent - sm->acknowledged)
		return false;
	sm->acknowledged += ahead;
	while (!g_queue_is_empty(&sm->unacknowledged) &&
		((struct sm_kept *)g_queue_peek_head(&sm->unacknowledged))->sequence <= sm->acknowledged)
		drop_oldest(sm);
	return true;
}
