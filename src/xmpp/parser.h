/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The admission parser: from hostile bytes to immutable trees, linear in the bytes. What a correct server may forward but we do not
 * want is skipped in constant memory; what no correct server sends ends the stream. */
#pragma once

#include "api/error.h"
#include "api/stanza.h"

typedef struct Parser Parser;

enum parser_item {
	PARSER_NOTHING, /* all that was fed is taken */
	PARSER_OPEN,    /* the stream header; the root bears its attributes */
	PARSER_STANZA,
	PARSER_SKIPPED, /* counts as a stanza for XEP-0198; attributes of the root are kept, why says the reason */
	PARSER_CLOSE,   /* </stream:stream> */
};

/* Asked when an iq result begins: may it be as large as a roster? True only for answers to our own questions to our own server. */
typedef bool (*parser_large)(gpointer data, const char *from, const char *id);

Parser *parser_new(parser_large large, gpointer data);
void parser_free(Parser *parser); /* NULL is fine */
/* A new document follows (RFC 6120 §4.3.3). What was fed and not yet taken is thrown away. */
void parser_restart(Parser *parser);
/* The small limits hold until the server is known. */
void parser_trust(Parser *parser, bool logged_in);

/* False ends the stream: *condition is the stream error of RFC 6120 §4.9.3 to send. Items before the fault can still be taken. */
bool parser_feed(Parser *parser, const char *bytes, size_t length, const char **condition, GError **error);
/* The next item; stanza is the caller's (NULL for CLOSE), why is static text. */
enum parser_item parser_take(Parser *parser, Stanza **stanza, const char **why);
bool parser_has_items(const Parser *parser);
/* Nothing is left: all items taken, no byte behind the last one. */
bool parser_is_clean(const Parser *parser);
/* Is something begun and not finished (a stanza, a token)? */
bool parser_unfinished(const Parser *parser);
