/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The headless front end: lines on standard input are what a user would type, standard output has one JSON object a
 * line. The names of events and fields are a promise to scripts; what is unknown is absent. */
#include "ui/ui.h"

#include "account/account.h"
#include "api/error.h"
#include "api/event.h"
#include "api/timer.h"
#include "base/table.h"
#include "chat/convo.h"
#include "ui/headless-json.h"
#include "ui/pipe.h"

/* How long the end of input waits for lines that are not done and for accounts that are still connecting. */
enum { END_PATIENCE_MS = 5000 };

static struct {
	const struct ui_calls *calls;
	guint64 lines, done;    /* read; finished */
	bool ready, ended;      /* the store is open; end of input */
	bool quitting;          /* asked for once: a second time would not wait any more */
	GHashTable *connecting; /* accounts that are */
	guint patience;
	char *account, *peer; /* the open conversation */
} headless;

static Conversation *
current(void)
{
	return headless.peer ? convo_find(headless.account, headless.peer) : NULL;
}

/* ---- the end of input ---- */

static void
quit(gpointer data)
{
	(void)data;
	headless.patience = 0;
	headless.quitting = true;
	headless.calls->quit(0);
}

/* Ends when every line is done and no account is on its way online; the outbox is waited for by quit itself. */
static void
quit_if_idle(void)
{
	if (!headless.ended || !headless.ready || headless.quitting)
		return;
	if (headless.done < headless.lines || g_hash_table_size(headless.connecting)) {
		if (!headless.patience)
			headless.patience = clock_after(END_PATIENCE_MS, quit, NULL, NULL);
		return;
	}
	if (headless.patience)
		clock_cancel(headless.patience);
	quit(NULL);
}

/* ---- input ---- */

/* No text holds a NUL; the parser would end the string there. */
static bool
has_nul(const char *json)
{
	for (; *json; json++)
		if (*json == '\\' && *++json == 'u' && g_str_has_prefix(json, "u0000"))
			return true;
		else if (!*json)
			break;
	return false;
}

/* A line that starts with a quote is a JSON string, so that text may hold newlines. */
static char *
decode(const char *line, GError **error)
{
	g_autoptr(JsonParser) parser = json_parser_new();
	if (has_nul(line))
		return fault_null(error, FAULT_INPUT, "this line holds the character NUL, which no text may hold");
	if (!json_parser_load_from_data(parser, line, -1, NULL))
		return fault_null(error, FAULT_INPUT, "this line starts with a quote but is no JSON string");
	JsonNode *root = json_parser_get_root(parser);
	if (!root || json_node_get_value_type(root) != G_TYPE_STRING)
		return fault_null(error, FAULT_INPUT, "this line starts with a quote but is no JSON string");
	return g_strdup(json_node_get_string(root));
}

static void
refuse(guint64 seq, const GError *error)
{
	event_emit(&(Event){ .kind = EVENT_OUTPUT, .output = { .seq = seq, .text = error->message, .error = error } });
	event_emit(&(Event){ .kind = EVENT_DONE, .done = { .seq = seq, .ok = false } });
}

static void
take_line(const char *line, bool too_long)
{
	if (!line) {
		headless.ended = !headless.calls->stay;
		quit_if_idle();
		return;
	}
	guint64 seq = ++headless.lines;
	g_autoptr(GError) error = NULL;
	g_autofree char *text = NULL;
	if (too_long)
		fault(&error, FAULT_INPUT, "this line is too long: a mebibyte is the limit");
	else if (!g_utf8_validate(line, -1, NULL))
		fault(&error, FAULT_INPUT, "this line is not UTF-8");
	else
		text = *line == '"' ? decode(line, &error) : g_strdup(line);
	if (text)
		headless.calls->run_line(text, seq);
	else
		refuse(seq, error);
}

/* ---- events ---- */

static void
on_ready(const Event *event)
{
	(void)event;
	JsonObject *object = json_begin("ready");
	json_put(object, "version", SOTTO_VERSION);
	json_print(object);
	headless.ready = true;
	pipe_read();
}

static void
on_done(const Event *event)
{
	JsonObject *object = json_begin("done");
	json_object_set_int_member(object, "seq", (gint64)event->done.seq);
	json_object_set_boolean_member(object, "ok", event->done.ok);
	json_print(object);
	if (!event->done.seq)
		return;
	headless.done++;
	quit_if_idle();
}

static void
on_output(const Event *event)
{
	JsonObject *object = json_begin(event->output.error ? "error" : "output");
	if (event->output.seq)
		json_object_set_int_member(object, "seq", (gint64)event->output.seq);
	json_put(object, "text", event->output.text);
	json_put(object, "command", event->output.command);
	if (event->output.error)
		json_put(object, "reason_code", fault_word(event->output.error));
	json_print(object);
}

