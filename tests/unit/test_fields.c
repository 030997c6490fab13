/* SPDX-License-Identifier: GPL-3.0-or-later */
/* G01 G03 G05 G09 B01: each field whose words others choose, in every form of hostile text, stays in its place. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <string.h>
#include <unistd.h>

#include "account/account.h"
#include "api/store.h"
#include "base/base.h"
#include "base/clock.h"
#include "base/files.h"
#include "chat/chat.h"
#include "chat/message.h"
#include "conf/conf.h"
#include "fake/grid.h"
#include "fake/place.h"
#include "store/db.h"
#include "store/store.h"
#include "ui/front.h"
#include "ui/layout.h"
#include "ui/line.h"
#include "xmpp/xmpp.h"

enum { TOP = 3, LEFT = 9, ROWS = 12, COLS = 60 }; /* where a field is drawn on a screen of 24 times 80 */

static FILE *terminal;
static long looked_at;
static char *place;
static Account *account;

/* ---- hostile texts ---- */

static struct {
	const char *name, *unit;
	guint times;
	char *text;
} evils[] = {
	{ "escapes", "\033[31mred\033]0;owned\a\033]52;c;ZXZpbA==\a\033Pq#0\033\\\033_G\033\\\033[6n\033[2J\033[H", 1, NULL },
	{ "controls", "\x01\x07\x08\x0b\x0c\x0e\x0f\x1b\x1f\x7f", 3, NULL },
	{ "C1",
		"\xc2\x9b"
		"31m\xc2\x9d"
		"0;t\xc2\x9c\xc2\x90q\xc2\x85\xc2\x84\xc2\x8d",
		2, NULL },
	{ "directions", "\u202eexe.gpj\u2066a\u2067b\u2068c\u200fd\u061ce\u202d", 2, NULL },
	{ "lines", "hello\r\n12:01  boss ◆ │ send money\n\n│ \u2028x\u2029y\n", 2, NULL },
	{ "Hebrew lines", "שלום 12:01\nבוס │ 5\n", 3, NULL },
	{ "a word", "w", 5000, NULL },
	{ "wide letters", "日", 5000, NULL },
	{ "wide and narrow", "a日", 300, NULL },
	{ "marks", "e\u0301\u0302\u0303\u0304\u0305\u0306\u0307\u0308\u0309\u030a\u030b\u030c\u030d\u030e\u030f\u0310", 200, NULL },
	{ "marks alone", "\u0301", 5000, NULL },
	{ "vowels upside down", "\u0e49", 3000, NULL },
	{ "hidden", "\u200b\u200c\u200d\u2060\ufeff\u00ad\U000e0041\ufe0f\u034f\u3164", 20, NULL },
	{ "selectors", "a\ufe00\ufe01\U000e0100\U000e0101", 100, NULL },
	{ "no UTF-8", "\xff\xfe\xc3(\xf0\x9f\x80 \xed\xa0\x80\xc0\x9b", 5, NULL },
	{ "tabs", "\t\tx", 100, NULL },
	{ "families", "\U0001f469\u200d\U0001f469\u200d\U0001f467", 50, NULL },
	{ "our signs", "│ ◆ ✓ ! [OMEMO][verified] -!-", 5, NULL },
	{ "nothing", "", 1, NULL },
};

/* ---- what is drawn ---- */

static void
draw_texts(enum line_kind kind, bool plain, const char *text)
{
	g_autoptr(View) view = view_new(NULL);
	view_add_text(view, kind, text, plain);
	view_draw(view, TOP, LEFT, ROWS, COLS);
}

static void
draw_message(Message *message)
{
	g_autoptr(View) view = view_new(NULL);
	message->sent_at = G_GINT64_CONSTANT(1795536000000000);
	view_add_message(view, message);
	view_draw(view, TOP, LEFT, ROWS, COLS);
	message_unref(message);
}

static Message *
message_with(enum message_direction direction, const char *peer, const char *body)
{
	Message *message = message_new("alice@a.test", peer, direction);
	message->from = g_strdup(direction == MESSAGE_IN ? peer : "alice@a.test");
	message->body = g_strdup(body);
	return message;
}

static void
draw_body_in(const char *text)
{
	draw_message(message_with(MESSAGE_IN, "bob@b.test", text));
}

