/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Binding (STUN) or Allocate (TURN) with libnice's messages over a stream of GIO's, until there is a sentence to say. */
#include "media/stunasker.h"

#include "media/relaytls.h"

#include <string.h>
#include <stun/usages/bind.h>
#include <stun/usages/turn.h>

#include "api/error.h"
#include "api/secret.h"

enum { AGAIN_MS = 500, TRIES = 8, HEAD = 20, SIZE = 1500 };

struct StunAsker {
	char *type, *host, *name, *transport, *user, *password, *proxy,
		*authorities; /* host: the address; name: what a certificate must bear */
	guint16 port;
	stunasker_done done;
	gpointer owner;

	GCancellable *cancellable;
	GIOStream *stream;
	StunAgent agent;
	StunMessage message;
	uint8_t question[SIZE], answer[SIZE];
	size_t question_length, got;
	bool named; /* we said who we are */
	guint timer, tries;
};

bool
stunasker_is_relay(const StunAsker *asker)
{
	return g_str_has_prefix(asker->type, "turn");
}

static bool
is_tls(const StunAsker *asker)
{
	return g_str_equal(asker->type, "turns") || g_str_equal(asker->type, "stuns");
}

static bool
is_udp(const StunAsker *asker)
{
	return !is_tls(asker) && !g_str_equal(asker->transport, "tcp");
}

static const char *
way(const StunAsker *asker)
{
	return is_tls(asker) ? "TLS" : is_udp(asker) ? "UDP" : "TCP";
}

const char *
stunasker_step(const StunAsker *asker)
{
	if (!stunasker_is_relay(asker))
		return "stun";
	return is_tls(asker) ? "turn tls" : is_udp(asker) ? "turn udp" : "turn tcp";
}

static void
conclude(StunAsker *asker, bool well, char *sentence)
{
	G_GNUC_UNUSED g_autofree char *owned = sentence;

	if (asker->timer)
		g_source_remove(asker->timer);
	asker->timer = 0;
	g_cancellable_cancel(asker->cancellable);
	asker->done(asker->owner, asker, well, sentence);
}

#define WHERE "%s port %u by %s"
#define HERE(asker) (asker)->name, (asker)->port, way(asker)

/* ---- questions ---- */

static void
write_question(StunAsker *asker)
{
	GOutputStream *out = g_io_stream_get_output_stream(asker->stream);

	/* A question is smaller than any buffer on the way. */
	g_output_stream_write_all(out, asker->question, asker->question_length, NULL, asker->cancellable, NULL);
}

static void
ask(StunAsker *asker, StunMessage *previous)
{
	size_t user = previous ? strlen(asker->user) : 0, password = previous ? strlen(asker->password) : 0;
	StunMessage question;

	if (stunasker_is_relay(asker))
		asker->question_length = stun_usage_turn_create(&asker->agent, &question, asker->question, sizeof asker->question,
			previous, STUN_USAGE_TURN_REQUEST_PORT_NORMAL, -1, -1, (uint8_t *)asker->user, user,
			(uint8_t *)asker->password, password, STUN_USAGE_TURN_COMPATIBILITY_RFC5766);
	else
		asker->question_length = stun_usage_bind_create(&asker->agent, &question, asker->question, sizeof asker->question);
	asker->named = previous;
	asker->got = 0;
	if (asker->question_length)
		write_question(asker);
	else
		conclude(asker, false,
			g_strdup_printf(WHERE " cannot be asked with the name and password that were given", HERE(asker)));
}

/* What was given is given back: a relay of ours would stay for ten minutes. */
static void
give_back(StunAsker *asker)
{
	StunMessage question;

	asker->question_length = stun_usage_turn_create_refresh(&asker->agent, &question, asker->question, sizeof asker->question,
		&asker->message, 0, (uint8_t *)asker->user, strlen(asker->user), (uint8_t *)asker->password,
		strlen(asker->password), STUN_USAGE_TURN_COMPATIBILITY_RFC5766);
	if (asker->question_length)
		write_question(asker);
}

/* ---- answers ---- */

static char *
sentence_of(const StunAsker *asker, int code)
{
	switch (code) {
	case 401:
		return g_strdup_printf(WHERE
			" refuses the name and password that our server gave for it: do both know the same secret?",
			HERE(asker));
	case 403:
		return g_strdup_printf(WHERE " forbids us to use it", HERE(asker));
	case 442:
		return g_strdup_printf(WHERE " does not relay UDP", HERE(asker));
	case 486:
		return g_strdup_printf(WHERE " allows us no more relays: its quota is used up", HERE(asker));
	case 508:
		return g_strdup_printf(WHERE " has no free port to relay with", HERE(asker));
	default:
		return g_strdup_printf(WHERE " refuses with error %d", HERE(asker), code);
	}
}

static char *
address_text(const struct sockaddr_storage *address, socklen_t length)
{
	g_autoptr(GSocketAddress) found = g_socket_address_new_from_native((gpointer)address, length);

	return G_IS_INET_SOCKET_ADDRESS(found)
		       ? g_inet_address_to_string(g_inet_socket_address_get_address(G_INET_SOCKET_ADDRESS(found)))
		       : g_strdup("an unknown address");
}