static void
on_ask(const Event *event)
{
	if (event->ask.answered)
		return;
	JsonObject *object = json_begin("ask");
	json_object_set_int_member(object, "id", event->ask.id);
	json_put(object, "text", event->ask.text);
	json_put_list(object, "choices", event->ask.choices);
	json_put(object, "account", event->account);
	json_put(object, "conversation", event->ask.peer);
	json_print(object);
}

static void
on_alert(const Event *event)
{
	JsonObject *object = json_begin("alert");
	json_put(object, "code", event->alert.code);
	json_put(object, "text", event->alert.text);
	json_put(object, "account", event->account);
	json_put(object, "conversation", event->alert.peer);
	json_print(object);
}

static void
on_connection(const Event *event)
{
	static const char *const words[] = { [CONNECTION_OFFLINE] = "offline",
		[CONNECTION_CONNECTING] = "connecting",
		[CONNECTION_ONLINE] = "online",
		[CONNECTION_FAILED] = "failed" };
	JsonObject *object = json_begin("connection");
	json_put(object, "account", event->account);
	json_put(object, "state", words[event->connection.state]);
	json_put(object, "reason", event->connection.reason);
	json_put(object, "reason_code", event->connection.reason_code);
	json_put(object, "tls", event->connection.tls);
	json_put(object, "cipher", event->connection.cipher);
	json_put(object, "auth", event->connection.auth);
	json_put(object, "channel_binding", event->connection.channel_binding);
	if (event->connection.state == CONNECTION_ONLINE)
		json_object_set_boolean_member(object, "resumed", event->connection.resumed);
	json_print(object);
	if (event->connection.state == CONNECTION_CONNECTING)
		g_hash_table_add(headless.connecting, g_strdup(event->account));
	else
		g_hash_table_remove(headless.connecting, event->account);
	quit_if_idle();
}

static const struct event_watch watches[] = {
	{ "headless: ready", EVENT_READY, on_ready },
	{ "headless: done", EVENT_DONE, on_done },
	{ "headless: output", EVENT_OUTPUT, on_output },
	{ "headless: ask", EVENT_ASK, on_ask },
	{ "headless: alert", EVENT_ALERT, on_alert },
	{ "headless: connection", EVENT_CONNECTION, on_connection },
	{ 0 },
};

/* ---- the front end ---- */

void
headless_fatal(const GError *error)
{
	JsonObject *object = json_begin("error");
	json_put(object, "text", error->message);
	json_put(object, "reason_code", fault_word(error));
	json_print(object);
}

static bool
start(const struct ui_calls *calls, GError **error)
{
	(void)error;
	headless.calls = calls;
	headless.connecting = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	pipe_start(take_line);
	table_add(TABLE_EVENTS, watches, "core");
	table_add(TABLE_EVENTS, headless_chat_rows, "core");
	table_add(TABLE_EVENTS, headless_call_rows, "core");
	return true;
}

static void
stop(void)
{
	pipe_stop();
	g_clear_pointer(&headless.connecting, g_hash_table_unref);
	g_clear_pointer(&headless.account, g_free);
	g_clear_pointer(&headless.peer, g_free);
}

static void
show(Conversation *conv)
{
	g_clear_pointer(&headless.account, g_free);
	g_clear_pointer(&headless.peer, g_free);
	if (!conv)
		return;
	headless.account = g_strdup(account_jid(convo_account(conv)));
	headless.peer = g_strdup(convo_peer(conv));
	convo_seen(conv);
}

/* Nobody sits here to type a secret; the account says what to do instead. */
static void
ask_secret(const char *prompt, void (*done)(Secret *text, gpointer data), gpointer data)
{
	alert(NULL, NULL, "password-needed", "%s: nobody can type it here - set password_command of the account", prompt);
	done(NULL, data);
}

static bool
window(const char *verb, const char *arg, GError **error)
{
	(void)arg;
	if (g_strcmp0(verb, "close") != 0)
		return fault(error, FAULT_INPUT, "there are no windows here: /msg opens a conversation, /window close leaves it");
	show(NULL);
	return true;
}

static void
show_unlock(bool create)
{
	g_autoptr(GError) error = NULL;
	fault(&error, FAULT_INPUT, "the store needs %s passphrase: give --passphrase-fd or set store.passphrase_command",
		create ? "a" : "its");
	event_emit(&(Event){ .kind = EVENT_OUTPUT, .output = { .text = error->message, .error = error } });
	headless.calls->quit(1);
}

const struct front_end ui_headless = {
	.name = "headless",
	.start = start,
	.stop = stop,
	.show = show,
	.current = current,
	.ask_secret = ask_secret,
	.window = window,
	.show_unlock = show_unlock,
};
