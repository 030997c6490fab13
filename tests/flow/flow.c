/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Flow stories: the whole program in its own process, with a scripted server on the wire seam, a held clock and a real terminal
 * whose grid is read. A story is a file of lines:
 *
 *   type TEXT             keys, then Enter        key NAME-BYTES     keys as they are (C escapes)
 *   see TEXT              an event line with TEXT comes       see not TEXT      none came since the last see
 *   screen TEXT           TEXT stands on the screen           screen not TEXT
 *   server expect TEXT    the client sends it                 server expect not TEXT    it was never sent
 *   server send XML       {from} is our full address, {sent NAME} what was kept
 *   server keep NAME FROM TO    from what was expected last: the text between FROM (C escapes) and TO
 *   server answer TEXT => XML   to what holds TEXT, from now on
 *   server cut | forget   the link breaks; the session is gone
 *   plugins NAME...       are loaded now and after each restart; {plugin folder} is where they are
 *   peer NAME at JID      a device that speaks OMEMO, on the server with its keys; {device NAME} is its number, {key NAME} its key
 *   peer NAME says TEXT | hears TEXT | hears not TEXT    sealed
 *   peer NAME seals TEXT  {sent last} is it, {sent previous} the one before             peer NAME floods N    says so many, and
 * what each cost peer NAME forgets | changes | remembers | rewinds    its sessions, its key, its sessions, back to those list JID
 * NAME...      the devices announced from now on, told at once; list JID: none; list JID gone: no answer login                 adds
 * the account and connects media listens         a sotto-media is there, at media.socket      media ends     as if it crashed media
 * expect TEXT | expect not TEXT    it was told, as "KIND BODY"; of each use from its START on media local NAME MEDIUM our side of a
 * content: {media ufrag NAME}, {media pwd NAME}, {media print} media candidate NAME TYPE IP PORT      media gathered NAME media
 * state NAME STATE [PATH]          media failed WORD SENTENCE        media reports N jingle ACTION         the client sent one more
 * of these       jingle says TEXT | says not TEXT    it, as fake/jingletext.h rings N               the bell rang so often since
 * the last of these lines size ROWS COLS        of the terminal, from now on turn MS               time passes             restart
 * the program ends and starts again on its profile
 *
 * An argument runs every file; the first line that fails ends with its place. */
#define _GNU_SOURCE
#include "account/account.h"
#include "api/error.h"
#include "api/event.h"
#include "app.h"
#include "base/base.h"
#include "base/clock.h"
#include "base/files.h"
#include "base/table.h"
#include "call/calls.h"
#include "chat/convo.h"
#include "cmd/run.h"
#include "conf/settings.h"
#include "fake/jingletext.h"
#include "fake/media.h"
#include "fake/place.h"
#include "fake/server.h"
#include "flow/device.h"
#include "plugin/registry.h"
#include "store/db.h"
#include "ui/layout.h"
#include "ui/screen.h"
#include "ui/ui.h"

#include <pty.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

#include <glib-unix.h>
#include <glib/gstdio.h>

#define ME "me@good.test"
#define START_AT G_GINT64_CONSTANT(1795536000000000) /* 2026-11-24 16:00 UTC */
#define TURNS 1500                                   /* each is a millisecond of the held clock */
#define PATIENCE (60 * G_USEC_PER_SEC)               /* for threads, of which the held clock knows nothing */

static struct {
	FILE *report;
	const char *file;
	guint line;
	char *folder;
	Secret *key;
	int terminal; /* the other end */
	int rings;    /* bells that came out of it */
	FakeServer *server;
	FakeMedia *media;
	const char *expected; /* what the server heard last */
	GHashTable *kept;
	char **plugins;
	GHashTable *devices;  /* name: Device */
	gsize heard;          /* so much of what the client sent was looked at by devices */
	GPtrArray *sealed;    /* char *: messages in it */
	GHashTable *sessions; /* action: gsize *, where the last one that was looked at ends */
	char *jingle;         /* it, as text */
	GPtrArray *seen;      /* char *: event lines since the last see */
} flow;

/* ---- what the program tells ---- */

