/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the files of the plugin tell each other. */
#pragma once

#include "plugin.h"

/* ---- words.c ---- */

extern const char *const verify_words[256];

/* ---- show.c: a fingerprint for eyes and ears ---- */

char *show_blocks(const char *hex); /* eight groups of eight */
/* The picture with the fingerprint and the words at its right, so that they stand on one screen. */
char *show_beside(const char *picture, const char *jid, const Identity *identity);
char *show_words(const char *hex);                         /* one word a byte, four lines; NULL if it is no hex */
char *show_picture(const char *uri);                       /* QR code in half blocks, NULL if it does not fit */
char *show_uri(const char *jid, const Identity *identity); /* NULL without a provider that has a key for it */

/* ---- link.c: the way back ---- */

struct link_key {
	guint32 device;
	char fingerprint[65];
};
/* Keys of an "xmpp:JID?KEYdevice=hex;..." link: of struct link_key, and whose they are. */
GArray *link_parse(const char *text, char **jid, GError **error);
