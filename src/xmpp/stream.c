/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The stream as its owner sees it: life, wishes, sending, facts. */
#include "xmpp/stream.h"

#include "api/jid.h"
#include "api/log.h"
#include "api/timer.h"
#include "base/text.h"
#include "xmpp/cert.h"
#include "xmpp/iq.h"
#include "xmpp/machine.h"
#include "xmpp/ns.h"
#include "xmpp/wire.h"

#include <string.h>

GPtrArray *
streams(void)
{
	static GPtrArray *all;

	if (!all)
		all = g_ptr_array_new();
	return all;
}

/* ---- life ---- */

static void
config_clear(struct stream_config *config)
{
	g_free((char *)config->jid);
	g_free((char *)config->host);
	g_free((char *)config->ca_file);
	g_free((char *)config->proxy);
	g_free((char *)config->fingerprint);
}

void
stream_configure(Stream *stream, const struct stream_config *config)
{
	struct stream_config copy = *config;

	copy.jid = g_strdup(config->jid);
	copy.host = g_strdup(config->host);
	copy.ca_file = g_strdup(config->ca_file);
	copy.proxy = g_strdup(config->proxy);
	copy.fingerprint = g_strdup(config->fingerprint);
	config_clear(&stream->config);
	stream->config = copy;
}

static void
on_network_changed(GNetworkMonitor *monitor, gboolean available, gpointer data)
{
	(void)monitor, (void)data;
	if (available)
		stream_network_changed();
}

static void
watch_network(void)
{
	static bool watching;

	if (!watching)
		g_signal_connect(g_network_monitor_get_default(), "network-changed", G_CALLBACK(on_network_changed), NULL);
	watching = true;
}

Stream *
stream_new(const struct stream_config *config, const struct stream_memory *memory, stream_ask_password ask_password)
{
	Stream *stream = g_new0(Stream, 1);

	stream->refs = 1;
	stream_configure(stream, config);
	stream->domain = jid_domain(config->jid);
	stream->local = jid_local(config->jid);
	stream->memory = *memory;
	stream->ask_password = ask_password;
	stream->sasl = sasl_new();
	g_queue_init(&stream->pending);
	g_ptr_array_add(streams(), stream);
	return stream;
}

Stream *
stream_hold(Stream *stream)
{
	stream->refs++;
	return stream;
}

void
stream_release(Stream *stream)
{
	if (--stream->refs)
		return;
	config_clear(&stream->config);
	g_free(stream->domain);
	g_free(stream->local);
	sasl_free(stream->sasl);
	g_queue_clear(&stream->pending);
	g_clear_error(&stream->why);
	g_free(stream);
}

/* Only the link: the session, the password and the wish to be online stay. */
void
stream_cut(Stream *stream)
{
	guint *const timers[] = { &stream->timer, &stream->stanza_timer, &stream->ack_timer, &stream->owing_timer };

	for (guint i = 0; i < G_N_ELEMENTS(timers); i++) {
		clock_cancel(*timers[i]);
		*timers[i] = 0;
	}
	g_clear_handle_id(&stream->more, g_source_remove);
	transport_bye(g_steal_pointer(&stream->transport));
	g_clear_pointer(&stream->parser, parser_free);
	g_clear_error(&stream->broken);
	g_clear_pointer(&stream->features, stanza_unref);
	g_clear_pointer(&stream->bind_id, g_free);
	g_clear_pointer(&stream->full, g_free);
	g_clear_pointer(&stream->auth, g_free);
	g_clear_pointer(&stream->binding, g_free);
	g_clear_pointer(&stream->first_seen, g_free);
	sasl_reset(stream->sasl);
	sm_pause(&stream->sm);
}

void
stream_free(Stream *stream)
{
	if (!stream)
		return;
	g_ptr_array_remove(streams(), stream);
	stream->wanted = false;
	if (stream_online(stream))
		session_cut(stream, NULL);
	stream_cut(stream);
	iq_lost(stream);
	stream->state = STATE_OFFLINE;
	g_queue_clear(&stream->pending);
	sm_clear(&stream->sm);
	g_clear_pointer(&stream->password, secret_free);
	stream_release(stream);
}

/* ---- wishes ---- */

