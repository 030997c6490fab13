/* SPDX-License-Identifier: GPL-3.0-or-later */
/* From what arrived to the message in it: wrappers are taken off, and their senders checked, here only. */
#pragma once

#include "api/chat.h"

/* The innermost message and what the wrappers around it are worth. */
typedef struct Letter {
	const Element *message;
	enum message_origin origin;
	enum message_direction direction;
	char *from;            /* full */
	char *sender, *peer;   /* bare */
	const char *stanza_id; /* of our own archive, NULL if there is none to rely on */
	gint64 sent_at;        /* 0: nobody says, so it is now */
} Letter;

/* False when it is forged or makes no sense: it is not to be looked at further. */
bool letter_peel(Stream *stream, const Element *stanza, enum message_origin origin, Letter *letter);
void letter_clear(Letter *letter);

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Letter, letter_clear)
