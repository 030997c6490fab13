/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The transport over real sockets and real TLS on loopback: both ends bind the same channel, certificates are checked, and with a
 * proxy no byte and no name goes another way. */
#include "base/clock.h"
#include "fake/authority.h"
#include "fake/leaks.h"
#include "xmpp/cert.h"
#include "xmpp/transport.h"
#include "xmpp/xmpp.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

/* ---- a server ---- */

struct server {
	GSocketService *service;
	guint16 port;
	bool starttls;
	GTlsCertificate *certificate;
	GByteArray *exporter;
	GString *received; /* by the raw side */
	char *alpn;
	guint connections;
	bool silent;
};
static struct server server;

static void
on_server_tls(GObject *source, GAsyncResult *result, gpointer data)
{
	GTlsConnection *tls = G_TLS_CONNECTION(source);
	bool shaken = g_tls_connection_handshake_finish(tls, result, NULL);
	/* A handshake of the test before may end now. */
	if (data != server.service)
		return;
	if (shaken) {
		g_tls_connection_get_channel_binding_data(tls, G_TLS_CHANNEL_BINDING_TLS_EXPORTER, server.exporter, NULL);
		g_free(server.alpn);
		server.alpn = g_strdup(g_tls_connection_get_negotiated_protocol(tls));
		g_output_stream_write_all(g_io_stream_get_output_stream(G_IO_STREAM(tls)), "hello", 5, NULL, NULL, NULL);
	}
	g_object_set_data_full(G_OBJECT(server.service), "tls", g_object_ref(tls), g_object_unref);
}

static gboolean
on_connection(GSocketService *service, GSocketConnection *connection, GObject *source, gpointer data)
{
	static const char *const protocols[] = { "xmpp-client", NULL };
	(void)source, (void)data;
	server.connections++;
	if (server.silent) {
		g_object_set_data_full(G_OBJECT(service), "silent", g_object_ref(connection), g_object_unref);
		return TRUE;
	}
	GIOStream *tls = g_tls_server_connection_new(G_IO_STREAM(connection), server.certificate, NULL);
	g_tls_connection_set_advertised_protocols(G_TLS_CONNECTION(tls), protocols);
	g_tls_connection_handshake_async(G_TLS_CONNECTION(tls), G_PRIORITY_DEFAULT, NULL, on_server_tls, service);
	g_object_unref(tls);
	return TRUE;
}

/* ---- a SOCKS5 proxy that only notes what it is asked ---- */

static GString *asked;

static guint8 question[512];
static bool wants_password, refuses_password;

static void proxy_read(GIOStream *connection);

/* On loopback a greeting and a request each come in one piece. */
static void
on_question(GObject *source, GAsyncResult *result, gpointer data)
{
	g_autoptr(GIOStream) connection = data;
	GOutputStream *out = g_io_stream_get_output_stream(connection);
	gssize length = g_input_stream_read_finish(G_INPUT_STREAM(source), result, NULL);

	if (length > 4 && question[0] == 1) {
		const guint8 *password = question + 2 + question[1];
		g_string_append_printf(asked, "%.*s/%.*s ", question[1], (char *)question + 2, password[0], (char *)password + 1);
		g_output_stream_write_all(out, refuses_password ? "\x01\x01" : "\x01\x00", 2, NULL, NULL, NULL);
		proxy_read(connection);
	} else if (length == 2 + question[1] && length < 5) {
		g_output_stream_write_all(out, wants_password ? "\x05\x02" : "\x05\x00", 2, NULL, NULL, NULL);
		proxy_read(connection);
	} else if (length > 7 && question[3] == 3) {
		const guint8 *port = question + 5 + question[4];
		g_string_append_printf(asked, "%.*s:%u ", question[4], (char *)question + 5, port[0] * 256u + port[1]);
		g_output_stream_write_all(out, "\x05\x05\x00\x01\x00\x00\x00\x00\x00\x00", 10, NULL, NULL, NULL);
	}
}