static void G_GNUC_PRINTF(1, 2) seen(const char *format, ...)
{
	va_list list;

	va_start(list, format);
	g_ptr_array_add(flow.seen, g_strdup_vprintf(format, list));
	va_end(list);
}

static void
see_message(const Event *event)
{
	const Message *message = event->message;

	seen("%s %s %s %s: %s%s", event->kind == EVENT_MESSAGE_ADDED ? "message" : "changed",
		message->direction == MESSAGE_IN ? "in" : "out", message->conversation, message->seal ? message->seal : "none",
		message->body ? message->body : message->reason, message->edited ? " (edited)" : "");
}

static void
see_state(const Event *event)
{
	seen("state %s %s", message_state_word(event->message->state), event->message->reason ? event->message->reason : "");
}

static void
see_alert(const Event *event)
{
	seen("alert %s %s", event->alert.code, event->alert.text);
}

static void
see_ask(const Event *event)
{
	seen("%s %s", event->ask.answered ? "answered" : "ask", event->ask.text);
}

static void
see_connection(const Event *event)
{
	static const char *const words[] = { "offline", "connecting", "online", "failed" };

	seen("connection %s%s %s", words[event->connection.state], event->connection.resumed ? " resumed" : "",
		event->connection.reason ? event->connection.reason : "");
}

static void
see_caught_up(const Event *event)
{
	seen("caught up %s", event->account);
}

static void
see_output(const Event *event)
{
	seen("%s %s", event->output.error ? "error" : "output", event->output.text);
}

static void
see_state_of_peer(const Event *event)
{
	seen("chat state %s %s", event->chat_state.jid, event->chat_state.state);
}

static void
see_call(const Event *event)
{
	const struct call_facts *call = event->call;

	seen("call %s %s %s%s %s %s %s %s %s", call->incoming ? "in" : "out", call->peer, call_state_word(call->state),
		call->video ? " video" : "", call_keys_word(call->keys), trust_word(call->trust), call_path_word(call->path),
		call->reason_code ? call->reason_code : "", call->reason ? call->reason : "");
}

static const struct event_watch watches[] = {
	{ "flow: message", EVENT_MESSAGE_ADDED, see_message },
	{ "flow: changed", EVENT_MESSAGE_CHANGED, see_message },
	{ "flow: state", EVENT_MESSAGE_STATE, see_state },
	{ "flow: alert", EVENT_ALERT, see_alert },
	{ "flow: ask", EVENT_ASK, see_ask },
	{ "flow: connection", EVENT_CONNECTION, see_connection },
	{ "flow: caught up", EVENT_CAUGHT_UP, see_caught_up },
	{ "flow: output", EVENT_OUTPUT, see_output },
	{ "flow: chat state", EVENT_CHAT_STATE, see_state_of_peer },
	{ "flow: call", EVENT_CALL, see_call },
	{ 0 },
};

static void G_GNUC_NORETURN G_GNUC_PRINTF(1, 2) give_up(const char *format, ...)
{
	va_list list;

	fprintf(flow.report, "%s:%u: ", flow.file, flow.line);
	va_start(list, format);
	vfprintf(flow.report, format, list);
	va_end(list);
	fprintf(flow.report, "\n  events since the last see:\n");
	for (guint i = 0; i < flow.seen->len; i++)
		fprintf(flow.report, "    %s\n", (char *)g_ptr_array_index(flow.seen, i));
	fprintf(flow.report, "  screen:\n");
	for (int row = 0; row < screen_rows(); row++) {
		g_autofree char *text = screen_read(row, 0, screen_cols());

		if (*g_strchomp(text))
			fprintf(flow.report, "    |%s\n", text);
	}
	fflush(flow.report);
	_exit(1);
}

/* ---- time ---- */

static void
look(void)
{
	for (int i = 0; i < 50 && g_main_context_iteration(NULL, FALSE); i++)
		;
	g_usleep(1000);
}

static void
turn(void)
{
	clock_turn(1);
	look();
}

