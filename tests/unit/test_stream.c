/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The stream against a server in memory: logging in, staying, coming back. */
#include "api/event.h"
#include "api/iq.h"
#include "base/table.h"
#include "fake/server.h"
#include "xmpp/machine.h"
#include "xmpp/stream.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static GHashTable *remembered;
static FakeServer *server;
static Stream *stream;
static enum connection_state state_seen;
static char *reason_seen, *code_seen, *auth_seen, *binding_seen;
static bool resumed_seen, will_retry_seen;
static guint64 ack_seen;
static char *alert_seen;
static guint flushes;
static bool disk_full;

static char *
memory_get_(const char *account, const char *key)
{
	(void)account;
	return g_strdup(g_hash_table_lookup(remembered, key));
}

static void
memory_put_(const char *account, const char *key, const char *value)
{
	(void)account;
	if (value)
		g_hash_table_insert(remembered, g_strdup(key), g_strdup(value));
	else
		g_hash_table_remove(remembered, key);
}

static void
memory_flush_(void)
{
	flushes++;
	if (disk_full)
		stream_batch_lost();
	else
		stream_committed();
}

static const struct stream_memory memory = { memory_get_, memory_put_, memory_flush_ };

static void
look_connection(const Event *event)
{
	state_seen = event->connection.state;
	resumed_seen = event->connection.resumed;
	will_retry_seen = event->connection.will_retry;
	g_free(reason_seen);
	g_free(code_seen);
	g_free(auth_seen);
	g_free(binding_seen);
	reason_seen = g_strdup(event->connection.reason);
	code_seen = g_strdup(event->connection.reason_code);
	auth_seen = g_strdup(event->connection.auth);
	binding_seen = g_strdup(event->connection.channel_binding);
}

static void
look_ack(const Event *event)
{
	ack_seen = event->ack.sequence;
}

static void
look_alert(const Event *event)
{
	g_free(alert_seen);
	alert_seen = g_strdup(event->alert.text);
}

static const struct event_watch watches[] = {
	{ "test: connection", EVENT_CONNECTION, look_connection },
	{ "test: ack", EVENT_ACK, look_ack },
	{ "test: alert", EVENT_ALERT, look_alert },
	{ 0 },
};

static const char *password = "pencil";

static void
give_password(Stream *asked)
{
	g_autoptr(Secret) secret = password ? secret_copy(password, strlen(password)) : NULL;

	stream_password(asked, secret);
}

static bool
is_state(gpointer data)
{
	return state_seen == (enum connection_state)GPOINTER_TO_INT(data);
}

static bool
reach(enum connection_state state)
{
	return fake_server_until(is_state, GINT_TO_POINTER(state));
}

static void
make_stream(void)
{
	const struct stream_config config = { .jid = "alice@good.test" };

	stream = stream_new(&config, &memory, give_password);
	state_seen = CONNECTION_OFFLINE;
}

static int
setup(void **state)
{
	(void)state;
	remembered = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
	server = fake_server_new("alice@good.test", "pencil");
	password = "pencil";
	ack_seen = 0;
	g_clear_pointer(&alert_seen, g_free);
	make_stream();
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	stream_free(stream);
	fake_server_turn(5);
	fake_server_free(server);
	g_hash_table_unref(remembered);
	return 0;
}

static void
log_in(void)
{
	stream_connect(stream);
	assert_true(reach(CONNECTION_ONLINE));
}

/* ---- the way in ---- */

static void
direct_tls_and_scram_lead_online(void **state)
{
	(void)state;
	log_in();
	assert_string_equal(auth_seen, "SCRAM-SHA-256");
	assert_null(binding_seen);
	assert_false(resumed_seen);
	assert_true(g_str_has_prefix(stream_full_jid(stream), "alice@good.test/"));
	assert_string_equal(g_hash_table_lookup(remembered, "login"), "SCRAM-SHA-256");
	assert_null(strstr(fake_server_received(server), "pencil"));
	g_auto(GStrv) lines = stream_describe(stream);
	g_autofree char *text = g_strjoinv("\n", lines);
	assert_non_null(strstr(text, "server proved it knows your password"));
}

static void
starttls_comes_before_any_word_of_us(void **state)
{
	(void)state;
	fake_server_offer(server)->direct = false;
	log_in();
	const char *tls = strstr(fake_server_received(server), "<starttls");
	const char *auth = strstr(fake_server_received(server), "<auth");
	assert_true(tls && auth && tls < auth);
	g_autofree char *clear = g_strndup(fake_server_received(server), (gsize)(tls - fake_server_received(server)));
	assert_null(strstr(clear, "alice"));
	assert_null(strstr(clear, "lang"));
}

static void
the_channel_is_bound_where_the_server_can(void **state)
{
	(void)state;
	fake_server_offer(server)->exporter = "thirty-two bytes of the exporter";
	fake_server_offer(server)->announce_binding = true;
	fake_server_offer(server)->mechanisms = "SCRAM-SHA-1 SCRAM-SHA-256 SCRAM-SHA-256-PLUS";
	log_in();
	assert_string_equal(auth_seen, "SCRAM-SHA-256-PLUS");
	assert_string_equal(binding_seen, "tls-exporter");
	assert_string_equal(g_hash_table_lookup(remembered, "login"), "SCRAM-SHA-256-PLUS tls-exporter");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(direct_tls_and_scram_lead_online, setup, teardown),
		cmocka_unit_test_setup_teardown(starttls_comes_before_any_word_of_us, setup, teardown),
		cmocka_unit_test_setup_teardown(the_channel_is_bound_where_the_server_can, setup, teardown),
	};

	table_add(TABLE_EVENTS, watches, "test");
	return cmocka_run_group_tests(tests, NULL, NULL);
}