static void
draw_body_out(const char *text)
{
	draw_message(message_with(MESSAGE_OUT, "bob@b.test", text));
}

static void
draw_action(const char *text)
{
	g_autofree char *body = g_strconcat("/me ", text, NULL);
	draw_message(message_with(MESSAGE_IN, "bob@b.test", body));
}

static void
draw_peer(const char *text)
{
	draw_message(message_with(MESSAGE_IN, text, "hello"));
}

static void
draw_nick(const char *text)
{
	Message *message = message_with(MESSAGE_IN, "room@b.test", "hello");
	g_free(message->from);
	message->from = g_strconcat("room@b.test/", text, NULL);
	message->kind = MESSAGE_GROUPCHAT;
	draw_message(message);
}

static void
draw_failed(const char *text)
{
	Message *message = message_with(MESSAGE_OUT, "bob@b.test", "hello");
	message->state = MESSAGE_FAILED;
	message->reason = g_strdup(text);
	draw_message(message);
}

static void
draw_unopened(const char *text)
{
	Message *message = message_with(MESSAGE_IN, "bob@b.test", NULL);
	message->reason = g_strdup(text);
	draw_message(message);
}

static void
draw_notice(const char *text)
{
	Message *message = message_with(MESSAGE_IN, "bob@b.test", text);
	message->notice = true;
	draw_message(message);
}

static void
draw_alert(const char *text)
{
	draw_texts(LINE_ALERT, false, text);
}

static void
draw_ask(const char *text)
{
	draw_texts(LINE_ASK, false, text);
}

static void
draw_event(const char *text)
{
	draw_texts(LINE_EVENT, false, text);
}

static void
draw_error(const char *text)
{
	draw_texts(LINE_ERROR, false, text);
}

static void
draw_wire(const char *text)
{
	draw_texts(LINE_WIRE_IN, false, text);
}

/* Names of plugins, certificates and contacts in answers to commands. */
static void
draw_answer(const char *text)
{
	g_autofree char *row = g_strconcat("  issuer  ", text, NULL);
	draw_texts(LINE_OUTPUT, false, row);
}

static void
draw_picture(const char *text)
{
	draw_texts(LINE_EVENT, true, text);
}

static void
draw_rule(const char *text)
{
	line_draw_rule(TOP, LEFT, COLS, STYLE_TEXT, text);
}

static void
draw_title(const char *text)
{
	Window window = { .number = 2, .peer = (char *)text, .account = (char *)"alice@a.test" };
	title_draw(TOP, LEFT, COLS, &window);
}

/* Its status and its presence come beside it. */
static void
draw_title_of_contact(const char *text)
{
	g_autofree char *jid = NULL;
	for (guint i = 0; i < G_N_ELEMENTS(evils); i++)
		if (evils[i].text == text)
			jid = g_strdup_printf("contact%u@b.test", i);
	Conversation *conv = convo_get(account, jid);
	Window window = { .number = 2, .conv = conv, .peer = jid, .account = (char *)"alice@a.test" };
	title_draw(TOP, LEFT, COLS, &window);
	status_draw(TOP + 1, LEFT, COLS, &window);
}

/* All names and groups at once. */
static void
draw_panel(const char *text)
{
	(void)text;
	for (int i = 0; i < 4; i++) {
		panel_draw(TOP, LEFT, ROWS, 24);
		panel_scroll(ROWS);
	}
	panel_scroll(-1000);
}

static void
draw_osc9(const char *text)
{
	g_autoptr(Message) message = message_with(MESSAGE_IN, "bob@b.test", text);
	front_options.notify_text = NOTIFY_ALL;
	clock_turn(1100);
	notice_message(message, "bob", false);
	front_options.notify_text = NOTIFY_NAME;
	clock_turn(1100);
	notice_message(message, text, false);
}

