/* SPDX-License-Identifier: GPL-3.0-or-later */
/* How a stream ends, and whether and when it is tried again: the actions of the last rules. */
#include "api/log.h"
#include "api/timer.h"
#include "base/text.h"
#include "xmpp/iq.h"
#include "xmpp/machine.h"
#include "xmpp/ns.h"

#include <string.h>

enum { WAIT_MS = 1000, LONGEST_MS = 300000 };

/* A person wanted it: no reason, no further attempt. */
enum input
loss_now(Stream *stream, const Element *element)
{
	g_clear_error(&stream->why);
	stream->condition = NULL;
	return loss_settle(stream, element);
}

enum input
loss_left(Stream *stream, const Element *element)
{
	return loss_now(stream, element);
}

/* The session of this link; one that waits to be taken up, because this link never came so far, stays. */
static void
end_session(Stream *stream)
{
	if (stream->sm.counting)
		sm_forget(&stream->sm, stream->config.jid, &stream->memory);
}

enum input
loss_ended(Stream *stream, const Element *element)
{
	GError *error = NULL;

	(void)element;
	fault(&error, FAULT_NETWORK, "the server ended the connection");
	end_session(stream);
	return machine_lose(stream, error, NULL, true);
}

enum input
loss_late(Stream *stream, const Element *element)
{
	GError *error = NULL;

	(void)element;
	fault(&error, FAULT_NETWORK, "%s did not answer in time", stream->domain);
	return machine_lose(stream, error, NULL, true);
}

/* RFC 6120 §4.9.3. Coming back after conflict would throw out the one who threw us out, and so on for ever; see-other-host would
 * let whoever can say it choose where we go, so it is a reason like any other. */
static const struct {
	const char *condition, *words;
	bool retry;
} stream_errors[] = {
	{ "conflict", "another program took the place of this one", false },
	{ "host-unknown", "it does not serve this domain", false },
	{ "host-gone", "it does not serve this domain any more", false },
	{ "not-authorized", "it does not let us in", false },
	{ "unsupported-version", "it speaks another version of XMPP", false },
	{ "policy-violation", "we broke one of its rules", true },
	{ "system-shutdown", "it is being shut down", true },
	{ "reset", "it was reset", true },
	{ "connection-timeout", "it did not hear from us", true },
	{ "resource-constraint", "it is too busy", true },
	{ "internal-server-error", "something in it broke", true },
	{ "remote-connection-failed", "it cannot reach another server that it needs", true },
	{ "see-other-host", "it sends us elsewhere, which is not followed", true },
};

enum input
loss_stream_error(Stream *stream, const Element *element)
{
	const Element *first = NULL;
	const char *said = element_child_text(element, "text", NS_STREAM_ERROR), *words = NULL;
	g_autofree char *name = NULL, *text = NULL;
	bool retry = true;
	GError *error = NULL;

	for (const Element *e = element_first(element); e && !first; e = element_next(e)) {
		if (element_is(e, NULL, NS_STREAM_ERROR) && !element_is(e, "text", NULL))
			first = e;
	}
	name = text_cut(first ? element_name(first) : "no reason given", 40);
	for (guint i = 0; i < G_N_ELEMENTS(stream_errors); i++) {
		if (strcmp(stream_errors[i].condition, name) == 0) {
			words = stream_errors[i].words;
			retry = stream_errors[i].retry;
		}
	}
	text = said && *said ? text_cut(said, 200) : NULL;
	fault(&error, FAULT_PEER, "%s ended the connection: %s%s%s%s", stream->domain, words ? words : name, text ? " (" : "",
		text ? text : "", text ? ")" : "");
	return machine_lose(stream, error, NULL, retry);
}

/* We found fault with the server. Its session is given up as well: what made us close would come again with it. */
static void
tell_server(Stream *stream)
{
	g_autofree char *xml = g_strdup_printf(
		"<stream:error><%s xmlns='" NS_STREAM_ERROR "'/></stream:error></stream:stream>", stream->condition);

	stream_write(stream, xml);
	if (stream->sm.resuming)
		sm_forget(&stream->sm, stream->config.jid, &stream->memory);
	end_session(stream);
}

enum input
loss_settle(Stream *stream, const Element *element)
{
	bool again = stream->wanted && (!stream->why || stream->retry);

	(void)element;
	if (stream->condition && stream->transport)
		tell_server(stream);
	stream_cut(stream);
	if (!stream->sm.resumable)
		sm_forget(&stream->sm, stream->config.jid, &stream->memory);
	if (!stream->sm.id || !again)
		iq_lost(stream);
	return again ? INPUT_WAIT : INPUT_STOP;
}

static guint
next_wait(Stream *stream)
{
	guint ms = WAIT_MS << MIN(stream->attempts, 9);
	double jitter = g_random_double_range(0.7, 1.3);

	stream->attempts++;
	ms = MAX(MIN(ms, LONGEST_MS), stream->retry_least_ms);
	return (guint)(ms * jitter);
}

enum input
loss_wait(Stream *stream, const Element *element)
{
	(void)element;
	stream->timer = clock_after(stream->why ? next_wait(stream) : 0, machine_late, stream, NULL);
	if (stream->why)
		log_warning("%s: %s", stream->config.jid, stream->why->message);
	stream_announce(stream, stream->why ? CONNECTION_FAILED : CONNECTION_OFFLINE, true);
	g_clear_error(&stream->why);
	stream->condition = NULL;
	stream->retry_least_ms = 0;
	return INPUT_NONE;
}

enum input
loss_stop(Stream *stream, const Element *element)
{
	(void)element;
	if (stream->why)
		log_warning("%s: %s", stream->config.jid, stream->why->message);
	stream->wanted = false;
	stream->attempts = 0;
	stream_announce(stream, stream->why ? CONNECTION_FAILED : CONNECTION_OFFLINE, false);
	g_clear_error(&stream->why);
	stream->condition = NULL;
	stream->retry_least_ms = 0;
	return INPUT_NONE;
}
