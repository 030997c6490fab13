/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The admission parser: whatever the bytes and however they are cut, the same items come out, and a tree that was admitted can be
 * written and read again. The first byte says how they are cut. */
#include "xmpp/parser.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static guint
depth_of(const Element *element)
{
	guint deepest = 0;

	for (const Element *child = element_first(element); child; child = element_next(child))
		deepest = MAX(deepest, depth_of(child));
	return deepest + 1;
}

/* What was admitted can be written, and read again as the same, once a missing namespace has become that of the stream. */
static void
check(const Stanza *stanza)
{
	g_autofree char *xml = element_to_xml(stanza_root(stanza));
	g_autoptr(Stanza) again = stanza_parse(xml, strlen(xml), NULL);
	g_autofree char *twice = again ? element_to_xml(stanza_root(again)) : NULL;
	g_autoptr(Stanza) third = again ? stanza_parse(twice, strlen(twice), NULL) : NULL;
	g_autofree char *thrice = third ? element_to_xml(stanza_root(third)) : NULL;
	g_autoptr(Node) copy = node_copy(stanza_root(stanza));
	g_autofree char *built = node_to_xml(copy);

	g_assert(g_utf8_validate(xml, -1, NULL));
	g_assert(g_utf8_validate(built, -1, NULL));
	g_assert(depth_of(stanza_root(stanza)) <= 64);
	if (again)
		g_assert_cmpstr(twice, ==, thrice);
}

static char *
run(const uint8_t *data, size_t size, size_t piece, bool logged_in)
{
	Parser *parser = parser_new(NULL, NULL);
	GString *out = g_string_new(NULL);
	bool good = true;

	parser_trust(parser, logged_in);
	while (size && good) {
		size_t length = MIN(size, piece);
		const char *condition = NULL, *why;
		Stanza *stanza;
		enum parser_item item;
		good = parser_feed(parser, (const char *)data, length, &condition, NULL);
		g_assert(good == !condition);
		while ((item = parser_take(parser, &stanza, &why)) != PARSER_NOTHING) {
			g_string_append_printf(out, "%d:", (int)item);
			if (item == PARSER_STANZA)
				check(stanza);
			if (stanza) {
				g_autofree char *xml = element_to_xml(stanza_root(stanza));
				g_string_append(out, xml);
			}
			stanza_unref(stanza);
		}
		data += length;
		size -= length;
	}
	parser_free(parser);
	return g_string_free(out, !good);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (!size)
		return 0;
	g_autofree char *whole = run(data + 1, size - 1, size, data[0] & 1);
	g_autofree char *pieces = run(data + 1, size - 1, 1 + data[0] / 2, data[0] & 1);
	g_autoptr(Stanza) content = stanza_parse((const char *)data + 1, size - 1, NULL);

	/* A fault may be seen a few bytes earlier or later. */
	if (whole && pieces)
		g_assert_cmpstr(whole, ==, pieces);
	if (content)
		check(content);
	return 0;
}
