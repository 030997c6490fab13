/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Calls on the screen: what is said, where there is room, and what the call layer is asked for. The calls are made up here. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <fcntl.h>
#include <pty.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "account/account.h"
#include "call/calls.h"
#include "ui/callwords.h"
#include "ui/layout.h"
#include "ui/pour.h"
#include "ui/screen.h"
#include "ui/split.h"
#include "ui/win_call.h"

/* ---- the call ---- */

static struct call_facts facts;
static struct {
	guint width, height, rate;
} asked[2];

const struct call_facts *
call_facts(guint id)
{
	return id && id == facts.id ? &facts : NULL;
}

guint
call_current(void)
{
	return facts.state == CALL_ENDED ? 0 : facts.id;
}

guint
call_ringing(void)
{
	return facts.incoming && facts.state == CALL_RINGING ? facts.id : 0;
}

const GArray *
calls_running(void)
{
	static GArray *running;
	if (!running)
		running = g_array_new(FALSE, FALSE, sizeof(guint));
	g_array_set_size(running, 0);
	if (call_current())
		g_array_append_val(running, facts.id);
	return running;
}

void
call_picture(guint id, bool own, guint width, guint height, guint rate)
{
	(void)id;
	asked[own].width = width;
	asked[own].height = height;
	asked[own].rate = rate;
}

/* No account is loaded. */
Account *
account_default(void)
{
	return NULL;
}

static void
make_call(enum call_keys keys, enum trust trust)
{
	facts = (struct call_facts){ .id = 7,
		.account = "me@good.test",
		.peer = "bob@away.test",
		.state = CALL_ACTIVE,
		.video = true,
		.our_video = true,
		.their_video = true,
		.keys = keys,
		.trust = trust,
		.path = CALL_PATH_RELAY,
		.since = 1,
		.active_since = 1 };
}

/* ---- the screen ---- */

static FILE *terminal;
static int master; /* the other end of it */

static int
start(void **state)
{
	(void)state;
	g_setenv("LINES", "24", TRUE);
	g_setenv("COLUMNS", "80", TRUE);
	g_setenv("TERM", "screen-256color", TRUE);
	g_setenv("COLORTERM", "truecolor", TRUE);
	g_unsetenv("NO_COLOR");
	g_unsetenv("SSH_CONNECTION");
	int slave;
	struct winsize size = { .ws_row = 24, .ws_col = 80 };
	if (openpty(&master, &slave, NULL, NULL, &size) < 0)
		return -1;
	fcntl(master, F_SETFL, O_NONBLOCK);
	terminal = fdopen(slave, "w");
	if (!screen_start("xterm-256color", terminal, stdin, NULL))
		return -1;
	windows_start();
	picture_renderer = PICTURE_AUTO;
	make_call(CALL_KEYS_RATCHET, TRUST_VERIFIED);
	call_window_show(7);
	return 0;
}

static GString *captured;

/* A terminal that nobody reads takes nothing more. */
static void
drain(void)
{
	char piece[4096];
	if (!captured)
		captured = g_string_new(NULL);
	for (int patience = 0; patience < 1000;) {
		ssize_t got = read(master, piece, sizeof piece);
		if (got > 0)
			g_string_append_len(captured, piece, got);
		else if (pour_rest())
			return;
		else
			patience++;
	}
}

/* Since the last time. */
static char *
sent(void)
{
	drain();
	char *bytes = g_string_free(g_steal_pointer(&captured), FALSE);
	return bytes;
}

static int
stop(void **state)
{
	(void)state;
	picture_stop();
	call_feed_reset();
	windows_stop();
	screen_stop();
	g_free(sent());
	close(master);
	return fclose(terminal);
}

static void
draw(int rows, int cols)
{
	const struct rectangle where = { 1, 0, rows, cols };
	call_window_draw(window_current(), &where);
	screen_flush();
	picture_flushed();
	drain();
}

