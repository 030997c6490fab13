/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A stream of alice@good.test with everything around it. */
#include "fake/online.h"

#include "base/table.h"

#include <string.h>

struct online online;

static char *
get(const char *account, const char *key)
{
	(void)account;
	return g_strdup(g_hash_table_lookup(online.remembered, key));
}

static void
put(const char *account, const char *key, const char *value)
{
	(void)account;
	if (value)
		g_hash_table_insert(online.remembered, g_strdup(key), g_strdup(value));
	else
		g_hash_table_remove(online.remembered, key);
}

static void
flush(void)
{
	online.flushes++;
	if (online.disk_full)
		stream_batch_lost();
	else if (!online.slow_disk)
		stream_committed();
}

static void
set(char **field, const char *value)
{
	g_free(*field);
	*field = g_strdup(value);
}

static void
look_connection(const Event *event)
{
	online.changes++;
	online.state = event->connection.state;
	online.resumed = event->connection.resumed;
	online.will_retry = event->connection.will_retry;
	set(&online.reason, event->connection.reason);
	set(&online.code, event->connection.reason_code);
	set(&online.auth, event->connection.auth);
	set(&online.binding, event->connection.channel_binding);
}

static void
look_ack(const Event *event)
{
	online.ack = event->ack.sequence;
}

static void
look_alert(const Event *event)
{
	set(&online.alert, event->alert.text);
}

static void
look_ask(const Event *event)
{
	online.question_id = event->ask.id;
	set(&online.question, event->ask.text);
}

static const struct event_watch watches[] = {
	{ "online: connection", EVENT_CONNECTION, look_connection },
	{ "online: ack", EVENT_ACK, look_ack },
	{ "online: alert", EVENT_ALERT, look_alert },
	{ "online: ask", EVENT_ASK, look_ask },
	{ 0 },
};

static void
give_password(Stream *stream)
{
	g_autoptr(Secret) secret = online.password ? secret_copy(online.password, strlen(online.password)) : NULL;

	online.asked++;
	stream_password(stream, secret);
}

static void
make_stream(void)
{
	static const struct stream_memory memory = { get, put, flush };
	const struct stream_config config = { .jid = "alice@good.test" };

	online.stream = stream_new(&config, &memory, give_password);
}

int
online_setup(void **state)
{
	(void)state;
	online = (struct online){ .password = "pencil" };
	online.remembered = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
	online.server = fake_server_new("alice@good.test", "pencil");
	table_add(TABLE_EVENTS, watches, "online");
	make_stream();
	return 0;
}

int
online_teardown(void **state)
{
	char **const texts[] = { &online.reason, &online.code, &online.auth, &online.binding, &online.alert, &online.question };

	(void)state;
	stream_free(online.stream);
	fake_server_turn(5);
	fake_server_free(online.server);
	table_remove("online");
	g_hash_table_unref(online.remembered);
	for (guint i = 0; i < G_N_ELEMENTS(texts); i++)
		g_clear_pointer(texts[i], g_free);
	return 0;
}

void
online_restart(void)
{
	/* What it would still write while it is freed must not be durable: a killed process writes nothing. */
	online.slow_disk = true;
	fake_server_cut(online.server);
	stream_free(online.stream);
	fake_server_turn(5);
	online.slow_disk = false;
	online.state = CONNECTION_OFFLINE;
	make_stream();
}

static bool
is_state(gpointer data)
{
	return online.state == (enum connection_state)GPOINTER_TO_INT(data);
}

bool
online_reach(enum connection_state wanted)
{
	return fake_server_until(is_state, GINT_TO_POINTER(wanted));
}

void
online_log_in(void)
{
	stream_connect(online.stream);
	if (!online_reach(CONNECTION_ONLINE))
		g_error("not online: %s", online.reason ? online.reason : "no reason");
}
