/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One option row: its variable, read from text and written as text. */
#include "conf/options.h"

#include <string.h>

static const char *const on[] = { "on", "yes", "true", "1", NULL }, *const off[] = { "off", "no", "false", "0", NULL };

static int
word_index(const char *const *words, const char *text)
{
	for (int i = 0; words[i]; i++)
		if (g_ascii_strcasecmp(words[i], text) == 0)
			return i;
	return -1;
}

static bool
parse_bool(const struct option *row, const char *text, int *value, GError **error)
{
	*value = word_index(on, text) >= 0;
	if (*value || word_index(off, text) >= 0)
		return true;
	return fault(error, FAULT_INPUT, "%s is on or off, not \"%s\"", row->name, text);
}

static bool
parse_int(const struct option *row, const char *text, int *value, GError **error)
{
	gint64 number;

	if (!g_ascii_string_to_signed(text, 10, row->min, row->max, &number, NULL))
		return fault(error, FAULT_INPUT, "%s is a number from %d to %d, not \"%s\"", row->name, row->min, row->max, text);
	*value = (int)number;
	return true;
}

static bool
parse_choice(const struct option *row, const char *text, int *value, GError **error)
{
	g_autofree char *list = NULL;

	*value = word_index(row->choices, text);
	if (*value >= 0)
		return true;
	list = g_strjoinv(", ", (char **)row->choices);
	return fault(error, FAULT_INPUT, "%s is one of %s, not \"%s\"", row->name, list, text);
}

static bool (*const parsers[])(const struct option *row, const char *text, int *value, GError **error) = {
	[OPTION_BOOL] = parse_bool,
	[OPTION_INT] = parse_int,
	[OPTION_CHOICE] = parse_choice,
	[OPTION_TEXT] = NULL,
};

bool
option_set(const struct option *row, const char *text, GError **error)
{
	int value;

	if (row->type == OPTION_TEXT) {
		char **variable = row->value;

		if (!g_utf8_validate(text, -1, NULL))
			return fault(error, FAULT_INPUT, "%s must be valid UTF-8 text", row->name);
		if (*variable != text) {
			g_free(*variable);
			*variable = g_strdup(text);
		}
		return true;
	}
	if (!parsers[row->type](row, text, &value, error))
		return false;
	if (row->type == OPTION_BOOL)
		*(bool *)row->value = value;
	else
		*(int *)row->value = value;
	return true;
}

char *
option_text(const struct option *row)
{
	switch (row->type) {
	case OPTION_BOOL:
		return g_strdup(*(bool *)row->value ? "on" : "off");
	case OPTION_INT:
		return g_strdup_printf("%d", *(int *)row->value);
	case OPTION_CHOICE:
		return g_strdup(row->choices[*(int *)row->value]);
	case OPTION_TEXT:
		break;
	}
	return g_strdup(*(char **)row->value ? *(char **)row->value : "");
}

bool
option_fits(const struct option *row, const char *text)
{
	int value;

	return row->type == OPTION_TEXT ? g_utf8_validate(text, -1, NULL) : parsers[row->type](row, text, &value, NULL);
}

bool
option_says(const struct option *row, const char *text)
{
	int value;

	if (row->type == OPTION_TEXT)
		return g_strcmp0(*(char **)row->value, text) == 0;
	if (!parsers[row->type](row, text, &value, NULL))
		return false;
	return value == (row->type == OPTION_BOOL ? *(bool *)row->value : *(int *)row->value);
}

char *
option_range(const struct option *row)
{
	switch (row->type) {
	case OPTION_BOOL:
		return g_strdup("on | off");
	case OPTION_INT:
		return g_strdup_printf("%d to %d", row->min, row->max);
	case OPTION_CHOICE:
		return g_strjoinv(" | ", (char **)row->choices);
	case OPTION_TEXT:
		break;
	}
	return g_strdup("text");
}
