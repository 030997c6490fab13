/* SPDX-License-Identifier: GPL-3.0-or-later */
/* How fast the admission parser is: megabytes and stanzas a second. */
#include "xmpp/parser.h"

#include <stdio.h>
#include <string.h>

int
main(void)
{
	static const char header[] = "<stream:stream xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams'>";
	static const char message[] =
		"<message from='bob@example.org/phone' to='alice@example.org' type='chat' id='3f0a9c'><body>See you at the station "
		"at "
		"seven &amp; bring the map, please.</body><origin-id xmlns='urn:xmpp:sid:0' id='3f0a9c'/><request "
		"xmlns='urn:xmpp:receipts'/><markable xmlns='urn:xmpp:chat-markers:0'/><active "
		"xmlns='http://jabber.org/protocol/chatstates'/></message>";
	g_autoptr(GString) piece = g_string_new(NULL);
	Parser *parser = parser_new(NULL, NULL);
	const char *condition;
	guint64 bytes = 0, stanzas = 0;
	gint64 start;

	parser_trust(parser, true);
	parser_feed(parser, header, sizeof header - 1, &condition, NULL);
	while (piece->len < 16384)
		g_string_append(piece, message);
	start = g_get_monotonic_time();
	while (bytes < 200 * 1000 * 1000) {
		Stanza *stanza;
		const char *why;
		parser_feed(parser, piece->str, piece->len, &condition, NULL);
		while (parser_take(parser, &stanza, &why) != PARSER_NOTHING) {
			stanza_unref(stanza);
			stanzas++;
		}
		bytes += piece->len;
	}
	double seconds = (double)(g_get_monotonic_time() - start) / 1e6;
	printf("parser: %.0f MB/s, %.0f stanzas/s\n", (double)bytes / 1e6 / seconds, (double)stanzas / seconds);
	parser_free(parser);
	return 0;
}