static bool
wait_for(bool (*done)(const char *text), const char *text)
{
	gint64 end = g_get_monotonic_time() + PATIENCE;

	for (int i = 0; i < TURNS || g_get_monotonic_time() < end; i++) {
		if (done(text))
			return true;
		if (i < TURNS)
			turn();
		else
			look();
	}
	return false;
}

/* ---- the program ---- */

static void
run_line(const char *line, guint64 seq)
{
	cmd_run(line, seq);
}

static void
unlock(Secret *passphrase)
{
	secret_free(passphrase);
}

static void
quit(int status)
{
	seen("quit %d", status);
}

static gboolean
drain(int fd, GIOCondition condition, gpointer data)
{
	char bytes[4096];
	gssize length = read(fd, bytes, sizeof bytes);

	(void)condition;
	(void)data;

	for (gssize i = 0; i < length; i++)
		flow.rings += bytes[i] == '\a';
	return length > 0;
}

static void
take_terminal(void)
{
	struct winsize size = { .ws_row = 24, .ws_col = 80 };
	int near;

	flow.report = fdopen(dup(1), "w");
	if (openpty(&flow.terminal, &near, NULL, NULL, &size) < 0)
		give_up("there is no pseudo terminal");
	dup2(near, 0);
	dup2(near, 1);
	close(near);
	g_unix_fd_add(flow.terminal, G_IO_IN, drain, NULL);
}

static void
load_plugins(void)
{
	g_autofree char *program = g_file_read_link("/proc/self/exe", NULL);
	g_autofree char *folder = g_path_get_dirname(program);

	for (char **name = flow.plugins; name && *name; name++) {
		g_autofree char *path = g_strdup_printf("%s/../../plugins/%s.so", folder, *name);
		g_autoptr(GError) error = NULL;

		if (!plugin_load(path, &error))
			give_up("%s", error->message);
	}
}

static void
start(void)
{
	static const struct ui_calls calls = { .run_line = run_line, .complete = cmd_complete, .unlock = unlock, .quit = quit };
	g_autoptr(GError) error = NULL;
	g_autofree char *path = files_path(FOLDER_DATA, "sotto.db", NULL);

	ui_use(&ui_terminal);
	load_plugins();
	if (!settings_load(&error) || !ui()->start(&calls, &error) || !db_open(path, flow.key, &error) || !accounts_load(&error))
		give_up("the program does not start: %s", error->message);
	convos_load();
	event_emit(&(Event){ .kind = EVENT_READY });
	accounts_autoconnect();
}

static void
stop(void)
{
	ui()->stop();
	convos_unload();
	accounts_unload();
	plugins_unload_all();
	db_close();
}

/* ---- the lines ---- */

static void
type(const char *text, bool enter)
{
	g_autofree char *keys = enter ? g_strconcat(text, "\r", NULL) : g_strcompress(text);

	if (write(flow.terminal, keys, strlen(keys)) < 0)
		give_up("the terminal takes no keys");
	for (int i = 0; i < 20; i++)
		turn();
}

static bool
is_seen(const char *text)
{
	for (guint i = 0; i < flow.seen->len; i++)
		if (strstr(g_ptr_array_index(flow.seen, i), text)) {
			g_ptr_array_remove_range(flow.seen, 0, i + 1);
			return true;
		}
	return false;
}

static bool
is_on_screen(const char *text)
{
	for (int row = 0; row < screen_rows(); row++) {
		g_autofree char *line = screen_read(row, 0, screen_cols());

		if (strstr(line, text))
			return true;
	}
	return false;
}

static void
settle(void)
{
	for (int i = 0; i < 60; i++)
		turn();
}

/* "not TEXT": after a while it must still not be so. */
static bool
wait_or_not(bool (*is_so)(const char *text), const char *argument)
{
	bool wanted = !g_str_has_prefix(argument, "not ");

	if (wanted)
		return wait_for(is_so, argument);
	settle();
	return !is_so(argument + strlen("not "));
}

static void
check(bool (*is_so)(const char *text), const char *what, const char *argument)
{
	if (!wait_or_not(is_so, argument))
		give_up("%s %s", what, argument);
}

