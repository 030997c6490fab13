/* SPDX-License-Identifier: GPL-3.0-or-later */
/* From a proven server to stanzas flowing, and their counting: the actions of the second half of the rules. */
#include "api/jid.h"
#include "api/log.h"
#include "api/timer.h"
#include "base/text.h"
#include "xmpp/iq.h"
#include "xmpp/machine.h"
#include "xmpp/ns.h"
#include "xmpp/route.h"

#include <string.h>

enum { OWING_MS = 20, LOST_BATCH_MS = 10000 };

enum input
session_features(Stream *stream, const Element *element)
{
	g_clear_pointer(&stream->features, stanza_unref);
	stream->features = stanza_ref(stream->current);
	stream->resumed = false;
	if (stream->sm.resumable && element_child(element, "sm", NS_SM))
		return INPUT_RESUME;
	if (stream->sm.id)
		sm_forget(&stream->sm, stream->config.jid, &stream->memory);
	return INPUT_BIND;
}

/* ---- taking up again ---- */

/* Whoever resumes acknowledges: what was counted is made durable first. What can't be is asked for again and counted then. */
static void
settle_before_resuming(Stream *stream)
{
	struct sm *sm = &stream->sm;

	if (sm->handled == sm->durable)
		return;
	sm_save(sm, stream->config.jid, &stream->memory);
	stream->memory.flush();
	sm->handled = sm->saved = sm->durable;
}

enum input
session_resume(Stream *stream, const Element *element)
{
	settle_before_resuming(stream);
	g_autofree char *id = g_markup_escape_text(stream->sm.id, -1);
	g_autofree char *xml = g_strdup_printf(
		"<resume xmlns='" NS_SM "' h='%" G_GUINT32_FORMAT "' previd='%s'/>", (guint32)stream->sm.durable, id);

	(void)element;
	stream->sm.resuming = true;
	stream_write(stream, xml);
	return INPUT_NONE;
}

enum input
session_resumed(Stream *stream, const Element *element)
{
	guint64 before = stream->sm.fresh ? 0 : stream->sm.acknowledged;
	const char *id = element_attr(element, "previd");
	GError *error = NULL;

	if (id && strcmp(id, stream->sm.id) != 0)
		fault(&error, FAULT_PEER, "the server goes on with another session than ours");
	else if (!sm_acknowledge(&stream->sm, element_attr(element, "h")))
		fault(&error, FAULT_PEER, "the server counts what we never sent");
	if (error) {
		sm_forget(&stream->sm, stream->config.jid, &stream->memory);
		return machine_lose(stream, error, "undefined-condition", true);
	}
	stream->sm.fresh = stream->sm.resuming = false;
	stream->sm.counting = true;
	stream->resumed = true;
	g_free(stream->full);
	stream->full = g_strdup(stream->sm.full);
	for (GList *l = stream->sm.unacknowledged.head; l; l = l->next)
		stream_write(stream, ((struct sm_kept *)l->data)->xml);
	stream_tell_acks(stream, before);
	session_online(stream, NULL);
	if (!g_queue_is_empty(&stream->sm.unacknowledged))
		stream_ask_ack(stream);
	return INPUT_NONE;
}

/* The server may still say how far it came (XEP-0198 §5), which spares the outbox what arrived. */
enum input
session_not_resumed(Stream *stream, const Element *element)
{
	guint64 before = stream->sm.fresh ? 0 : stream->sm.acknowledged;

	if (element_attr(element, "h") && sm_acknowledge(&stream->sm, element_attr(element, "h")))
		stream_tell_acks(stream, before);
	log_info("%s: the session could not be resumed", stream->config.jid);
	sm_forget(&stream->sm, stream->config.jid, &stream->memory);
	iq_lost(stream);
	return INPUT_BIND;
}

/* ---- a new session ---- */

