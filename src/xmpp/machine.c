/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The rules of the stream: every way from one state to the next is a row; what has no row is refused. */
#include "xmpp/machine.h"

#include "api/log.h"
#include "api/text.h"
#include "api/timer.h"
#include "xmpp/ns.h"
#include "xmpp/wire.h"

#include <string.h>

enum {
	STEP_MS = 15000,
	LEAVING_MS = 2000,
	UNFINISHED_MS = 60000, /* a stanza that was begun */
	TURN_US = 10000,       /* of the main loop: keys are answered between two of them */
};

/* Time in a state before INPUT_LATE; 0: any. Waiting for the next attempt has its own. */
static const struct {
	const char *name;
	guint ms;
} states[STATES] = {
	[STATE_OFFLINE] = { "offline", 0 },
	[STATE_WAITING] = { "waiting", 0 },
	[STATE_ASKING] = { "asking for the password", 0 },
	[STATE_CONNECTING] = { "connecting", 0 }, /* the transport has its own limits, one for each address */
	[STATE_PLAIN] = { "connected", STEP_MS },
	[STATE_STARTTLS] = { "asking for TLS", STEP_MS },
	[STATE_SHAKING] = { "securing", 0 },
	[STATE_SECURE] = { "secure", STEP_MS },
	[STATE_PROVING] = { "logging in", STEP_MS },
	[STATE_DERIVING] = { "computing the key", 0 },
	[STATE_PROVEN] = { "logged in", STEP_MS },
	[STATE_SESSION] = { "choosing the session", STEP_MS },
	[STATE_RESUMING] = { "resuming", STEP_MS },
	[STATE_BINDING] = { "binding", STEP_MS },
	[STATE_BOUND] = { "bound", STEP_MS },
	[STATE_ENABLING] = { "enabling acknowledgements", STEP_MS },
	[STATE_ONLINE] = { "online", 0 },
	[STATE_LEAVING] = { "leaving", LEAVING_MS },
	[STATE_LOST] = { "lost", 0 },
};