static char *
fill_in(const char *xml)
{
	g_autofree char *text = g_strdup(xml);
	GHashTableIter iter;
	gpointer name, value;

	g_hash_table_iter_init(&iter, flow.kept);
	while (g_hash_table_iter_next(&iter, &name, &value)) {
		g_autofree char *mark = g_strdup_printf(strchr(name, ' ') ? "{%s}" : "{sent %s}", (char *)name);
		g_auto(GStrv) parts = g_strsplit(text, mark, -1);

		g_free(text);
		text = g_strjoinv(value, parts);
	}
	return g_steal_pointer(&text);
}

static bool
has_heard(const char *text)
{
	return strstr(fake_server_received(flow.server), text) != NULL;
}

static bool
is_sent(const char *text)
{
	flow.expected = fake_server_heard(flow.server, text);
	return flow.expected != NULL;
}

static void
server_expect(const char *argument)
{
	g_autofree char *text = fill_in(argument);

	if (g_str_has_prefix(text, "not ")) {
		check(has_heard, "server expect", text);
		return;
	}
	if (!wait_for(is_sent, text))
		give_up("the client does not send %s", text);
}

static void
server_keep(const char *argument)
{
	g_auto(GStrv) words = g_strsplit(argument, " ", 3);
	g_autofree char *before = words[0] && words[1] ? g_strcompress(words[1]) : NULL;
	const char *from = flow.expected && before && words[2] ? strstr(flow.expected, before) : NULL;
	const char *end = from ? strstr(from + strlen(before), words[2]) : NULL;

	if (!end)
		give_up("there is nothing to keep in %s", flow.expected ? flow.expected : "nothing");
	from += strlen(before);
	g_hash_table_insert(flow.kept, g_strdup(words[0]), g_strndup(from, (gsize)(end - from)));
}

static void
server_send(const char *argument)
{
	g_autofree char *xml = fill_in(argument);

	fake_server_send(flow.server, xml);
	settle();
}

static void
server_answer(const char *argument)
{
	g_auto(GStrv) sides = g_strsplit(argument, " => ", 2);

	if (!sides[0] || !sides[1])
		give_up("server answer TEXT => XML");
	fake_server_on(flow.server, sides[0], sides[1]);
}

static void
server_cut(const char *argument)
{
	(void)argument;
	fake_server_cut(flow.server);
	settle();
}

static void
server_forget(const char *argument)
{
	(void)argument;
	fake_server_forget_session(flow.server);
}

static void
login(const char *argument)
{
	(void)argument;
	type("/account add " ME " password_command \"echo pencil\"", true);
	type("/connect " ME, true);
	check(is_seen, "login", "connection online");
}

static void
pass_time(const char *argument)
{
	clock_turn((guint)atoi(argument));
	settle();
}

static void
restart(const char *argument)
{
	(void)argument;
	/* As app.c does it. */
	calls_end_all("gone");
	settle();
	stop();
	g_ptr_array_set_size(flow.seen, 0);
	start();
	settle();
}

static void
type_line(const char *argument)
{
	type(argument, true);
}

static void
type_keys(const char *argument)
{
	type(argument, false);
}

static void
see(const char *argument)
{
	check(is_seen, "see", argument);
}

static void
screen(const char *argument)
{
	check(is_on_screen, "screen", argument);
}

static void
size(const char *argument)
{
	struct winsize wanted = { 0 };

	if (sscanf(argument, "%hu %hu", &wanted.ws_row, &wanted.ws_col) != 2 || ioctl(flow.terminal, TIOCSWINSZ, &wanted))
		give_up("%s is no size", argument);
	layout_resized();
}

static void
rings(const char *argument)
{
	settle();
	if (flow.rings != atoi(argument))
		give_up("it rang %d times, not %s", flow.rings, argument);
	flow.rings = 0;
}

/* ---- devices of others ---- */

static Device *
device_named(const char *name)
{
	Device *device = g_hash_table_lookup(flow.devices, name);

	if (!device)
		give_up("there is no device %s", name);
	return device;
}

static void
keep(const char *kind, const char *name, char *value)
{
	g_hash_table_insert(flow.kept, g_strdup_printf("%s %s", kind, name), value);
}

