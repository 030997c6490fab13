/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Text and identifiers. */
#include "base/text.h"

#include <string.h>
#include <time.h>

#include "api/secret.h"

char *
text_random_id(void)
{
	static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
	enum { LETTERS = sizeof letters - 1, LENGTH = 24 };
	char *id = g_malloc(LENGTH + 1);
	guint8 bytes[64];
	int have = 0;

	while (have < LENGTH) {
		random_bytes(bytes, sizeof bytes);
		/* Bytes above the last whole multiple would make the first letters likelier. */
		for (size_t i = 0; i < sizeof bytes && have < LENGTH; i++)
			if (bytes[i] < 256 / LETTERS * LETTERS)
				id[have++] = letters[bytes[i] % LETTERS];
	}
	id[LENGTH] = '\0';
	return id;
}

char *
text_make_valid(const char *bytes, gssize length)
{
	if (!bytes)
		return g_strdup("");
	return g_utf8_make_valid(bytes, length);
}

char *
text_cut(const char *text, size_t max)
{
	static const char dots[] = "…";
	size_t length = strlen(text), keep;

	if (length <= max)
		return g_strdup(text);
	if (max < sizeof dots - 1)
		return g_strdup("");
	keep = max - (sizeof dots - 1);
	while (keep > 0 && ((guchar)text[keep] & 0xc0) == 0x80)
		keep--;
	return g_strdup_printf("%.*s%s", (int)keep, text, dots);
}

bool
text_turns(gunichar c)
{
	return c < 0x20 || (c >= 0x7f && c < 0xa0) || c == 0x61c || (c >= 0x200b && c <= 0x200f) || (c >= 0x2028 && c <= 0x202e) ||
	       (c >= 0x2060 && c <= 0x206f) || c == 0xfeff || (c >= 0xe0000 && c <= 0xe007f);
}

char *
text_time(gint64 us, bool with_ms)
{
	gint64 seconds = us / G_USEC_PER_SEC, rest = us % G_USEC_PER_SEC;
	struct tm tm;
	time_t t;

	if (rest < 0) {
		rest += G_USEC_PER_SEC;
		seconds--;
	}
	t = (time_t)seconds;
	if (!gmtime_r(&t, &tm))
		return g_strdup("1970-01-01T00:00:00Z");
	if (with_ms)
		return g_strdup_printf("%04d-%02d-%02dT%02d:%02d:%02d.%03dZ", tm.tm_year + 1900, tm.tm_mon + 1, tm.tm_mday,
			tm.tm_hour, tm.tm_min, tm.tm_sec, (int)(rest / 1000));
	return g_strdup_printf(
		"%04d-%02d-%02dT%02d:%02d:%02dZ", tm.tm_year + 1900, tm.tm_mon + 1, tm.tm_mday, tm.tm_hour, tm.tm_min, tm.tm_sec);
}

/* Exactly this many digits; moves on behind them. -1 when they are not there. */
static int
digits(const char **at, int count)
{
	int value = 0;

	for (int i = 0; i < count; i++, (*at)++) {
		if (!g_ascii_isdigit(**at))
			return -1;
		value = value * 10 + (**at - '0');
	}
	return value;
}

static bool
skip(const char **at, char c)
{
	if (**at != c)
		return false;
	(*at)++;
	return true;
}

/* Up to microseconds; further digits are read and dropped. */
static gint64
fraction(const char **at)
{
	gint64 us = 0, unit = 100000;

	for (; g_ascii_isdigit(**at); (*at)++, unit /= 10)
		us += (**at - '0') * unit;
	return us;
}

/* "Z" or "+hh:mm", in seconds. */
static bool
zone(const char **at, int *offset)
{
	int sign, hours, minutes;

	*offset = 0;
	if (skip(at, 'Z'))
		return true;
	sign = **at == '-' ? -1 : 1;
	if (!skip(at, '+') && !skip(at, '-'))
		return false;
	hours = digits(at, 2);
	if (hours < 0 || hours > 23 || !skip(at, ':'))
		return false;
	minutes = digits(at, 2);
	if (minutes < 0 || minutes > 59)
		return false;
	*offset = sign * (hours * 3600 + minutes * 60);
	return true;
}