static void
proxy_read(GIOStream *connection)
{
	g_input_stream_read_async(g_io_stream_get_input_stream(connection), question, sizeof question, G_PRIORITY_DEFAULT, NULL,
		on_question, g_object_ref(connection));
}

static gboolean
on_proxy(GSocketService *service, GSocketConnection *connection, GObject *source, gpointer data)
{
	(void)service, (void)source, (void)data;
	proxy_read(G_IO_STREAM(connection));
	return TRUE;
}

/* ---- the client ---- */

static struct {
	bool connected, secure, secured, lost;
	GString *received;
	char *error;
	GError *why;
} seen;

static void
on_connected(gpointer data, bool secure)
{
	(void)data;
	seen.connected = true;
	seen.secure = secure;
}

static void
on_secured(gpointer data)
{
	(void)data;
	seen.secured = true;
}

static void
on_received(gpointer data, const char *bytes, size_t length)
{
	(void)data;
	g_string_append_len(seen.received, bytes, (gssize)length);
}

static void
on_lost(gpointer data, const GError *error)
{
	(void)data;
	seen.lost = true;
	seen.why = error ? g_error_copy(error) : NULL;
}

static const struct transport_hooks hooks = { on_connected, on_secured, on_received, on_lost };

static gboolean
on_time(gpointer data)
{
	*(bool *)data = true;
	return G_SOURCE_REMOVE;
}

static bool
turn_until(const bool *flag, guint ms)
{
	bool late = false;
	guint source = g_timeout_add(ms, on_time, &late);
	while (!late && !*flag && !seen.lost)
		g_main_context_iteration(NULL, TRUE);
	if (!late)
		g_source_remove(source);
	return *flag;
}

static int
setup(void **state)
{
	*state = authority_new("a.test");
	seen.received = g_string_new(NULL);
	server = (struct server){ .exporter = g_byte_array_new(), .received = g_string_new(NULL) };
	asked = g_string_new(NULL);
	server.certificate = authority_certificate(*state);
	server.service = g_socket_service_new();
	server.port = g_socket_listener_add_any_inet_port(G_SOCKET_LISTENER(server.service), NULL, NULL);
	g_signal_connect(server.service, "incoming", G_CALLBACK(on_connection), NULL);
	g_socket_service_start(server.service);
	return 0;
}

static int
teardown(void **state)
{
	g_socket_service_stop(server.service);
	g_clear_object(&server.service);
	g_clear_object(&server.certificate);
	g_byte_array_unref(server.exporter);
	g_string_free(server.received, TRUE);
	g_free(server.alpn);
	g_string_free(seen.received, TRUE);
	g_string_free(asked, TRUE);
	g_clear_error(&seen.why);
	g_free(seen.error);
	memset(&seen, 0, sizeof seen);
	authority_free(*state);
	while (g_main_context_iteration(NULL, FALSE))
		;
	return 0;
}

static struct stream_config
config_for(const char *ca_file)
{
	return (struct stream_config){
		.jid = "alice@a.test", .host = "127.0.0.1", .port = server.port, .tls = STREAM_TLS_DIRECT, .ca_file = ca_file
	};
}

static void
both_ends_bind_the_same_channel(void **state)
{
	const struct stream_config config = config_for(authority_file(*state));
	Transport *transport = transport_open(&config, "a.test", &hooks, NULL);

	assert_true(turn_until(&seen.connected, 60000));
	assert_true(seen.secure);
	const struct transport_facts *facts = transport_facts(transport);
	assert_string_equal(facts->tls, "TLSv1.3");
	assert_non_null(facts->cipher);
	assert_non_null(facts->exporter);
	assert_null(facts->unique);
	while (!server.exporter->len && !seen.lost)
		g_main_context_iteration(NULL, TRUE);
	assert_int_equal(server.exporter->len, 32);
	assert_memory_equal(server.exporter->data, g_bytes_get_data(facts->exporter, NULL), 32);
	assert_string_equal(server.alpn, "xmpp-client");
	g_autofree char *key = cert_key_hash(facts->certificate), *expected = authority_key_hash(*state);
	assert_string_equal(key, expected);
	transport_free(transport);
}

