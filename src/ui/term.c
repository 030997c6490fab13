/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The terminal: its modes, its signals and the bytes that come from it. */
#include "ui/term.h"

#include <errno.h>
#include <glib-unix.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include "ui/bidi.h"
#include "ui/picture.h"
#include "ui/pour.h"
#include "ui/probe.h"
#include "ui/screen.h"

/* Bracketed paste and reports of focus; what a terminal does not know it ignores. */
#define MODES_ON "\033[?2004h\033[?1004h"
#define MODES_OFF "\033[8h\033[?1004l\033[?2004l"
/* Who could put right-to-left text in order (BDSM, ECMA-48 mode 8) is told that it comes in order. */
#define BIDI_OURS "\033[8l"
#define BIDI_THEIRS "\033[8h"
#define INPUT_CHUNK 16384
/* A terminal that goes away says so by a signal too, which ends the program in order. */
#define LOST_MS 200

static struct term_calls calls;
static Decoder *decoder;
enum { INPUT, RESIZE, HANGUP, TERMINATE, LOST, SOURCES };
static guint sources[SOURCES];
static bool feeding, stopped, hung_up;
static struct termios shell_modes;
static bool hushed, stays_hushed;

static bool
knows_modes(void)
{
	const char *term = g_getenv("TERM");
	return term && !g_str_has_prefix(term, "vt") && !g_str_has_prefix(term, "linux");
}

void
term_bidi(void)
{
	if (knows_modes())
		screen_send(bidi_is_on ? BIDI_OURS : BIDI_THEIRS);
}

static void
modes_on(void)
{
	if (!knows_modes())
		return;
	screen_send(MODES_ON);
	term_bidi();
}

static void
on_key(const char *name, const char *text, gpointer data)
{
	if (stopped)
		return;
	if (!strcmp(name, "Answer")) {
		if (!strcmp(text, "0n"))
			pour_answer();
		else
			probe_answer(text);
	} else if (!strcmp(name, "FocusIn") || !strcmp(name, "FocusOut"))
		calls.focus(name[5] == 'I');
	else
		calls.key(name, text, data);
}

static gboolean
on_lost(gpointer data)
{
	(void)data;
	sources[LOST] = 0;
	calls.lost();
	return G_SOURCE_REMOVE;
}

static gboolean
on_input(gint fd, GIOCondition condition, gpointer data)
{
	static char bytes[INPUT_CHUNK];
	(void)data;
	/* The descriptor stays blocking, since the shell shares it: one read per wake-up does not wait. */
	ssize_t got = read(fd, bytes, sizeof bytes);
	if (got > 0) {
		feeding = true;
		decoder_feed(decoder, bytes, got);
		feeding = false;
		/* A key may have ended it all, or given the terminal away. */
		if (stopped)
			g_clear_pointer(&decoder, decoder_free);
		return stopped || g_source_is_destroyed(g_main_current_source()) ? G_SOURCE_REMOVE : G_SOURCE_CONTINUE;
	}
	if (got < 0 && (errno == EAGAIN || errno == EINTR) && !(condition & G_IO_HUP))
		return G_SOURCE_CONTINUE;
	sources[INPUT] = 0;
	calls.hangup();
	if (!hung_up)
		sources[LOST] = g_timeout_add(LOST_MS, on_lost, NULL);
	return G_SOURCE_REMOVE;
}

static gboolean
on_resize(gpointer data)
{
	(void)data;
	calls.resized();
	return G_SOURCE_CONTINUE;
}

static gboolean
on_hangup(gpointer data)
{
	(void)data;
	g_clear_handle_id(&sources[LOST], g_source_remove);
	hung_up = true;
	calls.hangup();
	return G_SOURCE_CONTINUE;
}

/* What ncurses goes back to by itself is hushed: then nothing is shown between this screen and the next one after /lock. */
static void
give_back_modes(void)
{
	if (hushed)
		tcsetattr(STDIN_FILENO, TCSANOW, &shell_modes);
}