gint64
text_time_parse(const char *text)
{
	static const int days[] = { 31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
	const char *at = text;
	struct tm tm = { 0 };
	gint64 us = 0;
	int offset;

	if (!text)
		return 0;
	tm.tm_year = digits(&at, 4) - 1900;
	if (!skip(&at, '-'))
		return 0;
	tm.tm_mon = digits(&at, 2) - 1;
	if (!skip(&at, '-'))
		return 0;
	tm.tm_mday = digits(&at, 2);
	if (!skip(&at, 'T'))
		return 0;
	tm.tm_hour = digits(&at, 2);
	if (!skip(&at, ':'))
		return 0;
	tm.tm_min = digits(&at, 2);
	if (!skip(&at, ':'))
		return 0;
	tm.tm_sec = digits(&at, 2);
	if (skip(&at, '.'))
		us = fraction(&at);
	if (!zone(&at, &offset) || *at)
		return 0;
	if (tm.tm_year < 70 || tm.tm_mon < 0 || tm.tm_mon > 11 || tm.tm_mday < 1 || tm.tm_mday > days[tm.tm_mon])
		return 0;
	if (tm.tm_hour < 0 || tm.tm_hour > 23 || tm.tm_min < 0 || tm.tm_min > 59 || tm.tm_sec < 0 || tm.tm_sec > 60)
		return 0;
	return ((gint64)timegm(&tm) - offset) * G_USEC_PER_SEC + us;
}

char *
text_hex(const void *bytes, size_t length)
{
	static const char digit[] = "0123456789abcdef";
	const guint8 *at = bytes;
	char *hex = g_malloc(length * 2 + 1);

	for (size_t i = 0; i < length; i++) {
		hex[2 * i] = digit[at[i] >> 4];
		hex[2 * i + 1] = digit[at[i] & 15];
	}
	hex[2 * length] = '\0';
	return hex;
}

static int
base64_value(char c)
{
	if (c >= 'A' && c <= 'Z')
		return c - 'A';
	if (c >= 'a' && c <= 'z')
		return c - 'a' + 26;
	if (c >= '0' && c <= '9')
		return c - '0' + 52;
	return c == '+' ? 62 : c == '/' ? 63 : -1;
}

guint8 *
text_base64(const char *text, size_t max, size_t *length)
{
	size_t in = text ? strlen(text) : 0, padding = 0, out;
	g_autofree guint8 *bytes = NULL;

	if (!text)
		return NULL;
	while (padding < 2 && padding < in && text[in - 1 - padding] == '=')
		padding++;
	if (in % 4 != 0)
		return NULL;
	out = in / 4 * 3 - padding;
	if (out > max)
		return NULL;
	bytes = g_malloc(in / 4 * 3 + 1);
	for (size_t i = 0; i < in; i += 4) {
		guint32 group = 0;

		for (size_t k = 0; k < 4; k++) {
			bool filler = i + k >= in - padding;
			int value = filler ? 0 : base64_value(text[i + k]);

			if (value < 0)
				return NULL;
			group = group << 6 | (guint32)value;
		}
		/* Bits that carry nothing must be zero: one value has one text. */
		if (i + 4 == in && (group & ((1u << (padding * 8)) - 1)) != 0)
			return NULL;
		bytes[i / 4 * 3] = (guint8)(group >> 16);
		bytes[i / 4 * 3 + 1] = (guint8)(group >> 8);
		bytes[i / 4 * 3 + 2] = (guint8)group;
	}
	bytes[out] = '\0';
	*length = out;
	return g_steal_pointer(&bytes);
}

char *
text_local_time(gint64 us)
{
	g_autoptr(GDateTime) local = g_date_time_new_from_unix_local(us / G_USEC_PER_SEC);

	return local ? g_date_time_format(local, "%Y-%m-%d %H:%M") : g_strdup("-");
}
