/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Fingerprints for eyes and ears: hex blocks as other clients print them, words, and a picture for a camera. */
#include "verify.h"

#include <qrencode.h>
#include <string.h>

enum {
	PIECE = 8,   /* digits of a block, and the longest word */
	BESIDE = 26, /* columns: less room beside the picture, and the text goes below it */
	QUIET = 2,   /* modules around the picture */
	LARGEST = 6, /* version: 41 modules */
	ROWS = 42,   /* that 24 lines have room for, beside title, status and input */
};

static char *
blocks(const char *hex, guint a_line)
{
	GString *text = g_string_new(NULL);

	for (size_t i = 0; hex[i]; i++) {
		if (i && i % 8 == 0)
			g_string_append_c(text, a_line && i / 8 % a_line == 0 ? '\n' : ' ');
		g_string_append_c(text, hex[i]);
	}
	return g_string_free(text, FALSE);
}

char *
show_blocks(const char *hex)
{
	return blocks(hex, 0);
}

char *
show_blocks_in(const char *hex, int columns)
{
	guint fit = columns < 2 * PIECE + 1 ? 1 : columns < 4 * (PIECE + 1) - 1 ? 2 : columns < 8 * (PIECE + 1) - 1 ? 4 : 8;

	return blocks(hex, fit);
}

/* In rows that end where the next word would not fit. */
static void
append_filled(GString *text, const char *word, int columns, int *used)
{
	int length = (int)strlen(word);

	if (*used && *used + 1 + length > columns) {
		g_string_append_c(text, '\n');
		*used = 0;
	}
	if (*used)
		g_string_append_c(text, ' ');
	g_string_append(text, word);
	*used += length + (*used > 0);
}

char *
show_words_in(const char *hex, int columns)
{
	g_autoptr(GString) text = g_string_new(NULL);
	/* The same words begin the rows on both sides where four or more fit. */
	int a_row = (columns + 1) / (PIECE + 1), used = 0;

	a_row = a_row >= 8 ? 8 : a_row >= 4 ? 4 : 0;
	for (size_t i = 0; hex[i] && hex[i + 1]; i += 2) {
		int high = g_ascii_xdigit_value(hex[i]), low = g_ascii_xdigit_value(hex[i + 1]);

		if (high < 0 || low < 0)
			return NULL;
		if (a_row && i && i / 2 % (size_t)a_row == 0)
			used = columns;
		append_filled(text, text_word((guint8)(high << 4 | low)), columns, &used);
	}
	return g_string_free(g_steal_pointer(&text), FALSE);
}

char *
show_words(const char *hex)
{
	return show_words_in(hex, 8 * (PIECE + 1));
}

/* Text of ours in rows of that width; a word that is wider is broken, never cut. */
static void
append_wrapped(GString *text, const char *sentence, int columns)
{
	g_auto(GStrv) list = g_strsplit(sentence, " ", -1);
	int used = 0;

	for (guint i = 0; list[i]; i++) {
		const char *word = list[i];

		for (; g_utf8_strlen(word, -1) > columns; word = g_utf8_offset_to_pointer(word, columns)) {
			g_autofree char *piece = g_utf8_substring(word, 0, columns);

			append_filled(text, piece, columns, &used);
			used = columns;
		}
		append_filled(text, word, columns, &used);
	}
	g_string_append_c(text, '\n');
}

/* Whose it is, its blocks, its words and what to do, in so many columns. */
static char *
side_of(const struct picture_side *side, int columns)
{
	g_autofree char *hex = show_blocks_in(side->identity->fingerprint, columns);
	g_autofree char *spoken = show_words_in(side->identity->fingerprint, columns);
	g_autofree char *device = g_strdup_printf("device %u %s", side->identity->device, side->is);
	GString *text = g_string_new(NULL);

	append_wrapped(text, side->jid, columns);
	append_wrapped(text, device, columns);
	g_string_append_printf(text, "%s\n%s", hex, spoken ? spoken : "");
	if (side->hint) {
		g_string_append_c(text, '\n');
		append_wrapped(text, side->hint, columns);
		g_string_truncate(text, text->len - 1);
	}
	return g_string_free(text, FALSE);
}

char *
show_with_picture(const char *picture, const struct picture_side *side, int columns)
{
	const char *end = strchr(picture, '\n');
	int wide = (int)g_utf8_strlen(picture, end ? end - picture : -1), room = columns - wide - 2;
	g_autofree char *all = side_of(side, room >= BESIDE ? room : columns);
	g_auto(GStrv) left = g_strsplit(picture, "\n", -1), right = g_strsplit(all, "\n", -1);
	guint rows = g_strv_length(left), lines = g_strv_length(right);
	GString *text = g_string_new(NULL);

	if (room < BESIDE) {
		g_string_append_printf(text, "%s\n%s", picture, all);
		return g_string_free(text, FALSE);
	}
	for (guint i = 0; i < MAX(rows, lines); i++) {
		g_string_append(text, i ? "\n" : "");
		if (i < rows)
			g_string_append(text, left[i]);
		else
			g_string_append_printf(text, "%*s", wide, "");
		if (i < lines)
			g_string_append_printf(text, "  %s", right[i]);
	}
	return g_string_free(text, FALSE);
}

char *
show_uri(const char *jid, const Identity *identity)
{
	const struct e2ee_provider *provider = e2ee_provider();
	g_autofree char *address = NULL;

	if (!provider || !provider->uri_key)
		return NULL;
	/* RFC 5122: what a JID may hold and a URI may not. */
	address = g_uri_escape_string(jid, "@/!$&'()*+,;=:", FALSE);
	return g_strdup_printf("xmpp:%s?%s%u=%s", address, provider->uri_key, identity->device, identity->fingerprint);
}

static bool
is_dark(const QRcode *code, int x, int y)
{
	return x >= 0 && y >= 0 && x < code->width && y < code->width && (code->data[y * code->width + x] & 1);
}

/* Light modules are drawn, dark ones left to the (dark) background, as most terminals have it. */
static char *
draw(const QRcode *code)
{
	static const char *const blocks[] = { "\xe2\x96\x88", "\xe2\x96\x80", "\xe2\x96\x84", " " };
	GString *text = g_string_new(NULL);
	int above = MIN(QUIET, ROWS - code->width), below = CLAMP(ROWS - code->width - above, 0, QUIET);

	for (int y = -above; y < code->width + below; y += 2) {
		for (int x = -QUIET; x < code->width + QUIET; x++) {
			bool lower = y + 1 < code->width + below ? is_dark(code, x, y + 1) : true;

			g_string_append(text, blocks[is_dark(code, x, y) * 2 + lower]);
		}
		g_string_append_c(text, '\n');
	}
	g_string_truncate(text, text->len - 1);
	return g_string_free(text, FALSE);
}

char *
show_picture(const char *uri)
{
	QRcode *code = QRcode_encodeString(uri, 0, QR_ECLEVEL_L, QR_MODE_8, 1);
	char *text = NULL;

	if (code && code->version <= LARGEST)
		text = draw(code);
	QRcode_free(code);
	return text;
}
