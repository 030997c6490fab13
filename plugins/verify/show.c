/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Fingerprints for eyes and ears: hex blocks as other clients print them, words, and a picture for a camera. */
#include "verify.h"

#include <qrencode.h>
#include <string.h>

enum {
	WORDS_A_LINE = 8,
	WORDS_BESIDE = 3, /* lines beside the picture have 31 columns of 80 */
	BLOCKS_BESIDE = 2,
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

static char *
words(const char *hex, guint a_line)
{
	g_autoptr(GString) text = g_string_new(NULL);

	for (size_t i = 0; hex[i] && hex[i + 1]; i += 2) {
		int high = g_ascii_xdigit_value(hex[i]), low = g_ascii_xdigit_value(hex[i + 1]);
		size_t n = i / 2;

		if (high < 0 || low < 0)
			return NULL;
		if (n)
			g_string_append_c(text, n % a_line == 0 ? '\n' : ' ');
		g_string_append(text, verify_words[high << 4 | low]);
	}
	return g_string_free(g_steal_pointer(&text), FALSE);
}

char *
show_words(const char *hex)
{
	return words(hex, WORDS_A_LINE);
}

char *
show_beside(const char *picture, const char *jid, const Identity *identity)
{
	g_autofree char *hex = blocks(identity->fingerprint, BLOCKS_BESIDE), *spoken = words(identity->fingerprint, WORDS_BESIDE);
	g_autofree char *all = g_strdup_printf("%s\ndevice %u\n\n%s\n\n%s", jid, identity->device, hex, spoken ? spoken : "");
	g_auto(GStrv) left = g_strsplit(picture, "\n", -1), right = g_strsplit(all, "\n", -1);
	GString *text = g_string_new(NULL);

	for (guint i = 0; left[i]; i++)
		g_string_append_printf(text, "%s%s%s%s", i ? "\n" : "", left[i], i < g_strv_length(right) && *right[i] ? "  " : "",
			i < g_strv_length(right) ? right[i] : "");
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
