/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Theme files of any content: no crash, and looks that a terminal has. */
#include <stdint.h>
#include <string.h>

#include "ui/theme.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct theme theme;
	g_autofree char *text = g_strndup((const char *)data, size);
	theme_default(&theme);
	theme_parse(&theme, text, NULL);
	for (guint i = 0; i < STYLES; i++)
		if (theme.looks[i].fg < COLOUR_DEFAULT || theme.looks[i].fg > 255 || theme.looks[i].bg < COLOUR_DEFAULT ||
			theme.looks[i].bg > 255)
			abort();
	if (theme.nick_lightness < 0 || theme.nick_lightness > 100)
		abort();
	int colour = nick_colour(text, theme.nick_lightness, 256);
	if (colour < COLOUR_DEFAULT || colour > 255)
		abort();
	return 0;
}