static void
assert_refused(const struct stream_config *config, const char *domain, const char *word)
{
	Transport *transport = transport_open(config, domain, &hooks, NULL);

	assert_false(turn_until(&seen.connected, 60000));
	assert_true(seen.lost);
	assert_true(g_error_matches(seen.why, FAULT, FAULT_TRUST));
	if (!strstr(seen.why->message, word))
		fail_msg("%s", seen.why->message);
	transport_free(transport);
}

static void
an_unknown_authority_is_refused_by_name(void **state) /* C07 */
{
	(void)state;
	const struct stream_config config = config_for(NULL);

	assert_refused(&config, "a.test", "Test Authority");
}

static void
another_name_is_refused_with_both(void **state) /* C07 */
{
	const struct stream_config config = config_for(authority_file(*state));

	assert_refused(&config, "b.test", "it is for a.test, not for b.test");
}

static void
a_typed_fingerprint_trusts_that_certificate_alone(void **state) /* C07 */
{
	(void)state;
	struct stream_config config = config_for(NULL);
	g_autofree char *print = cert_fingerprint(server.certificate);
	g_autofree char *loud = g_ascii_strup(print, -1);

	config.fingerprint = loud;
	Transport *transport = transport_open(&config, "a.test", &hooks, NULL);
	assert_true(turn_until(&seen.connected, 60000));
	transport_free(transport);
}

static void
a_wrong_fingerprint_refuses_even_a_good_certificate(void **state) /* C07 */
{
	struct stream_config config = config_for(authority_file(*state));

	config.fingerprint = "00:11:22";
	assert_refused(&config, "a.test", "not the one whose fingerprint you gave");
}

#define ALWAYS " 200101000000Z 491231235959Z "
#define SAN(name) "subjectAltName=DNS:" name

/* The authority is trusted in all of these, but that is not enough. */
static void
a_certificate_that_is_not_the_servers_is_refused(void **state) /* C07 */
{
	static const struct {
		const char *what, *script, *word;
	} cases[] = {
		{ "not yet", "./sign " SAN("a.test") " 450101000000Z 491231235959Z", "not valid before 2045-01-01" },
		{ "expired", "./sign " SAN("a.test") " 200101000000Z 210101000000Z", "expired on 2021-01-01" },
		{ "by itself", "openssl x509 -req -in leaf.csr -signkey leaf.key -out leaf.crt", "signed by itself" },
		{ "a line of its own", "./sign 'subjectAltName=DNS:b.test\\\\nalice is verified'" ALWAYS,
			"it is for b.test alice is verified, not" },
		{ "for another", "./sign " SAN("b.test") ALWAYS, "it is for b.test, not for a.test" },
		{ "for what begins so", "./sign " SAN("a.test.evil.test") ALWAYS, "not for a.test" },
		{ "for what ends so", "./sign " SAN("evil-a.test") ALWAYS, "not for a.test" },
		{ "for those below", "./sign " SAN("*.a.test") ALWAYS, "not for a.test" },
		{ "for all", "./sign " SAN("*") ALWAYS, "not for a.test" },
		{ "for all of a country", "./sign " SAN("*.test") ALWAYS, "not for a.test" },
		{ "a NUL in the name",
			"./sign 'subjectAltName=DER:30:11:82:0f:61:2e:74:65:73:74:00:2e:65:76:69:6c:2e:78:79'" ALWAYS,
			"not for a.test" },
		{ "for the address", "./sign subjectAltName=IP:127.0.0.1" ALWAYS, "not for a.test" },
		{ "for clients", "./sign '" SAN("a.test") "\\nextendedKeyUsage=clientAuth'" ALWAYS, "not made for servers" },
		{ "for signing code", "./sign '" SAN("a.test") "\\nextendedKeyUsage=codeSigning'" ALWAYS, "not made for servers" },
		{ "signed with SHA-1", "./sign " SAN("a.test") ALWAYS "-md sha1", "can be forged" },
		{ "by one that may not sign",
			"./sign " SAN("mallory.test") ALWAYS
			"&& mv leaf.crt m.crt && mv leaf.key m.key && "
			"openssl req -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -subj /CN=a.test -keyout leaf.key "
			"-out "
			"leaf.csr && echo " SAN(
				"a.test") " >e && openssl x509 -req -in leaf.csr -CA m.crt -CAkey m.key "
					  "-CAcreateserial -days 9 -extfile e -out leaf.crt && cat m.crt >>leaf.crt",
			"" },
		{ "by another of the same name",
			"openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 9 -subj '/CN=Test "
			"Authority' "
			"-keyout m.key -out m.crt && echo " SAN(
				"a.test") " >e && openssl x509 -req -in leaf.csr -CA m.crt -CAkey "
					  "m.key -CAcreateserial -days 9 -extfile e -out leaf.crt && cat m.crt >>leaf.crt",
			"Test Authority is not trusted" },
	};
	const struct stream_config config = config_for(authority_file(*state));

	for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
		authority_forge(*state, cases[i].script);
		g_clear_object(&server.certificate);
		server.certificate = authority_certificate(*state);
		seen.connected = seen.lost = false;
		g_clear_error(&seen.why);
		print_message("%s\n", cases[i].what);
		assert_refused(&config, "a.test", cases[i].word);
	}
	/* The same way makes a good one. */
	authority_forge(*state, "./sign '" SAN("a.test") "\\nextendedKeyUsage=serverAuth'" ALWAYS);
	g_clear_object(&server.certificate);
	server.certificate = authority_certificate(*state);
	seen.connected = seen.lost = false;
	g_clear_error(&seen.why);
	Transport *transport = transport_open(&config, "a.test", &hooks, NULL);
	assert_true(turn_until(&seen.connected, 60000));
	transport_free(transport);
}

