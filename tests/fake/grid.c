/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "fake/grid.h"

#include "ui/screen.h"

FILE *
grid_start(void)
{
	FILE *terminal = tmpfile();

	g_setenv("LINES", "24", TRUE);
	g_setenv("COLUMNS", "80", TRUE);
	g_setenv("TERM", "xterm-256color", TRUE);
	return terminal && screen_start("xterm-256color", terminal, stdin, NULL) ? terminal : NULL;
}

int
grid_stop(FILE *terminal)
{
	screen_stop();
	return fclose(terminal);
}