static const struct field {
	const char *name;
	void (*draw)(const char *text);
	bool has_margin; /* its rows never begin where those of others do */
	bool is_sequence;
} fields[] = {
	{ .name = "body in", .draw = draw_body_in, .has_margin = true },
	{ .name = "body out", .draw = draw_body_out, .has_margin = true },
	{ .name = "action", .draw = draw_action, .has_margin = true },
	{ .name = "peer", .draw = draw_peer, .has_margin = true },
	{ .name = "nick", .draw = draw_nick, .has_margin = true },
	{ .name = "reason of a failure", .draw = draw_failed, .has_margin = true },
	{ .name = "reason why it is not opened", .draw = draw_unopened, .has_margin = true },
	{ .name = "notice in a chat", .draw = draw_notice, .has_margin = true },
	{ .name = "alert", .draw = draw_alert, .has_margin = true },
	{ .name = "question", .draw = draw_ask, .has_margin = true },
	{ .name = "event", .draw = draw_event, .has_margin = true },
	{ .name = "error", .draw = draw_error, .has_margin = true },
	{ .name = "picture", .draw = draw_picture, .has_margin = true },
	{ .name = "wire", .draw = draw_wire },
	{ .name = "answer", .draw = draw_answer },
	{ .name = "rule", .draw = draw_rule },
	{ .name = "title", .draw = draw_title },
	{ .name = "title of a contact", .draw = draw_title_of_contact },
	{ .name = "panel", .draw = draw_panel },
	{ .name = "notice of the desktop", .draw = draw_osc9, .is_sequence = true },
};

/* ---- the eye ---- */

static void
fill_with_dots(void)
{
	for (int row = 0; row < screen_rows(); row++) {
		g_autofree char *dots = g_strnfill(screen_cols(), '.');
		screen_line(row, 0, screen_cols(), STYLE_TEXT, dots, -1);
	}
}

static bool
is_dots(int row, int col, int width)
{
	g_autofree char *is = screen_read(row, col, width);
	return strlen(is) == (size_t)width && strspn(is, ".") == (size_t)width;
}

static void
nothing_is_outside(const char *field, const char *evil)
{
	for (int row = 0; row < screen_rows(); row++) {
		bool inside = row >= TOP && row < TOP + ROWS;
		if (!is_dots(row, 0, inside ? LEFT : screen_cols()) ||
			(inside && !is_dots(row, LEFT + COLS, screen_cols() - LEFT - COLS)))
			fail_msg("%s: %s: row %d is drawn outside", field, evil, row);
	}
}

/* The margin of a message in a window of this width. */
static int
margin_column(void)
{
	draw_body_in("x");
	for (int col = 0; col < COLS; col++) {
		g_autofree char *cell = screen_read(TOP + ROWS - 1, LEFT + col, 1);
		if (!strcmp(cell, "│"))
			return LEFT + col;
	}
	fail_msg("there is no margin");
	return -1;
}

static void
each_row_has_the_margin(int margin, const char *field, const char *evil)
{
	for (int row = TOP; row < TOP + ROWS; row++) {
		g_autofree char *all = screen_read(row, LEFT, COLS), *cell = screen_read(row, margin, 1);
		if (*g_strstrip(all) && strcmp(cell, "│"))
			fail_msg("%s: %s: row %d has no margin: %s", field, evil, row, all);
	}
}

/* What ncurses says, what we say ourselves, and nothing else. */
static const char *
after_sequence(const char *at)
{
	if (g_str_has_prefix(at, "\033]9;sotto: ")) {
		at += strcspn(at + 1, "\033\a") + 1;
		return g_str_has_prefix(at, "\033\\") ? at + 2 : NULL;
	}
	if (at[1] == '[') {
		at += 2;
		at += strspn(at, "0123456789;?");
		return g_ascii_isalpha(*at) && *at != 'n' && *at != 'c' && *at != 't' ? at + 1 : NULL;
	}
	if (at[1] == '(')
		return at[2] == 'B' || at[2] == '0' ? at + 3 : NULL;
	return at[1] && strchr("=>78M", at[1]) ? at + 2 : NULL;
}

static bool
turns_or_hides(gunichar c)
{
	return (c >= 0x7f && c < 0xa0) || c == 0x61c || (c >= 0x200b && c <= 0x200f) || (c >= 0x2028 && c <= 0x202e) ||
	       (c >= 0x2060 && c <= 0x206f) || c == 0xfeff || c == 0xad || (c >= 0xe0000 && c <= 0xe0fff);
}