static void
hush(struct termios modes)
{
	/* Ctrl+C now would end us without giving the modes back. */
	modes.c_lflag &= ~(tcflag_t)(ECHO | ECHONL | ICANON | ISIG);
	/* And Enter is Enter, as later. */
	modes.c_iflag &= ~(tcflag_t)(ICRNL | INLCR | IGNCR);
	tcsetattr(STDIN_FILENO, TCSANOW, &modes);
}

void
term_hush(void)
{
	struct termios now;
	if (!isatty(STDOUT_FILENO) || tcgetattr(STDIN_FILENO, &now) != 0)
		return;
	if (!hushed) {
		shell_modes = now;
		/* After /lock they are hushed already, by who we were before. */
		shell_modes.c_lflag |= ECHO | ICANON | ISIG;
		shell_modes.c_iflag |= ICRNL;
		atexit(give_back_modes);
	}
	hush(now);
	hushed = true;
}

void
term_stay_hushed(void)
{
	stays_hushed = hushed;
}

void
term_forget_typed(void)
{
	tcflush(STDIN_FILENO, TCIFLUSH);
	if (feeding || !decoder)
		return;
	decoder_free(decoder);
	decoder = decoder_new(on_key, NULL);
}

static void
listen_to_keys(void)
{
	sources[INPUT] = g_unix_fd_add_full(G_PRIORITY_HIGH, STDIN_FILENO, G_IO_IN | G_IO_HUP | G_IO_ERR, on_input, NULL, NULL);
}

bool
term_start(const struct term_calls *wanted, GError **error)
{
	calls = *wanted;
	if (!isatty(STDIN_FILENO) || !isatty(STDOUT_FILENO))
		return fault(error, FAULT_INPUT, "input and output are no terminal - scripts use sotto --headless");
	/* Before ncurses, which leaves a signal alone that has a handler. */
	sources[RESIZE] = g_unix_signal_add(SIGWINCH, on_resize, NULL);
	sources[HANGUP] = g_unix_signal_add(SIGHUP, on_hangup, NULL);
	sources[TERMINATE] = g_unix_signal_add(SIGTERM, on_hangup, NULL);
	if (!screen_start(NULL, stdout, stdin, error)) {
		term_stop();
		return false;
	}
	/* ncurses would stop the program inside its own handler and take the modes for those of the shell. */
	signal(SIGTSTP, SIG_DFL);
	g_clear_pointer(&decoder, decoder_free);
	decoder = decoder_new(on_key, NULL);
	stopped = false;
	listen_to_keys();
	screen_flush();
	modes_on();
	return true;
}

void
term_stop(void)
{
	for (guint i = 0; i < G_N_ELEMENTS(sources); i++)
		g_clear_handle_id(&sources[i], g_source_remove);
	if (!decoder || stopped)
		return;
	stopped = true;
	if (!feeding)
		g_clear_pointer(&decoder, decoder_free);
	picture_stop();
	probe_reset();
	if (knows_modes())
		screen_send(MODES_OFF);
	screen_stop();
	if (!stays_hushed)
		give_back_modes();
}

void
term_give_away(void)
{
	g_clear_handle_id(&sources[INPUT], g_source_remove);
	picture_stop();
	if (knows_modes())
		screen_send(MODES_OFF);
	screen_suspend();
	give_back_modes();
}

void
term_take_back(void)
{
	screen_resume();
	modes_on();
	listen_to_keys();
}

void
term_suspend(void)
{
	term_give_away();
	/* Like the terminal's own Ctrl+Z, all of the job: a make or a script that started us would wait for ever otherwise. */
	kill(0, SIGTSTP);
	/* The shell has let us go on. */
	term_take_back();
	calls.resized();
}

void
term_expect_answers(bool expect)
{
	if (decoder)
		decoder_expect_answers(decoder, expect);
}

bool
term_writable(void)
{
	if (!pour_rest())
		return false;
	struct pollfd fd = { .fd = STDOUT_FILENO, .events = POLLOUT };
	return poll(&fd, 1, 0) > 0 && !(fd.revents & POLLERR);
}