const struct rule machine_rules[] = {
	/* Where no state is named the row serves all that have none of their own. */
	{ STATE_OFFLINE, INPUT_CONNECT, login_start, STATE_ASKING },
	{ STATE_WAITING, INPUT_CONNECT, login_start, STATE_ASKING },
	{ STATE_WAITING, INPUT_LATE, login_start, STATE_ASKING },
	{ STATE_ASKING, INPUT_PASSWORD, login_connect, STATE_CONNECTING },
	{ STATE_ASKING, INPUT_NO_PASSWORD, login_without_password, STATE_LOST },
	{ STATE_CONNECTING, INPUT_LINK, login_header, STATE_PLAIN },
	{ STATE_CONNECTING, INPUT_SECURE_LINK, login_secured, STATE_SECURE },

	{ STATE_PLAIN, INPUT_HEADER, login_greeted, STATE_PLAIN },
	{ STATE_PLAIN, INPUT_FEATURES, login_ask_tls, STATE_STARTTLS },
	{ STATE_STARTTLS, INPUT_PROCEED, login_begin_tls, STATE_SHAKING },
	{ STATE_STARTTLS, INPUT_TLS_FAILURE, login_tls_refused, STATE_LOST },
	{ STATE_SHAKING, INPUT_SECURED, login_secured, STATE_SECURE },

	{ STATE_SECURE, INPUT_HEADER, login_greeted, STATE_SECURE },
	{ STATE_SECURE, INPUT_FEATURES, login_begin, STATE_PROVING },
	{ STATE_PROVING, INPUT_CHALLENGE, login_answer, STATE_PROVING },
	{ STATE_PROVING, INPUT_DERIVE, NULL, STATE_DERIVING },
	{ STATE_DERIVING, INPUT_DERIVED, login_derived, STATE_PROVING },
	{ STATE_PROVING, INPUT_SUCCESS, login_success, STATE_PROVEN },
	{ STATE_PROVING, INPUT_FAILURE, login_refused, STATE_LOST },

	{ STATE_PROVEN, INPUT_HEADER, login_greeted, STATE_PROVEN },
	{ STATE_PROVEN, INPUT_FEATURES, session_features, STATE_SESSION },
	{ STATE_SESSION, INPUT_RESUME, session_resume, STATE_RESUMING },
	{ STATE_SESSION, INPUT_BIND, session_bind, STATE_BINDING },
	{ STATE_RESUMING, INPUT_RESUMED, session_resumed, STATE_ONLINE },
	{ STATE_RESUMING, INPUT_FAILED, session_not_resumed, STATE_SESSION },
	{ STATE_BINDING, INPUT_BIND_ANSWER, session_bound, STATE_BOUND },
	{ STATE_BINDING, INPUT_STANZA, NULL, STATE_BINDING },
	{ STATE_BINDING, INPUT_SKIPPED, NULL, STATE_BINDING },
	{ STATE_BOUND, INPUT_ENABLE, session_enable, STATE_ENABLING },
	{ STATE_BOUND, INPUT_READY, session_online, STATE_ONLINE },
	{ STATE_ENABLING, INPUT_ENABLED, session_enabled, STATE_ONLINE },
	{ STATE_ENABLING, INPUT_FAILED, session_online, STATE_ONLINE },
	{ STATE_ENABLING, INPUT_STANZA, session_stanza, STATE_ENABLING },
	{ STATE_ENABLING, INPUT_SKIPPED, session_stanza, STATE_ENABLING },

	{ STATE_ONLINE, INPUT_STANZA, session_stanza, STATE_ONLINE },
	{ STATE_ONLINE, INPUT_SKIPPED, session_stanza, STATE_ONLINE },
	{ STATE_ONLINE, INPUT_ACK, session_ack, STATE_ONLINE },
	{ STATE_ONLINE, INPUT_ACK_WANTED, session_ack_wanted, STATE_ONLINE },
	{ STATE_ONLINE, INPUT_UNKNOWN, NULL, STATE_ONLINE },
	{ STATE_ONLINE, INPUT_LEAVE, session_leave, STATE_LEAVING },
	{ STATE_ONLINE, INPUT_CUT, session_cut, STATE_LEAVING },
	{ STATE_LEAVING, INPUT_STANZA, session_stanza, STATE_LEAVING },
	{ STATE_LEAVING, INPUT_SKIPPED, session_stanza, STATE_LEAVING },
	{ STATE_LEAVING, INPUT_ACK, session_ack, STATE_LEAVING },
	{ STATE_LEAVING, INPUT_ACK_WANTED, NULL, STATE_LEAVING },
	{ STATE_LEAVING, INPUT_UNKNOWN, NULL, STATE_LEAVING },
	{ STATE_LEAVING, INPUT_END, loss_left, STATE_LOST },
	{ STATE_LEAVING, INPUT_LATE, loss_left, STATE_LOST },
	{ STATE_LEAVING, INPUT_LOST, loss_left, STATE_LOST },

	{ STATE_LOST, INPUT_WAIT, loss_wait, STATE_WAITING },
	{ STATE_LOST, INPUT_STOP, loss_stop, STATE_OFFLINE },
	{ STATE_OFFLINE, INPUT_LEAVE, NULL, STATE_OFFLINE },
	{ STATE_OFFLINE, INPUT_CUT, NULL, STATE_OFFLINE },
	{ STATE_OFFLINE, INPUT_LOST, NULL, STATE_OFFLINE },
	{ STATE_WAITING, INPUT_LOST, NULL, STATE_WAITING },
	{ STATE_ANY, INPUT_LEAVE, loss_now, STATE_LOST },
	{ STATE_ANY, INPUT_CUT, loss_now, STATE_LOST },
	{ STATE_ANY, INPUT_LATE, loss_late, STATE_LOST },
	{ STATE_ANY, INPUT_LOST, loss_settle, STATE_LOST },
	{ STATE_ANY, INPUT_STREAM_ERROR, loss_stream_error, STATE_LOST },
	{ STATE_ANY, INPUT_END, loss_ended, STATE_LOST },
};
const guint machine_rules_count = G_N_ELEMENTS(machine_rules);

