/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Domains that mix scripts, and where texts name them. */
#include "ui/address.h"

#include <idn2.h>
#include <string.h>

#define DOMAIN_MAX 253
#define WARNINGS_MAX 3

/* Scripts that one language writes together; those that are alike count as one. */
enum { LATIN = 1, HAN = 2, KANA = 4, HANGUL = 8, BOPOMOFO = 16, OTHER = 32 };
static const unsigned together[] = { LATIN | HAN | KANA, LATIN | HAN | HANGUL, LATIN | HAN | BOPOMOFO };

static unsigned
script_bit(GUnicodeScript script)
{
	switch (script) {
	case G_UNICODE_SCRIPT_LATIN:
		return LATIN;
	case G_UNICODE_SCRIPT_HAN:
		return HAN;
	case G_UNICODE_SCRIPT_HIRAGANA:
	case G_UNICODE_SCRIPT_KATAKANA:
		return KANA;
	case G_UNICODE_SCRIPT_HANGUL:
		return HANGUL;
	case G_UNICODE_SCRIPT_BOPOMOFO:
		return BOPOMOFO;
	default:
		return OTHER;
	}
}

/* The whole domain, not each label: Cyrillic letters before ".com" are how the known forgeries are made. */
bool
address_mixes_scripts(const char *domain)
{
	GUnicodeScript other = G_UNICODE_SCRIPT_COMMON;
	unsigned used = 0;

	for (const char *at = domain; *at; at = g_utf8_next_char(at)) {
		GUnicodeScript script = g_unichar_get_script(g_utf8_get_char(at));
		unsigned bit = script_bit(script);
		if (script == G_UNICODE_SCRIPT_COMMON || script == G_UNICODE_SCRIPT_INHERITED)
			continue;
		if (bit == OTHER && other != G_UNICODE_SCRIPT_COMMON && other != script)
			return true;
		if (bit == OTHER)
			other = script;
		used |= bit;
	}
	if (!(used & (used - 1)))
		return false;
	for (guint i = 0; i < G_N_ELEMENTS(together); i++)
		if (!(used & ~together[i]))
			return false;
	return true;
}

char *
address_punycode(const char *domain)
{
	char *ascii = NULL;
	char *made;

	if (g_str_is_ascii(domain) || !g_utf8_validate(domain, -1, NULL) || !address_mixes_scripts(domain))
		return NULL;
	if (idn2_to_ascii_8z(domain, &ascii, IDN2_NONTRANSITIONAL) != IDN2_OK)
		return g_strdup("no valid domain");
	made = g_strdup(ascii);
	idn2_free(ascii);
	return made;
}

static bool
is_domain_char(gunichar c)
{
	return c == '.' || c == '-' || g_unichar_isalnum(c) || g_unichar_ismark(c) || c == 0x3002;
}

/* Where a domain may begin: behind "//" or "@", or a word with a dot in it. */
static bool
begins_here(const char *text, const char *at)
{
	if (at == text)
		return true;
	return !is_domain_char(g_utf8_get_char(g_utf8_find_prev_char(text, at)));
}

static const char *
domain_end(const char *at, const char *end, bool *foreign, bool *dotted)
{
	*foreign = *dotted = false;
	for (; at < end; at = g_utf8_next_char(at)) {
		gunichar c = g_utf8_get_char(at);
		if (!is_domain_char(c))
			break;
		*foreign |= c >= 0x80;
		*dotted |= c == '.' && at + 1 < end && is_domain_char(g_utf8_get_char(at + 1));
	}
	return at;
}

static bool
is_ascii(const char *text, size_t length)
{
	guchar all = 0;
	for (size_t i = 0; i < length; i++)
		all |= (guchar)text[i];
	return all < 0x80;
}

char *
address_warning(const char *text, size_t length)
{
	const char *end = text + length;
	g_autoptr(GString) words = g_string_new(NULL);
	guint found = 0;

	/* Most texts end here. */
	if (!memchr(text, '.', length) || is_ascii(text, length))
		return NULL;
	g_utf8_validate(text, length, &end);
	for (const char *at = text; at < end && found < WARNINGS_MAX;) {
		bool foreign, dotted;
		const char *after = begins_here(text, at) ? domain_end(at, end, &foreign, &dotted) : at;
		if (after == at) {
			at = g_utf8_next_char(at);
			continue;
		}
		if (foreign && dotted && after - at <= DOMAIN_MAX) {
			/* A sentence may end with the dot. */
			g_autofree char *domain = g_strndup(at, after - at - (after[-1] == '.')), *ascii = address_punycode(domain);
			if (ascii)
				g_string_append_printf(words, "%s%s mixes scripts: it is %s", found++ ? "; " : "", domain, ascii);
		}
		at = after;
	}
	return words->len ? g_string_free(g_steal_pointer(&words), FALSE) : NULL;
}