static bool
shows(const char *text)
{
	for (int row = 0; row < screen_rows(); row++) {
		g_autofree char *line = screen_read(row, 0, screen_cols());
		if (strstr(line, text))
			return true;
	}
	return false;
}

static bool
send_frame(bool own, guint width, guint height, guint8 grey)
{
	g_autofree guint8 *rgb = g_malloc(MAX((gsize)width * height * 3, 1));
	memset(rgb, grey, (gsize)width * height * 3);
	struct call_frame frame = { 7, own, width, height, rgb };
	g_usleep(70000);
	return picture_take(&frame);
}

/* ---- stories ---- */

static void
who_could_listen_is_said_in_words(void **state)
{
	(void)state;
	static const struct {
		enum call_keys keys;
		enum trust trust;
		const char *words;
		enum style style;
	} cases[] = {
		{ CALL_KEYS_RATCHET, TRUST_VERIFIED, "sealed with bob's verified key, ratchet + DTLS", STYLE_CALL_SEALED },
		{ CALL_KEYS_SEALED, TRUST_TRUSTED, "sealed with bob's trusted key, DTLS", STYLE_CALL_SEALED },
		{ CALL_KEYS_RATCHET, TRUST_UNDECIDED, "sealed with bob's key, which you have not compared yet, ratchet + DTLS",
			STYLE_CALL_WARNING },
		{ CALL_KEYS_SEALED, TRUST_UNTRUSTED, "sealed with a key of bob that you distrust, DTLS", STYLE_CALL_WARNING },
		{ CALL_KEYS_DTLS, TRUST_NONE, "encrypted, key not checked: anyone between could listen", STYLE_CALL_WARNING },
		/* A trust without a seal is none. */
		{ CALL_KEYS_DTLS, TRUST_VERIFIED, "encrypted, key not checked: anyone between could listen", STYLE_CALL_WARNING },
		{ CALL_KEYS_NONE, TRUST_VERIFIED, "nothing is heard or seen before both sides have keys", STYLE_CALL_DIM },
	};
	for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
		enum style style;
		make_call(cases[i].keys, cases[i].trust);
		g_autofree char *words = call_security_words(&facts, &style);
		assert_string_equal(words, cases[i].words);
		assert_int_equal(style, cases[i].style);
	}
	make_call(CALL_KEYS_RATCHET, TRUST_VERIFIED);
}

static void
meters_and_lines_are_as_wide_as_they_should(void **state)
{
	(void)state;
	static const struct {
		double level;
		const char *bar;
	} cases[] = { { -100, "····" }, { -60, "····" }, { 0, "████" }, { 20, "████" }, { -30, "██··" },
		{ -60 + 60 / 32.0, "▏···" } };
	static const guint values[] = { 0, 50, 100 };
	for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
		g_autofree char *bar = call_level_bar(cases[i].level, 4);
		assert_string_equal(bar, cases[i].bar);
	}
	g_autofree char *none = call_level_bar(0, 0), *line = call_sparkline(values, 3), *flat = call_sparkline(values, 1);
	assert_string_equal(none, "");
	assert_string_equal(line, "▁▄█");
	assert_string_equal(flat, "▁");
	g_autofree char *nan = call_level_bar(0.0 / 0.0, 4);
	assert_string_equal(nan, "····");
}

static void
the_picture_is_asked_for_in_the_size_it_is_drawn(void **state)
{
	(void)state;
	draw(21, 80);
	assert_true(shows("sealed with bob's verified key"));
	assert_true(shows("through a relay"));
	assert_true(shows("/hangup"));
	assert_true(shows("the picture comes"));
	assert_int_equal(asked[0].width, 80);
	assert_int_equal(asked[0].height, 2 * 18);
	assert_int_equal(asked[0].rate, 15);
	assert_in_range(asked[1].width, 6, 20);
	assert_int_equal(asked[1].height, 9);
	/* Not seen, it costs nothing. */
	call_not_drawn();
	assert_int_equal(asked[0].width, 0);
	assert_int_equal(asked[1].width, 0);
}