/* What the server answers about it, from now on. */
static void
put_on_server(const char *name, const Device *device)
{
	g_autofree char *bundle = g_strdup_printf(
		"<iq type='result' id='{id}' from='%s'><pubsub xmlns='http://jabber.org/protocol/pubsub'><items "
		"node='eu.siacs.conversations.axolotl.bundles:%u'><item id='current'>%s</item></items></pubsub></iq>",
		device_owner(device), device_number(device), device_bundle(device));
	g_autofree char *match = g_strdup_printf("axolotl.bundles:%u\"", device_number(device));

	fake_server_on(flow.server, match, bundle);
	keep("device", name, g_strdup_printf("%u", device_number(device)));
	keep("key", name, device_fingerprint(device));
}

static void
list(const char *argument)
{
	g_auto(GStrv) words = g_strsplit(argument, " ", -1);
	g_autofree char *match = g_strdup_printf("axolotl.devicelist\" & to=\"%s\"", words[0]);
	GString *items = g_string_new("<items node='eu.siacs.conversations.axolotl.devicelist'><item id='current'><list "
				      "xmlns='eu.siacs.conversations.axolotl'>");
	g_autofree char *answer = NULL, *push = NULL;

	if (g_strcmp0(words[1], "gone") == 0) {
		answer = g_strdup_printf("<iq type='error' id='{id}' from='%s'><error type='cancel'><item-not-found "
					 "xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></iq>",
			words[0]);
		fake_server_on(flow.server, match, answer);
		g_string_free(items, TRUE);
		return;
	}
	for (char **name = words + 1; *name; name++)
		g_string_append_printf(items, "<device id='%u'/>", device_number(device_named(*name)));
	g_string_append(items, "</list></item></items>");
	answer = g_strdup_printf(
		"<iq type='result' id='{id}' from='%s'><pubsub xmlns='http://jabber.org/protocol/pubsub'>%s</pubsub></iq>",
		words[0], items->str);
	push = g_strdup_printf("<message from='%s' to='" ME
			       "'><event xmlns='http://jabber.org/protocol/pubsub#event'>%s</event></message>",
		words[0], items->str);
	g_string_free(items, TRUE);
	fake_server_on(flow.server, match, answer);
	fake_server_send(flow.server, push);
	settle();
}

/* What the client published about itself: the newest. */
static char *
our_bundle(guint32 *number)
{
	const char *all = fake_server_received(flow.server), *begin = g_strrstr(all, "<bundle"), *end;
	const char *node = g_strrstr(all, "axolotl.bundles:");

	for (; node && !strstr(node, "<bundle"); node = g_strrstr_len(all, node - all, "axolotl.bundles:"))
		;
	end = begin ? strstr(begin, "</bundle>") : NULL;
	if (!node || !end)
		give_up("the client published no keys");
	*number = (guint32)g_ascii_strtoull(node + strlen("axolotl.bundles:"), NULL, 10);
	return g_strndup(begin, (gsize)(end + strlen("</bundle>") - begin));
}

/* {sent last} is it from now on. */
static void
peer_seals(Device *device, const char *text)
{
	g_autofree char *bundle = NULL;
	guint32 number;

	bundle = our_bundle(&number);
	if (!device_knows(device, ME, number))
		device_meet(device, ME, number, bundle);
	if (g_hash_table_contains(flow.kept, "last"))
		g_hash_table_insert(flow.kept, g_strdup("previous"), g_strdup(g_hash_table_lookup(flow.kept, "last")));
	g_hash_table_insert(flow.kept, g_strdup("last"), device_seal(device, ME, number, text));
}

static void
peer_says(Device *device, const char *text)
{
	g_autofree char *xml = NULL;
	static guint count;

	peer_seals(device, text);
	xml = g_strdup_printf("<message from='%s/x' to='{from}' type='chat' id='s%u'><body>sealed</body>%s<store "
			      "xmlns='urn:xmpp:hints'/></message>",
		device_owner(device), ++count, (char *)g_hash_table_lookup(flow.kept, "last"));
	fake_server_send(flow.server, xml);
	settle();
}