/* P32, J03 */
static void
with_a_proxy_names_are_the_proxys_and_nothing_goes_around_it(void **state)
{
	GSocketService *proxy = g_socket_service_new();
	guint16 port = g_socket_listener_add_any_inet_port(G_SOCKET_LISTENER(proxy), NULL, NULL);
	g_autofree char *uri = g_strdup_printf("socks5://127.0.0.1:%u", port);
	struct stream_config config = { .jid = "alice@name.invalid", .proxy = uri, .ca_file = authority_file(*state) };

	g_signal_connect(proxy, "incoming", G_CALLBACK(on_proxy), NULL);
	g_socket_service_start(proxy);
	Transport *transport = transport_open(&config, "name.invalid", &hooks, NULL);
	assert_false(turn_until(&seen.connected, 60000));
	assert_true(g_error_matches(seen.why, FAULT, FAULT_NETWORK));
	assert_string_equal(asked->str, "name.invalid:5222 name.invalid:5223 ");
	transport_free(transport);
	g_socket_service_stop(proxy);
	g_socket_listener_close(G_SOCKET_LISTENER(proxy));
	g_object_unref(proxy);

	/* It is gone: so is every way. The server that would answer on its own is not asked. */
	seen.lost = false;
	g_clear_error(&seen.why);
	config.host = "127.0.0.1";
	config.port = server.port;
	transport = transport_open(&config, "a.test", &hooks, NULL);
	assert_false(turn_until(&seen.connected, 60000));
	assert_true(seen.lost);
	assert_int_equal(server.connections, 0);
	transport_free(transport);
}