static void
a_frame_is_drawn_when_its_place_is_there(void **state)
{
	(void)state;
	draw(21, 80);
	g_free(sent());
	assert_true(send_frame(false, 80, 36, 77));
	/* ncurses must make room first. */
	g_autofree char *before = sent();
	assert_null(strstr(before, "77;77;77"));
	draw(21, 80);
	g_autofree char *after = sent();
	assert_non_null(strstr(after, "\033[?2026h\0337"));
	assert_non_null(strstr(after, "48;2;77;77;77m"));
	assert_true(g_str_has_suffix(after, "\033[m\0338\033[?25h\033[?2026l"));
	/* The same again is nothing; after a repaint it is all of it again. */
	assert_false(send_frame(false, 80, 36, 77));
	g_autofree char *same = sent();
	assert_string_equal(same, "");
	screen_repaint();
	draw(21, 80);
	g_autofree char *again = sent();
	assert_non_null(strstr(again, "48;2;77;77;77m"));
	call_not_drawn();
}

static void
strange_frames_are_left_alone(void **state)
{
	(void)state;
	draw(21, 80);
	assert_false(send_frame(false, 0, 36, 1));
	assert_false(send_frame(false, 80, 0, 1));
	assert_false(send_frame(false, 1281, 10, 1));
	assert_false(send_frame(false, 10, 721, 1));
	assert_false(picture_is_there(7));
	struct call_frame other = { 8, false, 2, 1, (const guint8 *)"abcdef" };
	assert_false(picture_take(&other));
	/* A size that was not asked for is fitted in. */
	assert_true(send_frame(false, 1280, 720, 1));
	draw(21, 80);
	assert_false(send_frame(false, 1, 1, 200));
	assert_true(send_frame(true, 3, 700, 9));
	assert_false(send_frame(false, 7, 300, 20));
	/* Pictures that nobody asked for, since the other side sends none. */
	facts.their_video = facts.our_video = false;
	draw(21, 80);
	assert_false(send_frame(false, 80, 36, 1));
	make_call(CALL_KEYS_RATCHET, TRUST_VERIFIED);
	call_not_drawn();
}

static void
what_matters_stays_where_there_is_little_room(void **state)
{
	(void)state;
	for (int rows = 0; rows < 24; rows++)
		for (int cols = 1; cols <= 80; cols += 13)
			draw(MIN(rows, 22), cols);
	facts.keys = CALL_KEYS_DTLS;
	for (int row = 0; row < 24; row++)
		screen_fill(row, 0, 80, STYLE_TEXT);
	draw(4, 20);
	assert_true(shows("bob@away.test"));
	assert_true(shows("encrypted, key not"));
	assert_true(shows("checked: anyone"));
	make_call(CALL_KEYS_RATCHET, TRUST_VERIFIED);
	call_not_drawn();
}

static void
remote_words_cannot_leave_their_place(void **state)
{
	(void)state;
	facts.state = CALL_ENDED;
	facts.peer = "bob\033[2J@away.test";
	facts.reason = "\033]0;owned\a\n\u202egone";
	g_free(sent());
	draw(10, 80);
	assert_true(shows("^[]0;owned^G"));
	g_autofree char *bytes = sent();
	assert_null(strstr(bytes, "\033]0;"));
	assert_null(strstr(bytes, "\033[2J@"));
	assert_null(strchr(bytes, '\a'));
	make_call(CALL_KEYS_RATCHET, TRUST_VERIFIED);
}

static void
what_rings_is_in_every_bar(void **state)
{
	(void)state;
	enum style style;
	facts.incoming = true;
	facts.state = CALL_RINGING;
	window_switch(window_console());
	g_autofree char *words = call_bar_words(&style);
	assert_string_equal(words, "bob calls with video: /answer or /reject");
	assert_int_equal(style, STYLE_STATUS_WARNING);
	facts.state = CALL_ACTIVE;
	call_not_drawn();
	g_autofree char *runs = call_bar_words(&style);
	assert_true(g_str_has_prefix(runs, "call with bob: active "));
	facts.state = CALL_ENDED;
	assert_null(call_bar_words(&style));
	/* The window of a call that is over goes when it is not looked at. */
	guint before = windows()->len;
	call_windows_tidy();
	assert_int_equal(windows()->len, before - 1);
	make_call(CALL_KEYS_RATCHET, TRUST_VERIFIED);
	call_window_show(7);
}

