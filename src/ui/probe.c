/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A picture of one pixel that is not shown, the size of a cell, and the question that every terminal answers, which therefore
 * ends the others. */
#include "ui/probe.h"

#include <string.h>
#include <sys/ioctl.h>

#include "ui/screen.h"
#include "ui/term.h"

#define QUESTIONS "\033_Gi=31,s=1,v=1,a=q,t=d,f=24;AAAA\033\\\033[16t\033[c"
#define CELL_MAX 100

static struct {
	bool asked, kitty, sixel;
	guint cell_width, cell_height;
	void (*known)(void);
} probe;

bool
probe_is_far(void)
{
	return g_getenv("SSH_CONNECTION") != NULL;
}

/* Some would print the question, and multiplexers answer for themselves. */
static bool
may_be_asked(void)
{
	static const char *const without[] = { "screen", "tmux", "linux", "vt", "dumb" };
	const char *term = g_getenv("TERM");
	for (guint i = 0; i < G_N_ELEMENTS(without); i++)
		if (!term || g_str_has_prefix(term, without[i]))
			return false;
	return true;
}

void
probe_ask(void (*known)(void))
{
	probe.known = known;
	if (probe.asked || !may_be_asked())
		return;
	probe.asked = true;
	term_expect_answers(true);
	screen_send(QUESTIONS);
}

static bool
has_number(const char *list, const char *number)
{
	g_auto(GStrv) numbers = g_strsplit(list, ";", 64);
	return g_strv_contains((const char *const *)numbers, number);
}

void
probe_answer(const char *text)
{
	guint height, width;
	char end;
	if (!probe.asked)
		return;
	if (g_str_has_prefix(text, "Gi=31;")) {
		probe.kitty = !strcmp(text, "Gi=31;OK");
	} else if (sscanf(text, "6;%3u;%3u%c", &height, &width, &end) == 3 && end == 't') {
		if (width && height && width <= CELL_MAX && height <= CELL_MAX) {
			probe.cell_width = width;
			probe.cell_height = height;
		}
	} else if (*text == '?' && g_str_has_suffix(text, "c")) {
		g_autofree char *numbers = g_strndup(text + 1, strlen(text) - 2);
		probe.sixel = has_number(numbers, "4");
		term_expect_answers(false);
		if (probe.known)
			probe.known();
	}
}

void
probe_reset(void)
{
	memset(&probe, 0, sizeof probe);
}

bool
probe_kitty(void)
{
	return probe.kitty;
}

bool
probe_sixel(void)
{
	return probe.sixel;
}

bool
probe_cell(guint *width, guint *height)
{
	struct winsize size;
	if (screen_fd() >= 0 && !ioctl(screen_fd(), TIOCGWINSZ, &size) && size.ws_xpixel && size.ws_ypixel && size.ws_col &&
		size.ws_row) {
		*width = CLAMP(size.ws_xpixel / size.ws_col, 1, CELL_MAX);
		*height = CLAMP(size.ws_ypixel / size.ws_row, 1, CELL_MAX);
		return true;
	}
	*width = probe.cell_width;
	*height = probe.cell_height;
	return probe.cell_width && probe.cell_height;
}
