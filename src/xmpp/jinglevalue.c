/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Attributes of Jingle as values. */
#include "xmpp/jinglevalue.h"

#include <string.h>

#include "api/error.h"

const char *
value_attr(const Element *element, const char *name)
{
	const char *text = element_attr(element, name);
	return text ? text : "";
}

bool
value_number(const char *text, guint32 low, guint32 high, guint32 *number)
{
	guint64 value;

	if (!g_ascii_string_to_unsigned(text, 10, low, high, &value, NULL))
		return false;
	*number = (guint32)value;
	return true;
}

bool
value_number_attr(const Element *element, const char *name, guint32 low, guint32 high, guint32 *number, GError **error)
{
	const char *text = element_attr(element, name);

	if (!text || value_number(text, low, high, number))
		return true;
	return fault(error, FAULT_PEER, "%s of <%s/> is no number from %u to %u", name, element_name(element), low, high);
}

bool
value_plain(const char *text, size_t max)
{
	if (!*text || strlen(text) > max)
		return false;
	for (; *text; text = g_utf8_next_char(text)) {
		if (g_unichar_iscntrl(g_utf8_get_char(text)))
			return false;
	}
	return true;
}

static bool
all(const char *text, size_t low, size_t high, bool (*is)(char c))
{
	size_t length = strlen(text);

	for (const char *p = text; *p; p++) {
		if (!is(*p))
			return false;
	}
	return length >= low && length <= high;
}

static bool
is_visible(char c)
{
	return g_ascii_isgraph(c);
}

static bool
is_ice(char c)
{
	return g_ascii_isalnum(c) || c == '+' || c == '/';
}

bool
value_ascii(const char *text, size_t max)
{
	return all(text, 1, max, is_visible);
}

bool
value_ice(const char *text, size_t low, size_t high)
{
	return all(text, low, high, is_ice);
}