/* Cuts what the client sent since into sealed messages. */
static void
collect(void)
{
	const char *all = fake_server_received(flow.server), *begin, *end;

	while ((begin = strstr(all + flow.heard, "<encrypted")) && (end = strstr(begin, "</encrypted>"))) {
		end += strlen("</encrypted>");
		g_ptr_array_add(flow.sealed, g_strndup(begin, (gsize)(end - begin)));
		flow.heard = (gsize)(end - all);
	}
}

static Device *listener;

/* Each message is opened once by each device, as in life. */
static bool
is_heard(const char *text)
{
	GHashTable *opened = device_heard(listener);

	collect();
	for (guint i = 0; i < flow.sealed->len; i++) {
		const char *xml = g_ptr_array_index(flow.sealed, i);

		if (!g_hash_table_contains(opened, xml))
			g_hash_table_insert(opened, (char *)xml, device_open(listener, ME, xml));
		if (g_strcmp0(g_hash_table_lookup(opened, xml), text) == 0)
			return true;
	}
	return false;
}

static void
peer_hears(Device *device, const char *text)
{
	listener = device;
	check(is_heard, "hears", text);
}

static void
peer_forgets(Device *device, const char *text)
{
	(void)text;
	device_forget_sessions(device);
}

static void
peer_changes(Device *device, const char *text)
{
	(void)text;
	device_new_identity(device);
}

static guint flood_seen;

static bool
flood_is_in(const char *text)
{
	while (flow.seen->len) {
		flood_seen += strstr(g_ptr_array_index(flow.seen, 0), " omemo: line ") != NULL;
		g_ptr_array_remove_index(flow.seen, 0);
	}
	return flood_seen >= (guint)atoi(text);
}

/* Sealed beforehand; what counts is the processor time from the first byte to the last line, the server's own is small. */
static void
peer_floods(Device *device, const char *text)
{
	guint count = (guint)atoi(text), number;
	g_autofree char *bundle = our_bundle(&number);
	GString *flood = g_string_new(NULL);
	clock_t began;

	for (guint i = 0; i < count; i++) {
		g_autofree char *line = g_strdup_printf("line %u of a flood of sealed messages", i);
		g_autofree char *sealed = device_seal(device, ME, number, line);

		g_string_append_printf(flood,
			"<message from='%s/x' to='" ME "/x' type='chat' id='f%u'><body>sealed</body>%s<store "
			"xmlns='urn:xmpp:hints'/></message>",
			device_owner(device), i, sealed);
	}
	flood_seen = 0;
	began = clock();
	fake_server_send(flow.server, flood->str);
	if (!wait_for(flood_is_in, text))
		give_up("only %u of %u came in", flood_seen, count);
	fprintf(flow.report, "%u sealed messages in: %.3f ms of processor each\n", count,
		(double)(clock() - began) * 1000 / CLOCKS_PER_SEC / count);
	g_string_free(flood, TRUE);
}

static void
peer_remembers(Device *device, const char *text)
{
	(void)text;
	device_remember(device);
}

static void
peer_rewinds(Device *device, const char *text)
{
	(void)text;
	device_rewind(device);
}

static void
peer(const char *argument)
{
	static const struct {
		const char *word;
		void (*run)(Device *device, const char *text);
	} ways[] = { { "floods", peer_floods }, { "remembers", peer_remembers }, { "rewinds", peer_rewinds }, { "says", peer_says },
		{ "seals", peer_seals }, { "hears", peer_hears }, { "forgets", peer_forgets }, { "changes", peer_changes } };
	g_auto(GStrv) words = g_strsplit(argument, " ", 3);

	if (!words[0] || !words[1])
		give_up("peer NAME WHAT");
	if (strcmp(words[1], "at") == 0) {
		g_hash_table_insert(flow.devices, g_strdup(words[0]), device_new(words[2]));
		put_on_server(words[0], device_named(words[0]));
		return;
	}
	for (size_t i = 0; i < G_N_ELEMENTS(ways); i++)
		if (strcmp(words[1], ways[i].word) == 0) {
			ways[i].run(device_named(words[0]), words[2]);
			put_on_server(words[0], device_named(words[0]));
			return;
		}
	give_up("peer %s", argument);
}