const struct rule *
machine_rule(enum state state, enum input input)
{
	for (guint i = 0; i < machine_rules_count; i++) {
		const struct rule *rule = &machine_rules[i];
		if (rule->input == input && (rule->state == state || rule->state == STATE_ANY))
			return rule;
	}
	return NULL;
}

/* ---- steps ---- */

void
machine_late(gpointer data)
{
	Stream *stream = data;

	stream->timer = 0;
	machine_step(stream, INPUT_LATE, NULL);
}

static void
enter(Stream *stream, enum state next)
{
	if (stream->state == next)
		return;
	log_info("%s: %s -> %s", stream->config.jid, states[stream->state].name, states[next].name);
	stream->state = next;
	clock_cancel(stream->timer);
	stream->timer = states[next].ms ? clock_after(states[next].ms, machine_late, stream, NULL) : 0;
}

enum input
machine_lose(Stream *stream, GError *error, const char *condition, bool retry)
{
	if (stream->why) {
		g_clear_error(&error);
		return INPUT_LOST;
	}
	stream->why = error;
	stream->condition = condition;
	stream->retry = retry;
	return INPUT_LOST;
}

static enum input
refuse(Stream *stream, enum input input, const Stanza *stanza)
{
	GError *error = NULL;
	g_autofree char *name = NULL;

	if (input < INPUT_HEADER || input > INPUT_UNKNOWN)
		return INPUT_NONE;
	name = stanza ? text_cut(element_name(stanza_root(stanza)), 40) : g_strdup("end");
	fault(&error, FAULT_PEER, "the server sent <%s> while %s, where it has no place", name, states[stream->state].name);
	return machine_lose(stream, error, "policy-violation", true);
}

void
machine_step(Stream *stream, enum input input, Stanza *stanza)
{
	if (stream->stepping) {
		g_queue_push_tail(&stream->pending, GINT_TO_POINTER(input));
		return;
	}
	stream_hold(stream);
	stream->stepping = true;
	stream->current = stanza;
	while (input != INPUT_NONE) {
		const struct rule *rule = machine_rule(stream->state, input);
		if (!rule) {
			input = refuse(stream, input, stream->current);
		} else {
			enter(stream, rule->next);
			input = rule->action ? rule->action(stream, stream->current ? stanza_root(stream->current) : NULL)
					     : INPUT_NONE;
		}
		stream->current = NULL;
		if (input == INPUT_NONE)
			input = GPOINTER_TO_INT(g_queue_pop_head(&stream->pending));
	}
	stream->stepping = false;
	stream_release(stream);
}

/* ---- from the transport ---- */

static const struct {
	const char *name, *ns;
	enum input input;
} elements[] = {
	{ "message", NS_CLIENT, INPUT_STANZA },
	{ "presence", NS_CLIENT, INPUT_STANZA },
	{ "iq", NS_CLIENT, INPUT_STANZA },
	{ "features", NS_STREAM, INPUT_FEATURES },
	{ "error", NS_STREAM, INPUT_STREAM_ERROR },
	{ "proceed", NS_TLS, INPUT_PROCEED },
	{ "failure", NS_TLS, INPUT_TLS_FAILURE },
	{ "challenge", NS_SASL, INPUT_CHALLENGE },
	{ "success", NS_SASL, INPUT_SUCCESS },
	{ "failure", NS_SASL, INPUT_FAILURE },
	{ "enabled", NS_SM, INPUT_ENABLED },
	{ "resumed", NS_SM, INPUT_RESUMED },
	{ "failed", NS_SM, INPUT_FAILED },
	{ "a", NS_SM, INPUT_ACK },
	{ "r", NS_SM, INPUT_ACK_WANTED },
};

static enum input
classify(const Stream *stream, const Element *root)
{
	for (guint i = 0; i < G_N_ELEMENTS(elements); i++) {
		if (!element_is(root, elements[i].name, elements[i].ns))
			continue;
		if (elements[i].input == INPUT_STANZA && stream->bind_id && element_is(root, "iq", NULL) &&
			g_strcmp0(element_attr(root, "id"), stream->bind_id) == 0)
			return INPUT_BIND_ANSWER;
		return elements[i].input;
	}
	return INPUT_UNKNOWN;
}