static void
take_binding(StunAsker *asker)
{
	struct sockaddr_storage seen, other;
	socklen_t length = sizeof seen, other_length = sizeof other;
	StunUsageBindReturn what = stun_usage_bind_process(
		&asker->message, (struct sockaddr *)&seen, &length, (struct sockaddr *)&other, &other_length);
	g_autofree char *text = NULL;

	if (what != STUN_USAGE_BIND_RETURN_SUCCESS) {
		conclude(asker, false, g_strdup_printf(WHERE " answers, but not with an address", HERE(asker)));
		return;
	}
	text = address_text(&seen, length);
	conclude(asker, true, g_strdup_printf(WHERE " answers: it sees us as %s", HERE(asker), text));
}

static void
take_allocation(StunAsker *asker)
{
	struct sockaddr_storage relay, seen, other;
	socklen_t relay_length = sizeof relay, length = sizeof seen, other_length = sizeof other;
	uint32_t bandwidth, lifetime;
	int code = 0;
	StunUsageTurnReturn what = stun_usage_turn_process(&asker->message, &relay, &relay_length, &seen, &length, &other,
		&other_length, &bandwidth, &lifetime, STUN_USAGE_TURN_COMPATIBILITY_RFC5766);
	g_autofree char *text = NULL;

	if (what == STUN_USAGE_TURN_RETURN_RELAY_SUCCESS || what == STUN_USAGE_TURN_RETURN_MAPPED_SUCCESS) {
		text = address_text(&relay, relay_length);
		give_back(asker);
		conclude(asker, true, g_strdup_printf(WHERE " relays for us, as %s", HERE(asker), text));
		return;
	}
	if (what != STUN_USAGE_TURN_RETURN_ERROR ||
		stun_message_find_error(&asker->message, &code) != STUN_MESSAGE_RETURN_SUCCESS) {
		conclude(asker, false, g_strdup_printf(WHERE " sends us elsewhere, or nonsense", HERE(asker)));
		return;
	}
	/* The first refusal brings realm and nonce (RFC 8489 §9.2), a stale nonce a new one. */
	if ((code == 401 && !asker->named) || code == 438)
		ask(asker, &asker->message);
	else
		conclude(asker, false, sentence_of(asker, code));
}

static void
take_answer(StunAsker *asker)
{
	StunValidationStatus status = stun_agent_validate(&asker->agent, &asker->message, asker->answer, asker->got, NULL, NULL);

	asker->got = 0;
	if (status == STUN_VALIDATION_BAD_REQUEST || status == STUN_VALIDATION_UNMATCHED_RESPONSE ||
		status == STUN_VALIDATION_NOT_STUN)
		return;
	if (stunasker_is_relay(asker))
		take_allocation(asker);
	else
		take_binding(asker);
}

/* All bytes of the message that is coming: a datagram is whole, a stream says how long it is. */
static size_t
wanted(const StunAsker *asker)
{
	if (is_udp(asker) || asker->got < HEAD)
		return HEAD;
	return HEAD + ((size_t)asker->answer[2] << 8 | asker->answer[3]);
}

static void read_on(StunAsker *asker);