/* ---- media ---- */

static void
media_listens(char **words)
{
	g_autofree char *path = g_build_filename(flow.folder, "media.socket", NULL);
	g_autoptr(GError) error = NULL;

	(void)words;
	flow.media = fake_media_new(path);
	keep("media", "print", jingle_fingerprint_text(fake_media_fingerprint));
	if (!settings_set("media.socket", path, &error))
		give_up("%s", error->message);
}

static void
media_ends(char **words)
{
	(void)words;
	fake_media_close(flow.media);
}

static bool
media_was_told(const char *text)
{
	const GPtrArray *heard = fake_media_heard(flow.media);

	for (guint i = 0; i < heard->len; i++)
		if (strstr(g_ptr_array_index(heard, i), text))
			return true;
	return false;
}

static void
media_expect(const char *argument)
{
	if (!wait_or_not(media_was_told, argument)) {
		const GPtrArray *heard = fake_media_heard(flow.media);

		for (guint i = 0; i < heard->len; i++)
			fprintf(flow.report, "  media was told: %s\n", (char *)g_ptr_array_index(heard, i));
		give_up("media expect %s", argument);
	}
}

static void
media_local(char **words)
{
	fake_media_local(flow.media, words[0], words[1]);
	g_hash_table_insert(flow.kept, g_strdup_printf("media ufrag %s", words[0]), fake_media_ufrag(words[0]));
	g_hash_table_insert(flow.kept, g_strdup_printf("media pwd %s", words[0]), fake_media_pwd(words[0]));
}

static void
media_candidate(char **words)
{
	bool related = g_strv_length(words) > 5;

	fake_media_say(flow.media, MEDIA_CANDIDATE,
		g_variant_new("(ssysusqssq)", words[0], "1", 1, "udp", 2000u, words[2], (guint16)atoi(words[3]), words[1],
			related ? words[4] : "", related ? (guint16)atoi(words[5]) : 0));
}

static void
media_gathered(char **words)
{
	fake_media_say(flow.media, MEDIA_GATHERED, g_variant_new("(s)", words[0]));
}

static void
media_state(char **words)
{
	fake_media_say(flow.media, MEDIA_STATE, g_variant_new("(sss)", words[0], words[1], words[2] ? words[2] : ""));
}

static void
media_failed(char **words)
{
	g_autofree char *sentence = g_strjoinv(" ", words + 1);

	fake_media_say(flow.media, MEDIA_FAILED, g_variant_new("(ss)", words[0], sentence));
}

/* Sentence 1, sentence 2 and so on. */
static void
media_reports(char **words)
{
	for (int n = 1; n <= atoi(words[0]); n++) {
		g_autofree char *sentence = g_strdup_printf("sentence %d.", n);

		fake_media_say(flow.media, MEDIA_REPORT, g_variant_new("(sbs)", "camera", FALSE, sentence));
	}
}

static void
media(const char *argument)
{
	static const struct {
		const char *word;
		guint words;
		void (*run)(char **words);
	} ways[] = { { "listens", 0, media_listens }, { "ends", 0, media_ends }, { "local", 2, media_local },
		{ "candidate", 4, media_candidate }, { "gathered", 1, media_gathered }, { "state", 2, media_state },
		{ "failed", 2, media_failed }, { "reports", 1, media_reports } };
	g_auto(GStrv) words = g_strsplit(argument, " ", -1);

	if (g_str_has_prefix(argument, "expect ")) {
		media_expect(argument + strlen("expect "));
		return;
	}
	for (size_t i = 0; i < G_N_ELEMENTS(ways); i++)
		if (words[0] && strcmp(words[0], ways[i].word) == 0 && g_strv_length(words) > ways[i].words) {
			ways[i].run(words + 1);
			settle();
			return;
		}
	give_up("media %s", argument);
}

/* ---- sessions of calls ---- */

