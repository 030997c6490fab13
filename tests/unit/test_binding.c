/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Login bound to the channel (RFC 9266) over real sockets and real TLS 1.3, and the certificate as the stream remembers it: a
 * server in a thread that reads and writes in turn. */
#include "fake/authority.h"
#include "fake/leaks.h"
#include "fake/online.h"
#include "xmpp/ns.h"
#include "xmpp/transport.h"
#include "xmpp/xmpp.h"

#include <gsasl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

/* ---- the server, which handles one connection after the other ---- */

static struct {
	GSocketListener *listener;
	GCancellable *stop;
	GThread *thread;
	GTlsCertificate *certificate;
	guint16 port;
	const char *mechanisms, *announced; /* types of binding, NULL: no word about them */
	bool between;                       /* it sees another channel than the client does */
	GMutex lock;
	GString *received;
	GByteArray *exporter;
} server;

static GIOStream *
secure(GSocketConnection *connection)
{
	GIOStream *tls = g_tls_server_connection_new(G_IO_STREAM(connection), server.certificate, NULL);

	if (!g_tls_connection_handshake(G_TLS_CONNECTION(tls), server.stop, NULL)) {
		g_object_unref(tls);
		return NULL;
	}
	g_byte_array_set_size(server.exporter, 0);
	g_tls_connection_get_channel_binding_data(G_TLS_CONNECTION(tls), G_TLS_CHANNEL_BINDING_TLS_EXPORTER, server.exporter, NULL);
	if (server.between)
		server.exporter->data[0] ^= 1;
	return tls;
}

static bool
say(GIOStream *tls, const char *format, ...)
{
	va_list args;
	va_start(args, format);
	g_autofree char *xml = g_strdup_vprintf(format, args);
	va_end(args);

	return g_output_stream_write_all(g_io_stream_get_output_stream(tls), xml, strlen(xml), NULL, server.stop, NULL);
}

/* What came since the last call, up to and with this; the caller's. NULL: it went away. */
static char *
hear(GIOStream *tls, GString *waiting, const char *until)
{
	char bytes[4096], *end;
	gssize length;

	while (!(end = strstr(waiting->str, until))) {
		length = g_input_stream_read(g_io_stream_get_input_stream(tls), bytes, sizeof bytes, server.stop, NULL);
		if (length <= 0)
			return NULL;
		g_string_append_len(waiting, bytes, length);
		g_mutex_lock(&server.lock);
		g_string_append_len(server.received, bytes, length);
		g_mutex_unlock(&server.lock);
	}
	char *heard = g_strndup(waiting->str, (gsize)(end - waiting->str) + strlen(until));
	g_string_erase(waiting, 0, (gssize)strlen(heard));
	return heard;
}

static int
on_property(Gsasl *gsasl, Gsasl_session *session, Gsasl_property property)
{
	g_autofree char *text = NULL;

	(void)gsasl;
	switch (property) {
	case GSASL_PASSWORD:
		return gsasl_property_set(session, property, "pencil");
	case GSASL_SCRAM_ITER:
		return gsasl_property_set(session, property, "4096");
	case GSASL_CB_TLS_EXPORTER:
		text = g_base64_encode(server.exporter->data, server.exporter->len);
		return gsasl_property_set(session, property, text);
	default:
		return GSASL_NO_CALLBACK;
	}
}

static char *
attribute(const char *xml, const char *name)
{
	g_autofree char *pattern = g_strdup_printf("%s=['\"]([^'\"]*)", name);
	g_autoptr(GRegex) regex = g_regex_new(pattern, 0, 0, NULL);
	g_autoptr(GMatchInfo) match = NULL;

	return g_regex_match(regex, xml, 0, &match) ? g_match_info_fetch(match, 1) : g_strdup("");
}

static bool
prove(GIOStream *tls, GString *waiting, Gsasl *gsasl)
{
	g_autofree char *auth = hear(tls, waiting, "</auth>");
	g_autofree char *mechanism = attribute(auth ? auth : "", "mechanism");
	Gsasl_session *session = NULL;
	char *output = NULL;
	const char *end = "</auth>";
	int result = GSASL_NEEDS_MORE;

	if (!auth || gsasl_server_start(gsasl, mechanism, &session) != GSASL_OK)
		return false;
	while (result == GSASL_NEEDS_MORE) {
		g_autofree char *text = g_strndup(auth, strlen(auth) - strlen(end));
		result = gsasl_step64(session, strrchr(text, '>') + 1, &output);
		if (result != GSASL_NEEDS_MORE)
			break;
		say(tls, "<challenge xmlns='" NS_SASL "'>%s</challenge>", output);
		gsasl_free(output);
		output = NULL;
		g_free(auth);
		end = "</response>";
		auth = hear(tls, waiting, end);
		if (!auth)
			break;
	}
	if (result == GSASL_OK)
		say(tls, "<success xmlns='" NS_SASL "'>%s</success>", output);
	else
		say(tls, "<failure xmlns='" NS_SASL "'><not-authorized/></failure>");
	gsasl_free(output);
	gsasl_finish(session);
	return result == GSASL_OK;
}

