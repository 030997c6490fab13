/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Notices through the terminal: the bell, and OSC 9 that terminals show on the desktop, also over ssh. */
#include <string.h>

#include "api/timer.h"
#include "ui/front.h"
#include "ui/glyph.h"
#include "ui/screen.h"

#define NOTICE_US G_USEC_PER_SEC /* a flood rings once a second */
#define NOTICE_COLS 80

static gint64 last = -NOTICE_US;

static bool
shows_notices(void)
{
	/* Multiplexers and the console take the sequence for text or drop it. */
	static const char *const without[] = { "screen", "tmux", "linux", "vt" };
	const char *term = g_getenv("TERM");
	for (guint i = 0; i < G_N_ELEMENTS(without); i++)
		if (!term || g_str_has_prefix(term, without[i]))
			return false;
	return true;
}

/* Only what draws as itself: the sequence goes past the screen. */
static void
append_safe(GString *out, const char *text)
{
	const char *end = text + strlen(text);
	int width = 0;
	while (text < end && width < NOTICE_COLS) {
		struct glyph glyph;
		glyph_next(&glyph, text, end);
		if (glyph.space || glyph.ends_line || glyph.odd)
			g_string_append_c(out, glyph.odd ? '?' : ' ');
		else
			for (guint i = 0; i < glyph.count; i++)
				g_string_append_unichar(out, glyph.chars[i]);
		width += glyph.width + 1;
		text += glyph.bytes;
	}
}

static void
send(const char *words, const char *remote)
{
	int how = front_options.notify;
	if (how == NOTIFY_AUTO)
		how = shows_notices() && !front_has_focus() ? NOTIFY_BOTH : NOTIFY_BELL;
	if (how == NOTIFY_BELL || how == NOTIFY_BOTH)
		screen_send("\a");
	if (how != NOTIFY_OSC9 && how != NOTIFY_BOTH)
		return;
	g_autoptr(GString) sequence = g_string_new("\033]9;sotto: ");
	g_string_append(sequence, words);
	append_safe(sequence, remote);
	g_string_append(sequence, "\033\\");
	screen_send(sequence->str);
}

static bool
too_soon(void)
{
	gint64 now = clock_monotonic();
	if (front_options.notify == NOTIFY_OFF || now - last < NOTICE_US)
		return true;
	last = now;
	return false;
}

void
notice_message(const Message *message, const char *name, bool seen)
{
	if (seen || message->direction != MESSAGE_IN || message->origin == MESSAGE_ARCHIVE || message->notice || too_soon())
		return;
	/* A notice may be kept by the desktop: what came sealed is told only to who asked for it. */
	bool tell = message->body &&
		    (front_options.notify_text == NOTIFY_ALL || (front_options.notify_text == NOTIFY_MESSAGE && !message->seal));
	if (tell) {
		g_autofree char *text = g_strdup_printf("%s: %s", name, message->body);
		send("", text);
	} else if (front_options.notify_text == NOTIFY_NOTHING) {
		send("a message", "");
	} else {
		send("message from ", name);
	}
}

/* Not held back by what was told a moment ago: it rings once and must be heard. */
void
notice_call(const char *words, const char *name)
{
	if (front_options.notify == NOTIFY_OFF)
		return;
	last = clock_monotonic();
	send(words, front_options.notify_text == NOTIFY_NOTHING ? "" : name);
}

void
notice_alert(void)
{
	/* Twice in a row is loud enough; a flood of them is not louder. */
	static guint in_a_row;
	in_a_row = too_soon() ? in_a_row + 1 : 0;
	if (in_a_row < 2 && front_options.notify != NOTIFY_OFF)
		send("an alert", "");
}