static void
blank(void)
{
	for (int row = 0; row < 24; row++)
		screen_fill(row, 0, 80, STYLE_TEXT);
}

static void
the_word_that_matters_is_not_cut_off(void **state)
{
	(void)state;
	static const struct {
		enum call_keys keys;
		enum trust trust;
		const char *word;
	} cases[] = {
		{ CALL_KEYS_RATCHET, TRUST_VERIFIED, "verified key" },
		{ CALL_KEYS_SEALED, TRUST_TRUSTED, "trusted key" },
		{ CALL_KEYS_RATCHET, TRUST_UNDECIDED, "key not compared" },
		{ CALL_KEYS_SEALED, TRUST_UNTRUSTED, "key distrusted" },
		{ CALL_KEYS_SEALED, TRUST_NONE, "key unknown" },
		{ CALL_KEYS_DTLS, TRUST_VERIFIED, "key not checked" },
	};
	for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
		make_call(cases[i].keys, cases[i].trust);
		facts.peer = "bartholomew.of.away@away.test";
		blank();
		draw(2, 24);
		assert_true(shows(cases[i].word));
		/* With one row it stands in the bar. */
		blank();
		draw(1, 70);
		assert_true(shows(cases[i].word));
	}
	make_call(CALL_KEYS_RATCHET, TRUST_VERIFIED);
	call_not_drawn();
}

static void
above_its_chat_a_call_has_its_words_and_what_can_be_done(void **state)
{
	(void)state;
	Window *chat = window_console();
	struct rectangle lines = { 1, 0, 21, 80 }, few = { 1, 0, 10, 80 }, piece;
	chat->account = g_strdup("me@good.test");
	chat->peer = g_strdup("bob@away.test");
	make_call(CALL_KEYS_RATCHET, TRUST_TRUSTED);
	facts.video = facts.our_video = facts.their_video = false;
	facts.words = "tulip ocean ladder seven";
	assert_true(call_piece(chat, &lines, &piece));
	assert_int_equal(piece.rows, 4);
	assert_int_equal(lines.rows, 17);
	blank();
	call_window_draw(chat, &piece);
	assert_true(shows("sealed with bob's trusted key"));
	assert_true(shows("tulip ocean ladder seven"));
	assert_true(shows("/hangup  /mute"));
	assert_true(shows("/call window"));
	/* With a call that is over nothing is compared. */
	facts.state = CALL_ENDED;
	blank();
	draw(21, 80);
	assert_true(shows("Alt+/ back"));
	assert_false(shows("to compare by voice"));
	facts.state = CALL_ACTIVE;
	/* The chat goes before that. */
	assert_true(call_piece(chat, &few, &piece));
	assert_int_equal(piece.rows, 2);
	g_clear_pointer(&chat->account, g_free);
	g_clear_pointer(&chat->peer, g_free);
	make_call(CALL_KEYS_RATCHET, TRUST_VERIFIED);
	call_not_drawn();
}

static void
why_there_is_no_picture_is_said(void **state)
{
	(void)state;
	blank();
	draw(21, 80);
	assert_false(shows("/set video.renderer auto"));
	picture_renderer = PICTURE_NONE;
	draw(21, 80);
	assert_true(shows("pictures are off: /set video.renderer auto"));
	facts.our_video = facts.their_video = false;
	draw(21, 80);
	assert_false(shows("pictures are off"));
	make_call(CALL_KEYS_RATCHET, TRUST_VERIFIED);
	picture_renderer = PICTURE_SIXEL;
	draw(21, 80);
	assert_true(shows("names no sixels: /set video.renderer auto"));
	assert_int_equal(asked[0].width > 0, true);
	picture_renderer = PICTURE_KITTY;
	draw(21, 80);
	assert_true(shows("names no kitty graphics: /set video.renderer auto"));
	picture_renderer = PICTURE_AUTO;
	call_not_drawn();
}