static bool
greet(GIOStream *tls, GString *waiting, const char *features)
{
	g_autofree char *header = hear(tls, waiting, "version='1.0'>");

	return header && say(tls,
				 "<?xml version='1.0'?><stream:stream xmlns='jabber:client' xmlns:stream='" NS_STREAM
				 "' id='s' from='good.test' version='1.0'><stream:features>%s</stream:features>",
				 features);
}

static void
serve(GIOStream *tls, Gsasl *gsasl)
{
	g_autoptr(GString) waiting = g_string_new(NULL);
	g_autoptr(GString) offer = g_string_new("<mechanisms xmlns='" NS_SASL "'>");
	g_auto(GStrv) names = g_strsplit(server.mechanisms, " ", -1);

	for (guint i = 0; names[i]; i++)
		g_string_append_printf(offer, "<mechanism>%s</mechanism>", names[i]);
	g_string_append(offer, "</mechanisms>");
	if (server.announced)
		g_string_append_printf(offer,
			"<sasl-channel-binding xmlns='" NS_SASL_CB "'><channel-binding type='%s'/></sasl-channel-binding>",
			server.announced);
	if (!greet(tls, waiting, offer->str) || !prove(tls, waiting, gsasl))
		return;
	if (!greet(tls, waiting, "<bind xmlns='" NS_BIND "'/>"))
		return;
	g_autofree char *bind = hear(tls, waiting, "</iq>");
	g_autofree char *id = attribute(bind ? bind : "", "id");
	say(tls, "<iq type='result' id='%s'><bind xmlns='" NS_BIND "'><jid>alice@good.test/x</jid></bind></iq>", id);
	g_free(hear(tls, waiting, "</stream:stream>"));
	say(tls, "</stream:stream>");
}

static gpointer
run(gpointer data)
{
	Gsasl *gsasl = NULL;
	GSocketConnection *connection;

	(void)data;
	gsasl_init(&gsasl);
	gsasl_callback_set(gsasl, on_property);
	while ((connection = g_socket_listener_accept(server.listener, NULL, server.stop, NULL))) {
		g_autoptr(GIOStream) tls = secure(connection);
		if (tls) {
			serve(tls, gsasl);
			g_io_stream_close(tls, NULL, NULL);
		}
		g_object_unref(connection);
	}
	gsasl_done(gsasl);
	return NULL;
}

/* ---- around a story ---- */

static void
use(Authority *authority)
{
	const struct stream_config config = { .jid = "alice@good.test",
		.host = "127.0.0.1",
		.port = server.port,
		.tls = STREAM_TLS_DIRECT,
		.ca_file = authority_file(authority) };

	g_clear_object(&server.certificate);
	server.certificate = authority_certificate(authority);
	stream_configure(online.stream, &config);
}

static int
setup(void **state)
{
	online_setup(state);
	transport_set_factory(NULL);
	memset(&server, 0, sizeof server);
	server.listener = g_socket_listener_new();
	server.port = g_socket_listener_add_any_inet_port(server.listener, NULL, NULL);
	server.stop = g_cancellable_new();
	server.received = g_string_new(NULL);
	server.exporter = g_byte_array_new();
	server.mechanisms = "SCRAM-SHA-1 SCRAM-SHA-256 SCRAM-SHA-1-PLUS SCRAM-SHA-256-PLUS";
	server.announced = "tls-exporter";
	*state = authority_new("good.test");
	use(*state);
	server.thread = g_thread_new("server", run, NULL);
	return 0;
}

static int
teardown(void **state)
{
	g_cancellable_cancel(server.stop);
	g_thread_join(server.thread);
	g_object_unref(server.listener);
	g_object_unref(server.stop);
	g_clear_object(&server.certificate);
	g_string_free(server.received, TRUE);
	g_byte_array_unref(server.exporter);
	authority_free(*state);
	return online_teardown(state);
}