enum input
session_bind(Stream *stream, const Element *element)
{
	/* Fresh each time: a resource that says nothing about the program, the machine or the last session. */
	g_autofree char *resource = text_random_id();
	g_autofree char *xml = NULL;

	(void)element;
	iq_lost(stream);
	g_free(stream->bind_id);
	stream->bind_id = text_random_id();
	xml = g_strdup_printf(
		"<iq type='set' id='%s'><bind xmlns='" NS_BIND "'><resource>%s</resource></bind></iq>", stream->bind_id, resource);
	stream_write(stream, xml);
	return INPUT_NONE;
}

enum input
session_bound(Stream *stream, const Element *element)
{
	const Element *bind = element_child(element, "bind", NS_BIND);
	const char *text = bind ? element_child_text(bind, "jid", NS_BIND) : NULL;
	GError *error = NULL;

	g_clear_pointer(&stream->bind_id, g_free);
	g_clear_pointer(&stream->full, g_free);
	if (g_strcmp0(element_attr(element, "type"), "result") == 0 && text)
		stream->full = jid_normalise(text, NULL);
	if (!stream->full || (stream->local && !jid_same_bare(stream->full, stream->config.jid)) || !jid_resource(stream->full)) {
		g_clear_pointer(&stream->full, g_free);
		fault(&error, FAULT_PEER, "%s does not give %s a session", stream->domain, stream->config.jid);
		return machine_lose(stream, error, NULL, true);
	}
	return element_child(stream_features(stream), "sm", NS_SM) ? INPUT_ENABLE : INPUT_READY;
}

enum input
session_enable(Stream *stream, const Element *element)
{
	(void)element;
	stream_write(stream, "<enable xmlns='" NS_SM "' resume='true'/>");
	return INPUT_NONE;
}

static bool
is_true(const char *value)
{
	return g_strcmp0(value, "true") == 0 || g_strcmp0(value, "1") == 0;
}

/* The location that a server may name is not followed: where we connect is ours to say. */
enum input
session_enabled(Stream *stream, const Element *element)
{
	const char *id = element_attr(element, "id");

	sm_forget(&stream->sm, stream->config.jid, &stream->memory);
	stream->sm.resumable = id && strlen(id) < 1024 && !strchr(id, '\n') && is_true(element_attr(element, "resume"));
	stream->sm.id = stream->sm.resumable ? g_strdup(id) : text_random_id();
	stream->sm.full = g_strdup(stream->full);
	stream->sm.counting = true;
	sm_save(&stream->sm, stream->config.jid, &stream->memory);
	return session_online(stream, NULL);
}

enum input
session_online(Stream *stream, const Element *element)
{
	(void)element;
	stream->attempts = 0;
	stream_announce(stream, CONNECTION_ONLINE, false);
	if (stream->inactive)
		stream_set_active(stream, false);
	return INPUT_NONE;
}

/* ---- stanzas and their counting ---- */

enum input
session_stanza(Stream *stream, const Element *element)
{
	bool counts = stream->sm.counting;

	if (stream->skipped)
		route_stanza_skipped(stream, element, stream->skipped);
	else
		route_stanza(stream, stream->current);
	if (counts && stream->sm.counting && !stream->sm.lost)
		stream->sm.handled++;
	return INPUT_NONE;
}

static void
on_unanswered(gpointer data)
{
	Stream *stream = data;
	GError *error = NULL;

	stream->ack_timer = 0;
	fault(&error, FAULT_NETWORK, "the server does not answer any more");
	machine_step(stream, machine_lose(stream, error, NULL, true), NULL);
}

void
stream_ask_ack(Stream *stream)
{
	enum { UNANSWERED_MS = 30000 };

	if (!stream->sm.counting || stream->sm.asked)
		return;
	stream->sm.asked = true;
	stream->ack_timer = clock_after(UNANSWERED_MS, on_unanswered, stream, NULL);
	stream_write(stream, "<r xmlns='" NS_SM "'/>");
}