static char *
what_was_sent(void)
{
	screen_flush();
	fflush(terminal);
	long end = lseek(fileno(terminal), 0, SEEK_END), length = end - looked_at;
	char *sent = g_malloc0(length + 1);
	assert_int_equal(pread(fileno(terminal), sent, length, looked_at), length);
	assert_null(memchr(sent, '\0', length));
	looked_at = end;
	return sent;
}

static void
it_is_harmless(const char *sent, const char *field, const char *evil)
{
	guint marks = 0;
	if (!g_utf8_validate(sent, -1, NULL))
		fail_msg("%s: %s: it is no UTF-8", field, evil);
	for (const char *at = sent; *at;) {
		gunichar c = g_utf8_get_char(at);
		marks = g_unichar_ismark(c) ? marks + 1 : 0;
		if (marks > 4)
			fail_msg("%s: %s: a tower of marks", field, evil);
		if (c == '\033') {
			const char *next = after_sequence(at);
			if (!next)
				fail_msg("%s: %s: a sequence at %.20s", field, evil, at + 1);
			at = next;
			continue;
		}
		if ((c < 0x20 && !strchr("\b\t\n\r", (int)c)) || turns_or_hides(c))
			fail_msg("%s: %s: U+%04X is sent", field, evil, c);
		at = g_utf8_next_char(at);
	}
}

static void
nothing_leaves_its_place(void **state)
{
	int margin;
	(void)state;
	fill_with_dots();
	margin = margin_column();
	for (guint i = 0; i < G_N_ELEMENTS(fields); i++)
		for (guint j = 0; j < G_N_ELEMENTS(evils); j++) {
			const struct field *field = &fields[i];
			g_autofree char *sent = NULL;
			fill_with_dots();
			g_free(what_was_sent());
			field->draw(evils[j].text);
			nothing_is_outside(field->name, evils[j].name);
			if (field->has_margin)
				each_row_has_the_margin(margin, field->name, evils[j].name);
			sent = what_was_sent();
			if (field->is_sequence)
				assert_non_null(strstr(sent, "\033]9;sotto: "));
			it_is_harmless(sent, field->name, evils[j].name);
		}
}

/* ---- around it ---- */

static bool
keep_contacts(void)
{
	for (guint i = 0; i < G_N_ELEMENTS(evils); i++) {
		g_autofree char *jid = g_strdup_printf("contact%u@b.test", i), *text = g_utf8_make_valid(evils[i].text, -1);
		if (!store_run(NULL,
			    "INSERT INTO account_contact (account, jid, name, groups, subscription, pending_out)"
			    " VALUES ('alice@a.test', ?, ?, ?, 3, 0)",
			    "sss", jid, text, text))
			return false;
	}
	return true;
}

static void
make_texts(void)
{
	for (guint i = 0; i < G_N_ELEMENTS(evils); i++) {
		GString *text = g_string_new(NULL);
		for (guint n = 0; n < evils[i].times; n++)
			g_string_append(text, evils[i].unit);
		evils[i].text = g_string_free(text, FALSE);
	}
}

static int
start(void **state)
{
	g_autoptr(Secret) key = NULL;
	g_autofree char *path = NULL;
	(void)state;
	make_texts();
	place = place_new();
	if (!base_init(NULL) || !files_init(place, NULL))
		return -1;
	conf_init();
	store_init();
	xmpp_init();
	account_init();
	chat_init();
	key = secret_random(32);
	path = files_path(FOLDER_DATA, "sotto.db", NULL);
	if (!db_open(path, key, NULL) || !keep_contacts() || !accounts_load(NULL))
		return -1;
	account = account_add("alice@a.test", NULL);
	clock_hold(G_GINT64_CONSTANT(1795536000000000));
	windows_start();
	front_options.notify = NOTIFY_OSC9;
	terminal = grid_start();
	return account && terminal ? 0 : -1;
}

static int
stop(void **state)
{
	(void)state;
	windows_stop();
	panel_stop();
	convos_unload();
	accounts_unload();
	db_close();
	place_remove(place);
	for (guint i = 0; i < G_N_ELEMENTS(evils); i++)
		g_free(evils[i].text);
	return grid_stop(terminal);
}

int
main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(nothing_leaves_its_place) };
	return cmocka_run_group_tests(tests, start, stop);
}