static void
on_read(GObject *source, GAsyncResult *result, gpointer data)
{
	g_autoptr(GError) error = NULL;
	gssize n = g_input_stream_read_finish(G_INPUT_STREAM(source), result, &error);
	StunAsker *asker = data;

	if (g_error_matches(error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
		return; /* concluded, or freed */
	if (n <= 0 && !(is_udp(asker) && n == 0)) {
		conclude(asker, false,
			g_strdup_printf(
				WHERE " does not answer: %s", HERE(asker), error ? error->message : "it closed the connection"));
		return;
	}
	asker->got += (size_t)n;
	if (wanted(asker) > sizeof asker->answer) {
		conclude(asker, false, g_strdup_printf(WHERE " answers, but does not speak STUN", HERE(asker)));
		return;
	}
	if (asker->got >= wanted(asker))
		take_answer(asker);
	if (!g_cancellable_is_cancelled(asker->cancellable))
		read_on(asker);
}

static void
read_on(StunAsker *asker)
{
	size_t room = is_udp(asker) ? sizeof asker->answer : wanted(asker) - asker->got;

	if (is_udp(asker))
		asker->got = 0;
	g_input_stream_read_async(g_io_stream_get_input_stream(asker->stream), asker->answer + asker->got, room, G_PRIORITY_DEFAULT,
		asker->cancellable, on_read, asker);
}

/* ---- connecting ---- */

static gboolean
on_time(gpointer data)
{
	StunAsker *asker = data;

	if (++asker->tries < TRIES) {
		if (asker->stream && is_udp(asker))
			write_question(asker);
		return G_SOURCE_CONTINUE;
	}
	asker->timer = 0;
	conclude(asker, false,
		g_strdup_printf(WHERE " does not answer: nothing listens there, or a firewall lets nothing through", HERE(asker)));
	return G_SOURCE_REMOVE;
}

static void
on_stream(StunAsker *asker, GIOStream *stream)
{
	asker->stream = stream;
	ask(asker, NULL);
	if (!g_cancellable_is_cancelled(asker->cancellable))
		read_on(asker);
}

static void
on_tls(GObject *source, GAsyncResult *result, gpointer data)
{
	g_autoptr(GError) error = NULL;
	bool shaken = relaytls_finish(source, result, &error);
	StunAsker *asker = data;

	if (g_error_matches(error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
		g_object_unref(source);
	else if (shaken)
		on_stream(asker, G_IO_STREAM(source));
	else
		g_object_unref(source),
			conclude(asker, false, g_strdup_printf(WHERE " has no good TLS: %s", HERE(asker), error->message));
}

static void
on_connected(GObject *source, GAsyncResult *result, gpointer data)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(GSocketConnection) connection = g_socket_client_connect_finish(G_SOCKET_CLIENT(source), result, &error);
	StunAsker *asker = data;

	if (g_error_matches(error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
		return;
	if (!connection) {
		conclude(asker, false, g_strdup_printf(WHERE " cannot be reached: %s", HERE(asker), error->message));
	} else if (!is_tls(asker)) {
		on_stream(asker, G_IO_STREAM(g_steal_pointer(&connection)));
	} else if (!relaytls_shake(G_IO_STREAM(connection), asker->name, asker->authorities, asker->cancellable, on_tls, asker)) {
		conclude(asker, false, g_strdup_printf(WHERE " is not asked: there is no TLS here", HERE(asker)));
	}
}

static void
begin_udp(StunAsker *asker, GSocketAddress *address)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(GSocket) socket =
		g_socket_new(g_socket_address_get_family(address), G_SOCKET_TYPE_DATAGRAM, G_SOCKET_PROTOCOL_UDP, &error);

	if (socket && g_socket_connect(socket, address, NULL, &error))
		on_stream(asker, G_IO_STREAM(g_socket_connection_factory_create_connection(socket)));
	else
		conclude(asker, false, g_strdup_printf(WHERE " cannot be reached: %s", HERE(asker), error->message));
}

static void
begin_tcp(StunAsker *asker, GSocketConnectable *to)
{
	g_autoptr(GSocketClient) client = g_socket_client_new();
	g_autoptr(GProxyResolver) resolver = *asker->proxy ? g_simple_proxy_resolver_new(asker->proxy, NULL) : NULL;

	g_socket_client_set_enable_proxy(client, resolver != NULL);
	if (resolver)
		g_socket_client_set_proxy_resolver(client, resolver);
	g_socket_client_connect_async(client, to, asker->cancellable, on_connected, asker);
}

void
stunasker_begin(StunAsker *asker)
{
	g_autoptr(GSocketAddress) address = g_inet_socket_address_new_from_string(asker->host, asker->port);
	g_autoptr(GSocketConnectable) named = *asker->proxy ? g_network_address_new(asker->host, asker->port) : NULL;

	asker->timer = g_timeout_add(AGAIN_MS, on_time, asker);
	if (named && is_udp(asker))
		conclude(asker, false, g_strdup_printf(WHERE " is not asked: UDP does not go through the proxy", HERE(asker)));
	else if (named)
		begin_tcp(asker, named);
	else if (!address)
		conclude(asker, false, g_strdup_printf(WHERE ": the name has no address", HERE(asker)));
	else if (is_udp(asker))
		begin_udp(asker, address);
	else
		begin_tcp(asker, G_SOCKET_CONNECTABLE(address));
}

/* ---- life ---- */

StunAsker *
stunasker_new(GVariant *server, const char *proxy, const char *authorities, stunasker_done done, gpointer owner)
{
	StunAsker *asker = g_new0(StunAsker, 1);
	char *slash;

	g_variant_get(
		server, "(ssqsss)", &asker->type, &asker->name, &asker->port, &asker->transport, &asker->user, &asker->password);
	slash = strchr(asker->name, '/');
	asker->host = g_strdup(slash ? slash + 1 : asker->name);
	if (slash)
		*slash = '\0';
	asker->proxy = g_strdup(proxy);
	asker->authorities = g_strdup(authorities);
	asker->done = done;
	asker->owner = owner;
	asker->cancellable = g_cancellable_new();
	stun_agent_init(&asker->agent, STUN_ALL_KNOWN_ATTRIBUTES, STUN_COMPATIBILITY_RFC5389,
		stunasker_is_relay(asker) ? STUN_AGENT_USAGE_LONG_TERM_CREDENTIALS : STUN_AGENT_USAGE_IGNORE_CREDENTIALS);
	return asker;
}

void
stunasker_free(StunAsker *asker)
{
	if (asker->timer)
		g_source_remove(asker->timer);
	g_cancellable_cancel(asker->cancellable);
	g_clear_object(&asker->stream);
	g_object_unref(asker->cancellable);
	secret_wipe(asker->password, strlen(asker->password));
	g_free(asker->type);
	g_free(asker->host);
	g_free(asker->name);
	g_free(asker->transport);
	g_free(asker->user);
	g_free(asker->password);
	g_free(asker->proxy);
	g_free(asker->authorities);
	g_free(asker);
}