enum input
session_ack(Stream *stream, const Element *element)
{
	guint64 before = stream->sm.acknowledged;
	GError *error = NULL;

	if (!stream->sm.counting || !sm_acknowledge(&stream->sm, element_attr(element, "h"))) {
		sm_forget(&stream->sm, stream->config.jid, &stream->memory);
		fault(&error, FAULT_PEER, "the server counts what we never sent");
		return machine_lose(stream, error, "undefined-condition", true);
	}
	stream->sm.asked = false;
	clock_cancel(stream->ack_timer);
	stream->ack_timer = 0;
	if (stream->state == STATE_ONLINE && !g_queue_is_empty(&stream->sm.unacknowledged))
		stream_ask_ack(stream);
	stream_tell_acks(stream, before);
	return INPUT_NONE;
}

static void
acknowledge(Stream *stream)
{
	g_autofree char *xml = g_strdup_printf("<a xmlns='" NS_SM "' h='%" G_GUINT32_FORMAT "'/>", (guint32)stream->sm.durable);

	stream->sm.owing = false;
	clock_cancel(stream->owing_timer);
	stream->owing_timer = 0;
	stream_write(stream, xml);
}

static void
on_owing(gpointer data)
{
	Stream *stream = data;

	stream->owing_timer = 0;
	stream->memory.flush();
}

/* The count joins the batch of what it counts; the answer leaves when that batch is durable, which it is made to be after a moment.
 * Where it cannot be, nothing is acknowledged. */
enum input
session_ack_wanted(Stream *stream, const Element *element)
{
	(void)element;
	if (!stream->sm.counting || stream->sm.lost)
		return INPUT_NONE;
	sm_save(&stream->sm, stream->config.jid, &stream->memory);
	stream->sm.owing = true;
	if (!stream->owing_timer)
		stream->owing_timer = clock_after(OWING_MS, on_owing, stream, NULL);
	return INPUT_NONE;
}

void
stream_committed(void)
{
	for (guint i = 0; i < streams()->len; i++) {
		Stream *stream = g_ptr_array_index(streams(), i);
		stream->sm.durable = stream->sm.saved;
		if (stream->sm.owing)
			acknowledge(stream);
	}
}

/* The server still has what the batch lost: it is asked for that again by resuming from the last count that was kept. */
void
stream_batch_lost(void)
{
	for (guint i = 0; i < streams()->len; i++) {
		Stream *stream = g_ptr_array_index(streams(), i);
		GError *error = NULL;
		stream->sm.owing = false;
		/* Also while the link is down: the next one begins with this count. */
		stream->sm.handled = stream->sm.saved = stream->sm.durable;
		if (!stream->sm.counting || stream->sm.lost)
			continue;
		/* The stanza in whose middle we may stand counts no more either. */
		stream->sm.lost = true;
		stream->retry_least_ms = LOST_BATCH_MS;
		fault(&error, FAULT_STORE, "what arrived could not be stored, it will be asked for again");
		machine_step(stream, machine_lose(stream, error, NULL, true), NULL);
	}
}

/* ---- leaving ---- */

static void
settle_count(Stream *stream)
{
	if (!stream->sm.counting)
		return;
	sm_save(&stream->sm, stream->config.jid, &stream->memory);
	stream->sm.owing = true;
	stream->memory.flush();
}

enum input
session_leave(Stream *stream, const Element *element)
{
	(void)element;
	settle_count(stream);
	stream_write(stream, "</stream:stream>");
	transport_finish(stream->transport);
	sm_forget(&stream->sm, stream->config.jid, &stream->memory);
	return INPUT_NONE;
}

/* Without the end tag the server keeps the session for a later resume (XEP-0198 §5). */
enum input
session_cut(Stream *stream, const Element *element)
{
	(void)element;
	settle_count(stream);
	transport_finish(stream->transport);
	return INPUT_NONE;
}