static enum input
input_of(const Stream *stream, enum parser_item item, const Stanza *stanza)
{
	switch (item) {
	case PARSER_OPEN:
		return INPUT_HEADER;
	case PARSER_CLOSE:
		return INPUT_END;
	case PARSER_SKIPPED:
		return classify(stream, stanza_root(stanza)) == INPUT_STANZA ? INPUT_SKIPPED : INPUT_UNKNOWN;
	default:
		return classify(stream, stanza_root(stanza));
	}
}

static void
on_unfinished(gpointer data)
{
	Stream *stream = data;
	GError *error = NULL;

	stream->stanza_timer = 0;
	fault(&error, FAULT_NETWORK, "the server began to say something and did not finish it");
	machine_step(stream, machine_lose(stream, error, "connection-timeout", true), NULL);
}

/* The timer runs only while something is unfinished, and is not moved by further bytes: a byte a second does not keep it away. */
static void
watch_unfinished(Stream *stream, bool finished_one)
{
	bool unfinished = parser_unfinished(stream->parser);

	if (stream->stanza_timer && (finished_one || !unfinished)) {
		clock_cancel(stream->stanza_timer);
		stream->stanza_timer = 0;
	}
	if (unfinished && !stream->stanza_timer && stream->state >= STATE_ENABLING)
		stream->stanza_timer = clock_after(UNFINISHED_MS, on_unfinished, stream, NULL);
}

static gboolean
on_more(gpointer data)
{
	Stream *stream = data;

	stream->more = 0;
	machine_dispatch(stream);
	return G_SOURCE_REMOVE;
}

void
machine_dispatch(Stream *stream)
{
	gint64 start = g_get_monotonic_time();
	const Transport *link = stream->transport;

	stream_hold(stream);
	for (;;) {
		g_autoptr(Stanza) stanza = NULL;
		enum parser_item item;
		if (g_get_monotonic_time() - start > TURN_US) {
			transport_hold(stream->transport, true);
			stream->more = g_idle_add_full(G_PRIORITY_DEFAULT, on_more, stream, NULL);
			break;
		}
		item = parser_take(stream->parser, &stanza, &stream->skipped);
		if (item == PARSER_NOTHING) {
			if (stream->broken)
				machine_step(stream,
					machine_lose(stream, g_steal_pointer(&stream->broken), stream->broken_condition, true),
					NULL);
			else
				transport_hold(stream->transport, false);
			break;
		}
		wire_got(stream, stanza, item == PARSER_SKIPPED ? stream->skipped : NULL);
		machine_step(stream, input_of(stream, item, stanza), stanza);
		if (stream->transport != link)
			break;
	}
	stream_release(stream);
}

static void
on_connected(gpointer data, bool secure)
{
	machine_step(data, secure ? INPUT_SECURE_LINK : INPUT_LINK, NULL);
}

static void
on_secured(gpointer data)
{
	machine_step(data, INPUT_SECURED, NULL);
}

static void
on_received(gpointer data, const char *bytes, size_t length)
{
	Stream *stream = data;

	stream_hold(stream);
	if (!stream->broken)
		parser_feed(stream->parser, bytes, length, &stream->broken_condition, &stream->broken);
	watch_unfinished(stream, parser_has_items(stream->parser));
	machine_dispatch(stream);
	stream_release(stream);
}

static void
on_lost(gpointer data, const GError *error)
{
	Stream *stream = data;
	GError *why = error ? g_error_copy(error) : NULL;
	bool retry = !g_error_matches(error, FAULT, FAULT_INPUT);

	if (!why)
		fault(&why, FAULT_NETWORK, "the server closed the connection");
	/* What only a person or the server's operator can mend is tried again, but not every second. */
	if (g_error_matches(why, FAULT, FAULT_TRUST))
		stream->retry_least_ms = 60000;
	machine_step(stream, machine_lose(stream, why, NULL, retry), NULL);
}

const struct transport_hooks machine_hooks = { on_connected, on_secured, on_received, on_lost };
