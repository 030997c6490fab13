/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Why a session ends. */
#include "xmpp/jinglereason.h"

#include "api/text.h"
#include "xmpp/jingle.h"

enum { TEXT_MAX = 1024 };

static const char *const words[] = {
	"alternative-session",
	"busy",
	"cancel",
	"connectivity-error",
	"decline",
	"expired",
	"failed-application",
	"failed-transport",
	"general-error",
	"gone",
	"incompatible-parameters",
	"media-error",
	"security-error",
	"success",
	"timeout",
	"unsupported-applications",
	"unsupported-transports",
};

const char *
jinglereason_word(const Element *reason)
{
	for (const Element *child = element_first(reason); child; child = element_next(child)) {
		for (guint i = 0; i < G_N_ELEMENTS(words); i++) {
			if (element_is(child, words[i], JINGLE_NS))
				return words[i];
		}
	}
	return "general-error";
}

void
jinglereason_read(const Element *reason, char **word, char **text)
{
	const char *said = element_child_text(reason, "text", JINGLE_NS);

	g_free(*word);
	g_free(*text);
	*word = g_strdup(jinglereason_word(reason));
	*text = said && *said ? text_cut(said, TEXT_MAX) : NULL;
}

Node *
jinglereason_write(const char *word, const char *text)
{
	Node *reason = node_new("reason", JINGLE_NS);

	node_add(reason, word, JINGLE_NS);
	if (text)
		node_add_text(reason, "text", JINGLE_NS, text);
	return reason;
}