void
stream_connect(Stream *stream)
{
	watch_network();
	stream->wanted = true;
	machine_step(stream, INPUT_CONNECT, NULL);
}

void
stream_disconnect(Stream *stream)
{
	stream->wanted = false;
	machine_step(stream, INPUT_LEAVE, NULL);
}

void
stream_suspend(Stream *stream)
{
	stream->wanted = false;
	machine_step(stream, INPUT_CUT, NULL);
}

void
stream_password(Stream *stream, const Secret *password)
{
	g_clear_pointer(&stream->password, secret_free);
	sasl_forget_key(stream->sasl);
	stream->password = password ? secret_copy(secret_bytes(password), secret_length(password)) : NULL;
	machine_step(stream, password ? INPUT_PASSWORD : INPUT_NO_PASSWORD, NULL);
}

/* The kernel would say it only after all its repetitions; and a connection that is being opened may have begun on a way that is
 * none. */
static bool
is_astray(const Stream *stream)
{
	return stream->state == STATE_CONNECTING || (stream->state == STATE_ONLINE && !transport_stands(stream->transport));
}

static void
check(Stream *stream)
{
	GError *error = NULL;

	if (is_astray(stream)) {
		fault(&error, FAULT_NETWORK, "this machine has another address");
		machine_step(stream, machine_lose(stream, error, NULL, true), NULL);
	}
	if (stream->state == STATE_WAITING)
		machine_step(stream, INPUT_CONNECT, NULL);
	else if (stream->state == STATE_ONLINE)
		stream_ask_ack(stream);
}

void
stream_network_changed(void)
{
	for (guint i = 0; i < streams()->len; i++)
		check(g_ptr_array_index(streams(), i));
}

void
stream_reset_memory(Stream *stream)
{
	static const char *const keys[] = { "login", "plain", "certificate" };

	for (guint i = 0; i < G_N_ELEMENTS(keys); i++)
		stream->memory.put(stream->config.jid, keys[i], NULL);
	stream->memory.flush();
}

/* ---- sending ---- */

void
stream_write(Stream *stream, const char *xml)
{
	GError *error = NULL;

	wire_sent(stream, xml);
	if (!stream->transport || transport_write(stream->transport, xml, strlen(xml)))
		return;
	fault(&error, FAULT_NETWORK, "the server takes nothing any more, and too much waits for it");
	machine_step(stream, machine_lose(stream, error, NULL, true), NULL);
}

bool
stream_write_counted(Stream *stream, const char *xml)
{
	GError *error = NULL;

	if (!stream_online(stream))
		return false;
	if (!sm_sent(&stream->sm, xml)) {
		fault(&error, FAULT_NETWORK, "the server acknowledges nothing any more, and too much waits for that");
		machine_step(stream, machine_lose(stream, error, NULL, true), NULL);
		return false;
	}
	stream_write(stream, xml);
	stream_ask_ack(stream);
	return true;
}

bool
stream_send(Stream *stream, Node *node)
{
	g_autoptr(Node) mine = node;
	g_autofree char *xml = stream_online(stream) ? node_to_xml(mine) : NULL;

	return xml && stream_write_counted(stream, xml);
}

bool
stream_send_xml(Stream *stream, const char *xml)
{
	return stream_write_counted(stream, xml);
}

guint64
stream_next_sequence(const Stream *stream)
{
	return stream->sm.sent + 1;
}

const char *
stream_session(const Stream *stream)
{
	return stream->sm.id;
}

guint64
stream_acknowledged(const Stream *stream)
{
	return stream->sm.acknowledged;
}

void
stream_set_active(Stream *stream, bool active)
{
	stream->inactive = !active;
	if (stream_online(stream) && stream_feature(stream, "csi", NS_CSI))
		stream_write(stream, active ? "<active xmlns='" NS_CSI "'/>" : "<inactive xmlns='" NS_CSI "'/>");
}

/* ---- telling ---- */