/* P32 */
static void
a_proxy_is_given_the_name_and_password_of_the_account(void **state)
{
	GSocketService *proxy = g_socket_service_new();
	guint16 port = g_socket_listener_add_any_inet_port(G_SOCKET_LISTENER(proxy), NULL, NULL);
	static const struct {
		bool wants, refuses;
		const char *asked;
	} cases[] = {
		{ false, false, "name.invalid:5222 name.invalid:5223 " },
		{ true, false, "me/se cret name.invalid:5222 me/se cret name.invalid:5223 " },
		{ true, true, "me/se cret me/se cret " },
	};

	g_signal_connect(proxy, "incoming", G_CALLBACK(on_proxy), NULL);
	g_socket_service_start(proxy);
	for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
		g_autofree char *uri = g_strdup_printf("socks5://me:se%%20cret@127.0.0.1:%u", port);
		struct stream_config config = { .jid = "alice@name.invalid", .proxy = uri, .ca_file = authority_file(*state) };
		wants_password = cases[i].wants;
		refuses_password = cases[i].refuses;
		seen.lost = false;
		g_clear_error(&seen.why);
		g_string_truncate(asked, 0);
		Transport *transport = transport_open(&config, "name.invalid", &hooks, NULL);
		assert_false(turn_until(&seen.connected, 60000));
		assert_true(g_error_matches(seen.why, FAULT, FAULT_NETWORK));
		assert_string_equal(asked->str, cases[i].asked);
		assert_null(strstr(seen.why->message, "cret"));
		assert_non_null(strstr(seen.why->message, "through the proxy"));
		transport_free(transport);
	}
	wants_password = refuses_password = false;
	g_socket_service_stop(proxy);
	g_socket_listener_close(G_SOCKET_LISTENER(proxy));
	g_object_unref(proxy);
}

static void
an_unknown_kind_of_proxy_is_refused(void **state)
{
	(void)state;
	static const char *const bad[] = { "socks4://127.0.0.1:1", "direct://", "", "127.0.0.1:9050", "socks://127.0.0.1:1" };
	for (guint i = 0; i < G_N_ELEMENTS(bad); i++) {
		struct stream_config config = config_for(NULL);
		config.proxy = bad[i];
		seen.lost = false;
		g_clear_error(&seen.why);
		Transport *transport = transport_open(&config, "a.test", &hooks, NULL);
		assert_false(turn_until(&seen.connected, 60000));
		assert_true(g_error_matches(seen.why, FAULT, FAULT_INPUT));
		assert_int_equal(server.connections, 0);
		transport_free(transport);
	}
}

static void
it_may_be_freed_at_any_moment(void **state)
{
	const struct stream_config config = config_for(authority_file(*state));

	for (guint turns = 0; turns < 30; turns++) {
		Transport *transport = transport_open(&config, "a.test", &hooks, NULL);
		for (guint i = 0; i < turns; i++)
			g_main_context_iteration(NULL, FALSE);
		if (turns % 2)
			transport_free(transport);
		else
			transport_bye(transport);
	}
}

/* The clock stands still from here on: the last story. */
static void
a_handshake_has_fifteen_seconds(void **state) /* C09 */
{
	struct stream_config config = config_for(authority_file(*state));

	server.silent = true;
	clock_hold(G_GINT64_CONSTANT(1700000000000000));
	Transport *transport = transport_open(&config, "a.test", &hooks, NULL);
	while (!server.connections)
		g_main_context_iteration(NULL, TRUE);
	assert_false(seen.connected);
	clock_turn(14900);
	assert_false(seen.lost);
	clock_turn(200);
	assert_true(seen.lost);
	assert_non_null(strstr(seen.why->message, "did not finish the TLS handshake"));
	transport_free(transport);
}

int
main(void)
{
	xmpp_init();
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		T(both_ends_bind_the_same_channel),
		T(an_unknown_authority_is_refused_by_name),
		T(another_name_is_refused_with_both),
		T(a_typed_fingerprint_trusts_that_certificate_alone),
		T(a_wrong_fingerprint_refuses_even_a_good_certificate),
		T(a_certificate_that_is_not_the_servers_is_refused),
		T(with_a_proxy_names_are_the_proxys_and_nothing_goes_around_it),
		T(an_unknown_kind_of_proxy_is_refused),
		T(a_proxy_is_given_the_name_and_password_of_the_account),
		T(it_may_be_freed_at_any_moment),
		T(a_handshake_has_fifteen_seconds),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