static bool
has_sent_jingle(const char *action)
{
	gsize *at = g_hash_table_lookup(flow.sessions, action);
	char *text;

	if (!at) {
		at = g_new0(gsize, 1);
		g_hash_table_insert(flow.sessions, g_strdup(action), at);
	}
	text = jingle_text_next(
		fake_server_received(flow.server), action, "http://gultsch.de/xmpp/drafts/omemo/dlts-srtp-verification", at);
	if (!text)
		return false;
	g_free(flow.jingle);
	flow.jingle = text;
	return true;
}

static void
jingle(const char *argument)
{
	const char *text = argument + strlen("says ");
	bool wanted = !g_str_has_prefix(text, "not ");

	if (!g_str_has_prefix(argument, "says ")) {
		check(has_sent_jingle, "jingle", argument);
		return;
	}
	if (!wanted)
		text += strlen("not ");
	if (!flow.jingle || !strstr(flow.jingle, text) == wanted)
		give_up("jingle %s, but\n%s", argument, flow.jingle ? flow.jingle : "nothing");
}

static void
plugins(const char *argument)
{
	g_autofree char *program = g_file_read_link("/proc/self/exe", NULL);
	g_autofree char *folder = g_path_get_dirname(program);

	keep("plugin", "folder", g_strdup_printf("%s/../../plugins", folder));
	flow.plugins = g_strsplit(argument, " ", -1);
	load_plugins();
	settle();
}

static const struct {
	const char *words;
	void (*run)(const char *argument);
} verbs[] = {
	{ "type ", type_line },
	{ "key ", type_keys },
	{ "see ", see },
	{ "screen ", screen },
	{ "rings ", rings },
	{ "size ", size },
	{ "server expect ", server_expect },
	{ "server send ", server_send },
	{ "server keep ", server_keep },
	{ "server answer ", server_answer },
	{ "server cut", server_cut },
	{ "server forget", server_forget },
	{ "login", login },
	{ "plugins ", plugins },
	{ "peer ", peer },
	{ "list ", list },
	{ "media ", media },
	{ "jingle ", jingle },
	{ "turn ", pass_time },
	{ "restart", restart },
};

static void
run_story_line(const char *text)
{
	g_autofree char *line = fill_in(text);

	for (size_t i = 0; i < G_N_ELEMENTS(verbs); i++)
		if (g_str_has_prefix(line, verbs[i].words)) {
			verbs[i].run(line + strlen(verbs[i].words));
			return;
		}
	give_up("no such line in a story: %s", line);
}

/* ---- a story ---- */

static void
begin(const char *file)
{
	g_autoptr(GError) error = NULL;

	flow.file = file;
	flow.kept = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
	flow.seen = g_ptr_array_new_with_free_func(g_free);
	flow.sealed = g_ptr_array_new_with_free_func(g_free);
	flow.sessions = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
	flow.devices = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, (GDestroyNotify)device_free);
	flow.folder = place_new();
	setenv("TERM", "xterm-256color", 1);
	take_terminal();
	if (!base_init(&error) || !files_init(flow.folder, &error))
		give_up("%s", error->message);
	flow.key = secret_new(32);
	clock_hold(START_AT);
	flow.server = fake_server_new(ME, "pencil");
	fake_server_offer(flow.server)->sm = fake_server_offer(flow.server)->resume = true;
	app_fill_tables();
	plugins_set_migrate(db_migrate);
	table_add(TABLE_EVENTS, watches, "core");
	start();
	/* The question of the first start is answered: a story's /yes and /no mean its own. */
	if (!settings_set("history.keep", "all", &error))
		give_up("%s", error->message);
	settle();
}

int
main(int argc, char **argv)
{
	g_autofree char *text = NULL;
	g_auto(GStrv) story = NULL;

	if (argc != 2 || !g_file_get_contents(argv[1], &text, NULL, NULL)) {
		fprintf(stderr, "flow STORY.flow\n");
		return 2;
	}
	begin(argv[1]);
	story = g_strsplit(text, "\n", -1);
	for (char **line = story; *line; line++) {
		flow.line = (guint)(line - story) + 1;
		if (**line && **line != '#')
			run_story_line(*line);
	}
	stop();
	fake_media_free(flow.media);
	place_remove(flow.folder);
	fprintf(flow.report, "ok %s\n", argv[1]);
	return 0;
}