void
stream_announce(Stream *stream, enum connection_state state, bool will_retry)
{
	const struct transport_facts *facts = state == CONNECTION_ONLINE ? transport_facts(stream->transport) : NULL;
	const Event event = {
		.kind = EVENT_CONNECTION,
		.account = stream->config.jid,
		.connection = {
			.state = state,
			.reason = stream->why ? stream->why->message : NULL,
			.reason_code = stream->why ? fault_word(stream->why) : NULL,
			.tls = facts ? facts->tls : NULL,
			.cipher = facts ? facts->cipher : NULL,
			.auth = facts ? stream->auth : NULL,
			.channel_binding = facts ? stream->binding : NULL,
			.resumed = facts && stream->resumed,
			.will_retry = will_retry,
		},
	};

	event_emit(&event);
}

void
stream_tell_acks(Stream *stream, guint64 before)
{
	const Event event = {
		.kind = EVENT_ACK,
		.account = stream->config.jid,
		.ack = { .sequence = stream->sm.acknowledged },
	};

	if (stream->sm.acknowledged != before)
		event_emit(&event);
}

const char *
stream_jid(const Stream *stream)
{
	return stream->config.jid;
}

const char *
stream_full_jid(const Stream *stream)
{
	return stream->full;
}

bool
stream_online(const Stream *stream)
{
	return stream->state == STATE_ONLINE;
}

bool
stream_has_password(const Stream *stream)
{
	return stream->password != NULL;
}

Stanza *
stream_taking(const Stream *stream)
{
	return stream->current;
}

bool
stream_leaving(const Stream *stream)
{
	return stream->state == STATE_LEAVING;
}

const Element *
stream_features(const Stream *stream)
{
	return stanza_root(stream->features);
}

bool
stream_feature(const Stream *stream, const char *name, const char *ns)
{
	return stream->features && element_child(stream_features(stream), name, ns);
}

const char *
stream_server_ip(const Stream *stream)
{
	return stream->transport ? transport_facts(stream->transport)->ip : NULL;
}

char **
stream_describe(const Stream *stream)
{
	g_autoptr(GPtrArray) lines = g_ptr_array_new();
	const struct transport_facts *facts = stream->transport ? transport_facts(stream->transport) : NULL;
	g_autofree char *before = NULL;

	if (!facts || !facts->secure) {
		g_ptr_array_add(lines, g_strdup_printf("%s: no secure connection at the moment", stream->config.jid));
		g_ptr_array_add(lines, NULL);
		return (char **)g_ptr_array_free(g_steal_pointer(&lines), FALSE);
	}
	g_ptr_array_add(lines, g_strdup_printf("%s: %s%s%s", stream->config.jid, facts->address ? facts->address : "connected",
				       facts->direct ? ", TLS from the first byte" : ", TLS by STARTTLS",
				       facts->proxied ? ", through the proxy" : ""));
	g_ptr_array_add(
		lines, g_strdup_printf("encryption: %s %s", facts->tls ? facts->tls : "TLS", facts->cipher ? facts->cipher : ""));
	if (stream->auth)
		g_ptr_array_add(lines, g_strdup_printf("login: %s, %s, %s", stream->auth,
					       stream->binding ? stream->binding : "not bound to the channel",
					       stream->proved ? "server proved it knows your password"
							      : "server proved nothing but its certificate"));
	if (stream->sm.counting)
		g_ptr_array_add(lines, g_strdup_printf("session: %s, acknowledged %" G_GUINT64_FORMAT " of %" G_GUINT64_FORMAT,
					       stream->sm.resumable ? "can be resumed" : "ends with the connection",
					       stream->sm.acknowledged, stream->sm.sent));
	if (facts->certificate)
		cert_describe(facts->certificate, lines);
	if (stream->first_seen) {
		g_autofree char *seen = text_local_time(text_time_parse(stream->first_seen));
		g_ptr_array_add(lines, g_strdup_printf("this key was first seen: %s", seen));
	}
	before = cert_issuer_before(stream->config.jid, &stream->memory);
	if (before)
		g_ptr_array_add(lines, g_strdup_printf("the issuer changed: %s before", before));
	g_ptr_array_add(lines, NULL);
	return (char **)g_ptr_array_free(g_steal_pointer(&lines), FALSE);
}

void
stream_set_owner(Stream *stream, gpointer owner)
{
	stream->owner = owner;
}

gpointer
stream_owner(const Stream *stream)
{
	return stream->owner;
}