static void
the_way_back_from_a_second_call_is_where_the_first_was_made(void **state)
{
	(void)state;
	window_switch(window_console());
	call_window_show(7);
	Window *first = window_current();
	facts.id = 8;
	call_window_show(8);
	assert_ptr_not_equal(window_current(), first);
	assert_ptr_equal(window_last(), window_console());
	make_call(CALL_KEYS_RATCHET, TRUST_VERIFIED);
	call_window_show(7);
	assert_ptr_equal(window_last(), window_console());
}

static void
resize(int rows, int cols)
{
	struct winsize size = { .ws_row = rows, .ws_col = cols };
	ioctl(master, TIOCSWINSZ, &size);
	layout_resized();
	layout_now(PART_ALL);
	drain();
}

static void
a_call_and_another_chat_are_seen_at_once(void **state)
{
	(void)state;
	make_call(CALL_KEYS_RATCHET, TRUST_VERIFIED);
	call_window_show(7);
	Window *call = window_current();
	window_switch(window_console());
	layout_start();
	split_open(SPLIT_BESIDE, call);
	resize(24, 80);
	assert_true(shows(">sotto"));
	assert_true(shows(" call with bob"));
	assert_true(shows("[ratchet][verified]"));
	assert_int_equal(asked[0].width, 40);
	/* The input goes over; nothing else moves. */
	window_switch(split_other());
	layout_now(PART_ALL);
	assert_true(shows(">call with bob"));
	assert_true(shows(" sotto"));
	assert_int_equal(asked[0].width, 40);
	assert_int_equal(layout_view_cols(), 40);
	/* Too small for two: the one with the input is alone, and comes back to its place. */
	resize(5, 20);
	assert_false(shows("sotto"));
	assert_true(shows("bob"));
	assert_int_equal(layout_view_cols(), 20);
	resize(40, 120);
	assert_true(shows(">call with bob"));
	assert_int_equal(asked[0].width, 60);
	split_zoom();
	layout_now(PART_ALL);
	assert_int_equal(asked[0].width, 120);
	split_zoom();
	/* Above each other it has all of the width, and half of the rows. */
	split_open(SPLIT_ABOVE, window_console());
	layout_now(PART_ALL);
	assert_int_equal(asked[0].width, 120);
	assert_in_range(asked[0].height, 20, 2 * 18);
	/* What is closed takes the split along. */
	window_switch(window_console());
	window_close(call);
	assert_null(split_other());
	layout_now(PART_ALL);
	assert_int_equal(asked[0].width, 0);
	layout_stop();
	resize(24, 80);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(who_could_listen_is_said_in_words),
		cmocka_unit_test(meters_and_lines_are_as_wide_as_they_should),
		cmocka_unit_test(the_picture_is_asked_for_in_the_size_it_is_drawn),
		cmocka_unit_test(a_frame_is_drawn_when_its_place_is_there),
		cmocka_unit_test(strange_frames_are_left_alone),
		cmocka_unit_test(what_matters_stays_where_there_is_little_room),
		cmocka_unit_test(remote_words_cannot_leave_their_place),
		cmocka_unit_test(what_rings_is_in_every_bar),
		cmocka_unit_test(the_word_that_matters_is_not_cut_off),
		cmocka_unit_test(above_its_chat_a_call_has_its_words_and_what_can_be_done),
		cmocka_unit_test(why_there_is_no_picture_is_said),
		cmocka_unit_test(the_way_back_from_a_second_call_is_where_the_first_was_made),
		cmocka_unit_test(a_call_and_another_chat_are_seen_at_once),
	};
	return cmocka_run_group_tests(tests, start, stop);
}
