/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Between a Message and a <message/>: which elements travel, readable or sealed, and what is found in what arrives. */
#pragma once

#include "api/message.h"

/* The final stanza. With sealed (taken) the text of the message is not in it, only the provider's fallback; what else is
 * visible is an allow-list. The only function in the program that writes <body>. */
char *msgcodec_encode(const Message *message, Node *sealed, const struct e2ee_provider *provider);

/* What a received <message/> says; all borrowed from it. */
struct decoded {
	const char *id, *type;
	const char *body, *origin_id, *replaces;
	const char *receipt;   /* id that it acknowledges */
	const char *displayed; /* id that it marks */
	const char *chat_state;
	const Element *sealed;
	const struct e2ee_provider *provider; /* of sealed; NULL: nobody here can open it */
	const char *sealed_name, *sealed_ns;  /* what it claims to be sealed with */
	const Element *error;
	bool wants_receipt, wants_marker;
};
void msgcodec_decode(const Element *message, struct decoded *decoded);
/* The archive id that this entity gave it; NULL when there is none or more than one claims to be. */
const char *msgcodec_stanza_id(const Element *message, const char *by);