static bool
was_sent(const char *text)
{
	g_mutex_lock(&server.lock);
	bool found = strstr(server.received->str, text) != NULL;
	g_mutex_unlock(&server.lock);
	return found;
}

static void
log_in(void)
{
	stream_connect(online.stream);
	if (!online_reach(CONNECTION_ONLINE))
		fail_msg("%s", online.reason);
}

static void
come_again(void)
{
	stream_disconnect(online.stream);
	assert_true(online_reach(CONNECTION_OFFLINE));
	stream_connect(online.stream);
}

/* ---- stories ---- */

static void
the_login_is_bound_to_the_channel(void **state)
{
	(void)state;
	log_in();
	assert_string_equal(online.auth, "SCRAM-SHA-256-PLUS");
	assert_string_equal(online.binding, "tls-exporter");
	g_auto(GStrv) lines = stream_describe(online.stream);
	g_autofree char *text = g_strjoinv("\n", lines);
	assert_non_null(strstr(text, "login: SCRAM-SHA-256-PLUS, tls-exporter, server proved it knows your password"));
	assert_non_null(strstr(text, "TLSv1.3"));
}

static void
without_an_announcement_the_exporter_is_the_binding_of_tls_1_3(void **state)
{
	(void)state;
	server.announced = NULL;
	log_in();
	assert_string_equal(online.binding, "tls-exporter");
}

/* Somebody between has a valid certificate and passes the login on: the real server sees another channel, and says no. */
static void
another_channel_is_refused(void **state) /* C03 */
{
	(void)state;
	server.between = true;
	stream_connect(online.stream);
	assert_true(online_reach(CONNECTION_FAILED));
	assert_non_null(strstr(online.reason, "somebody sits between"));
	assert_false(online.will_retry);
	assert_false(was_sent("<bind"));
}

static void
a_binding_that_cannot_be_had_is_not_used(void **state)
{
	(void)state;
	server.announced = "tls-unique";
	log_in();
	assert_string_equal(online.auth, "SCRAM-SHA-256");
	assert_null(online.binding);
}

static void
once_bound_always_bound(void **state) /* C03 */
{
	(void)state;
	log_in();
	server.mechanisms = "SCRAM-SHA-1 SCRAM-SHA-256";
	come_again();
	assert_true(online_reach(CONNECTION_FAILED));
	assert_string_equal(online.code, "trust");
	assert_non_null(strstr(online.alert, "SCRAM-SHA-256-PLUS tls-exporter was used before"));
}

/* ---- the certificate (C07) ---- */

static void
another_key_of_the_same_issuer_is_a_renewal(void **state)
{
	Authority *authority = *state;
	log_in();
	g_autofree char *before = authority_key_hash(authority);
	assert_true(g_str_has_prefix(g_hash_table_lookup(online.remembered, "certificate"), before));
	authority_renew(authority);
	use(authority);
	come_again();
	assert_true(online_reach(CONNECTION_ONLINE));
	g_autofree char *after = authority_key_hash(authority);
	assert_string_not_equal(before, after);
	assert_true(g_str_has_prefix(g_hash_table_lookup(online.remembered, "certificate"), after));
	assert_null(online.alert);
}

static void
another_issuer_is_told(void **state)
{
	(void)state;
	log_in();
	Authority *other = authority_new_named("good.test", "Other Authority");
	use(other);
	come_again();
	assert_true(online_reach(CONNECTION_ONLINE));
	assert_non_null(strstr(online.alert, "Other Authority"));
	assert_non_null(strstr(online.alert, "before it was issued by CN=Test Authority"));
	g_auto(GStrv) lines = stream_describe(online.stream);
	g_autofree char *text = g_strjoinv("\n", lines);
	assert_non_null(strstr(text, "the issuer changed: CN=Test Authority before"));

	/* Told once, and still there for who looks later. */
	g_clear_pointer(&online.alert, g_free);
	come_again();
	assert_true(online_reach(CONNECTION_ONLINE));
	assert_null(online.alert);
	g_auto(GStrv) again = stream_describe(online.stream);
	g_autofree char *later = g_strjoinv("\n", again);
	assert_non_null(strstr(later, "the issuer changed: CN=Test Authority before"));
	authority_free(other);
}

int
main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		T(the_login_is_bound_to_the_channel),
		T(without_an_announcement_the_exporter_is_the_binding_of_tls_1_3),
		T(another_channel_is_refused),
		T(a_binding_that_cannot_be_had_is_not_used),
		T(once_bound_always_bound),
		T(another_key_of_the_same_issuer_is_a_renewal),
		T(another_issuer_is_told),
	};

	xmpp_init();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
