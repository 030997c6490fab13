/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The kinds of frames: their types, how long they may be, who may say them, and what a body must keep beyond its type. */
#include "base/medialink-private.h"

enum {
	KEY = 32,    /* bytes of a context, a secret, a fingerprint */
	SIDE = 4096, /* longest side of a picture */
};

#define BOTH .to_media = true, .from_media = true
#define DOWN .to_media = true
#define UP .from_media = true

const struct media_kind_row media_kinds[MEDIA_KINDS] = {
	[MEDIA_NONE] = { "none", "()", 0 },
	[MEDIA_HELLO] = { "hello", "(us)", 64, BOTH },
	[MEDIA_CANDIDATE] = { "candidate", MEDIA_CANDIDATE_TYPE, 512, BOTH },
	[MEDIA_START] = { "start", MEDIA_START_TYPE, 64 * 1024, DOWN, .secret = true },
	[MEDIA_REMOTE] = { "remote", MEDIA_REMOTE_TYPE, 8 * 1024, DOWN, .secret = true },
	[MEDIA_KEYS] = { "keys", "(bayayay)", 256, DOWN, .secret = true },
	[MEDIA_CONSENT] = { "consent", "()", 1, DOWN },
	[MEDIA_SET] = { "set", "(ss)", 1024, DOWN, .secret = true }, /* digits of DTMF may be a PIN */
	[MEDIA_PICTURE] = { "picture", "(suuu)", 64, DOWN },
	[MEDIA_RESTART] = { "restart", "()", 1, DOWN },
	[MEDIA_ADD] = { "add", "(ss)", 256, DOWN },
	[MEDIA_REMOVE] = { "remove", "(s)", 256, DOWN },
	[MEDIA_ASK] = { "ask", "(s)", 64, DOWN },
	[MEDIA_LOCAL] = { "local", MEDIA_LOCAL_TYPE, 1024, UP, .secret = true },
	[MEDIA_GATHERED] = { "gathered", "(s)", 256, UP },
	[MEDIA_STATE] = { "state", "(sss)", 512, UP },
	[MEDIA_FAILED] = { "failed", "(ss)", 1024, UP },
	[MEDIA_STATS] = { "stats", MEDIA_STATS_TYPE, 128, UP },
	[MEDIA_FRAME] = { "frame", "(suuay)", 4 * 1024 * 1024, UP },
	[MEDIA_DEVICES] = { "devices", "a(sssb)", 64 * 1024, UP },
	[MEDIA_REPORT] = { "report", "(sbs)", 2048, UP },
};

static bool
is_key(GVariant *body, gsize child, gsize length)
{
	g_autoptr(GVariant) bytes = g_variant_get_child_value(body, child);

	return g_variant_get_size(bytes) == length;
}

static bool
are_keys(GVariant *body)
{
	gboolean mixed;
	gsize length;

	g_variant_get_child(body, 0, "b", &mixed);
	length = mixed ? KEY : 0;
	return is_key(body, 1, length) && is_key(body, 2, length) && is_key(body, 3, length);
}

static bool
is_remote(GVariant *body)
{
	g_autoptr(GVariant) contents = g_variant_get_child_value(body, 1);

	for (gsize i = 0; i < g_variant_n_children(contents); i++) {
		g_autoptr(GVariant) content = g_variant_get_child_value(contents, i);

		if (!is_key(content, 3, KEY))
			return false;
	}
	return true;
}

static bool
is_picture(GVariant *body)
{
	g_autoptr(GVariant) bytes = g_variant_get_child_value(body, 3);
	guint width, height;
	const char *whose;

	g_variant_get_child(body, 0, "&s", &whose);
	g_variant_get_child(body, 1, "u", &width);
	g_variant_get_child(body, 2, "u", &height);
	return (g_str_equal(whose, "remote") || g_str_equal(whose, "own")) && width && height && width <= SIDE && height <= SIDE &&
	       g_variant_get_size(bytes) == (gsize)width * height * 3;
}

bool
medialink_is_sound(enum media_kind kind, GVariant *body)
{
	if (kind == MEDIA_FRAME) /* GLib would walk its bytes one by one, 20 ns each: its fields say enough */
		return is_picture(body);
	if (!g_variant_is_normal_form(body))
		return false;
	if (kind == MEDIA_KEYS)
		return are_keys(body);
	if (kind == MEDIA_REMOTE)
		return is_remote(body);
	return kind != MEDIA_LOCAL || is_key(body, 4, KEY);
}

bool
medialink_may(bool to_media, enum media_kind kind)
{
	return to_media ? media_kinds[kind].to_media : media_kinds[kind].from_media;
}

/* The bytes of a body are little-endian on the wire. */
GVariant *
medialink_swapped(GVariant *body)
{
	return G_BYTE_ORDER == G_BIG_ENDIAN ? g_variant_byteswap(body) : g_variant_ref(body);
}
