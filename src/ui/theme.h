/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Themes: what each kind of text looks like, read from small files. */
#pragma once

#include "api/error.h"

enum style {
	STYLE_TEXT,
	STYLE_TIME,
	STYLE_MARGIN,
	STYLE_NICK, /* colour by the address */
	STYLE_OWN_NICK,
	STYLE_ODD, /* placeholders of what must not be drawn */
	STYLE_EVENT,
	STYLE_ERROR,
	STYLE_ALERT,
	STYLE_ASK,
	STYLE_OUTPUT,
	STYLE_DAY,
	STYLE_READ_LINE,
	STYLE_PENDING,
	STYLE_SEALED, /* sealed and trusted or verified */
	STYLE_DOUBT,  /* sealed, but by an undecided or untrusted device */
	STYLE_PLAIN,  /* readable on the way */
	STYLE_TITLE,
	STYLE_TITLE_DIM,
	STYLE_TITLE_SEALED,
	STYLE_TITLE_WARNING,
	STYLE_STATUS,
	STYLE_STATUS_DIM,
	STYLE_STATUS_WARNING,
	STYLE_ACTIVITY,
	STYLE_ACTIVITY_MESSAGE,
	STYLE_ACTIVITY_ALERT,
	STYLE_PROMPT,
	STYLE_INPUT,
	STYLE_PANEL,
	STYLE_PANEL_GROUP,
	STYLE_PANEL_ONLINE,
	STYLE_PANEL_OFFLINE,
	STYLE_PANEL_UNREAD,
	STYLE_CALL, /* the bar of a call */
	STYLE_CALL_DIM,
	STYLE_CALL_SEALED,  /* nobody between can listen, as far as you have checked */
	STYLE_CALL_WARNING, /* somebody could */
	STYLE_CALL_LEVEL,   /* meters */
	STYLES,
};

enum theme_attribute {
	ATTRIBUTE_BOLD = 1,
	ATTRIBUTE_DIM = 2,
	ATTRIBUTE_REVERSE = 4,
	ATTRIBUTE_UNDERLINE = 8,
	ATTRIBUTE_ITALIC = 16
};

#define COLOUR_DEFAULT (-1)
struct look {
	gint16 fg, bg; /* of the 256 colours, COLOUR_DEFAULT: the terminal's own */
	guint8 attributes;
};

struct theme {
	struct look looks[STYLES];
	int nick_lightness; /* 0..100 of HSLuv; 0: nicks without colours of their own */
};

void theme_default(struct theme *theme);
/* Reads the rows of a theme over what theme already holds; the first bad line is told, the rest counts. */
bool theme_parse(struct theme *theme, const char *text, GError **error);
/* By name from the user's folder, then from those of the program. */
bool theme_read(struct theme *theme, const char *name, GError **error);
GPtrArray *theme_names(void); /* of char *, sorted */
/* The nearest of the first `colours` (8, 16, 256) to one of the 256. */
int theme_colour_in(int colour, int colours);

/* XEP-0392: the hue of an address, the same in every client; and the nearest of the 256 (or 16, 8) colours; -1 for none. */
double nick_angle(const char *text);
int nick_colour(const char *text, int lightness, int colours);
