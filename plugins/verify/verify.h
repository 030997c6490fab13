/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the files of the plugin tell each other. */
#pragma once

#include "plugin.h"

/* ---- show.c: a fingerprint for eyes and ears ---- */

char *show_blocks(const char *hex); /* eight groups of eight */
char *show_words(const char *hex);  /* one word a byte, four lines; NULL if it is no hex */
/* The same in rows of so many columns. */
char *show_blocks_in(const char *hex, int columns);
char *show_words_in(const char *hex, int columns);
/* What stands beside a picture. */
struct picture_side {
	const char *jid, *is; /* whose device, and what it is: "verified" */
	const Identity *identity;
	const char *hint; /* what to do now; may be NULL */
};
/* With the text at the right of the picture, on one screen; below it where there is no room. Nothing is ever cut. */
char *show_with_picture(const char *picture, const struct picture_side *side, int columns);
char *show_picture(const char *uri);                       /* QR code in half blocks, NULL if it does not fit */
char *show_uri(const char *jid, const Identity *identity); /* NULL without a provider that has a key for it */

/* ---- link.c: the way back ---- */

struct link_key {
	guint32 device;
	char fingerprint[65];
};
/* Keys of an "xmpp:JID?KEYdevice=hex;..." link: of struct link_key, and whose they are. */
GArray *link_parse(const char *text, char **jid, GError **error);

/* ---- shown.c: keys on the screen ---- */

/* Of "device fingerprint" that this peer's were shown as; anew: none were. NULL: nothing was shown yet. */
GHashTable *shown_of(const char *account, const char *peer, bool anew);
char *shown_key(const Identity *identity);
bool was_shown(GHashTable *keys, const Identity *identity);
void shown_forget(void);
void show_key(Reply *reply, const Identity *identity);
guint show_keys(Reply *reply, const char *account, const char *jid, const GPtrArray *list, GHashTable *keys);
void show_codes(Reply *reply, const char *jid, const GPtrArray *list, guint32 device, const char *hint);
bool show(const struct cmd_call *call, const char *peer, GError **error); /* both sides */

/* ---- decide.c ---- */

struct decision {
	Reply *reply;
	Account *account;
	const char *peer;
	enum trust trust;
	guint32 device; /* 0: all that were shown */
};
/* Without a device all that were shown are meant, never one that appeared after that. */
bool decide(const struct decision *made, GError **error);
bool take_link(const struct cmd_call *call, const char *text, GError **error);
void decide_stop(void);

/* ---- talks.c: words of calls ---- */

struct talk {
	char *account, *peer;
	char *words; /* NULL: not yet */
	char *key;   /* hex */
	guint32 device;
};
extern const struct event_watch talks_watches[];
const struct talk *talk_with(const char *account, const char *peer); /* peer NULL: anybody; NULL if there is none */
/* What a decision that names no device is about: this one, or 0 when its key was shown, and then no other was. */
guint32 talk_meant(const struct talk *talk);
void talk_show(Reply *reply, const struct talk *talk);
void talks_forget(void);
