/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The wire as a person may read it. */
#include "xmpp/wire.h"

#include "api/event.h"
#include "xmpp/ns.h"
#include "xmpp/tree.h"

#include <string.h>

#define SHOWN_MAX (16 * 1024)
#define DEPTH_MAX 16

/* Elements whose text is told to nobody. ns: its begin, NULL for any. */
static const struct {
	const char *name, *ns;
} secret_elements[] = {
	{ NULL, NS_SASL },
	{ NULL, "urn:xmpp:sasl:" },
	{ NULL, "urn:xmpp:fast:" },
	{ "password", NULL },
	{ "digest", NULL },
	{ "token", NULL },
	{ "secret", NULL },
	{ "cookie", NULL },
	{ "header", "urn:xmpp:http:upload:" },
	{ "media-secret", NULL },
};

/* element NULL: of any. */
static const struct {
	const char *element, *name;
} secret_attrs[] = {
	{ NULL, "password" },
	{ NULL, "token" },
	{ NULL, "previd" },
	{ "enabled", "id" },
};

static bool
is_secret_text(const Element *element)
{
	static const char *const told[] = { "mechanism", "text" };

	for (guint i = 0; i < G_N_ELEMENTS(told); i++)
		if (!strcmp(element->name, told[i]))
			return false;
	for (guint i = 0; i < G_N_ELEMENTS(secret_elements); i++)
		if ((!secret_elements[i].name || !g_ascii_strcasecmp(secret_elements[i].name, element->name)) &&
			(!secret_elements[i].ns || g_str_has_prefix(element->ns, secret_elements[i].ns)))
			return true;
	return false;
}

static bool
is_secret_attr(const Element *element, const char *name)
{
	for (guint i = 0; i < G_N_ELEMENTS(secret_attrs); i++)
		if (!strcmp(secret_attrs[i].name, name) &&
			(!secret_attrs[i].element || !strcmp(secret_attrs[i].element, element->name)))
			return true;
	return false;
}

/* What follows the ? of an address may be what opens it. */
static size_t
told_length(const char *name, const char *value)
{
	return !strcmp(name, "url") ? strcspn(value, "?#") : strlen(value);
}

static void
write_text(GString *out, const char *text, size_t length)
{
	size_t room = out->len < SHOWN_MAX ? SHOWN_MAX - out->len : 0, taken = MIN(length, room);
	g_autofree char *escaped = NULL;

	while (taken && taken < length && ((guchar)text[taken] & 0xc0) == 0x80)
		taken--;
	escaped = g_markup_escape_text(text, taken);
	g_string_append(out, escaped);
}

static void
write_attr(GString *out, const Element *element, const char *name, const char *value)
{
	size_t told = is_secret_attr(element, name) ? 0 : told_length(name, value);

	g_string_append_printf(out, " %s='", name);
	write_text(out, value, told);
	g_string_append(out, value[told] ? "(hidden)'" : "'");
}

/* A line for each element; what lies deep stays on the line of its parent. */
static void
write_element(GString *out, const Element *element, const char *outer_ns, guint depth)
{
	bool secret = is_secret_text(element);

	if (out->len >= SHOWN_MAX)
		return;
	if (depth && depth < DEPTH_MAX)
		g_string_append_printf(out, "\n%*s", (int)depth * 2, "");
	g_string_append_printf(out, "<%s", element->name);
	if (strcmp(element->ns, outer_ns))
		write_attr(out, element, "xmlns", element->ns);
	for (guint i = 0; i < element->n_attrs; i++)
		write_attr(out, element, element->attrs[i].name, element->attrs[i].value);
	if (!element->text && !element->first) {
		g_string_append(out, "/>");
		return;
	}
	g_string_append_c(out, '>');
	if (element->text && *element->text && secret)
		g_string_append(out, "(hidden)");
	else if (element->text)
		write_text(out, element->text, strlen(element->text));
	for (const Element *child = element->first; child; child = child->next)
		write_element(out, child, element->ns, depth + 1);
	g_string_append_printf(out, "</%s>", element->name);
}

static void
tell(const Stream *stream, bool out, GString *text)
{
	if (text->len >= SHOWN_MAX)
		g_string_append(text, " … and more");
	event_emit(&(Event){ .kind = EVENT_WIRE, .account = stream_jid(stream), .wire = { .out = out, .xml = text->str } });
}

void
wire_sent(const Stream *stream, const char *xml)
{
	g_autoptr(GString) text = NULL;
	g_autoptr(Stanza) stanza = NULL;

	if (!event_is_watched(EVENT_WIRE))
		return;
	text = g_string_new(NULL);
	stanza = stanza_parse(xml, strlen(xml), NULL);
	if (stanza)
		write_element(text, stanza_root(stanza), NS_CLIENT, 0);
	else if (g_str_has_prefix(xml, "<?xml") || g_str_has_prefix(xml, "</stream"))
		g_string_append(text, xml);
	else
		g_string_append_printf(text, "(%zu bytes that are no stanza)", strlen(xml));
	tell(stream, true, text);
}

void
wire_got(const Stream *stream, const Stanza *stanza, const char *skipped)
{
	g_autoptr(GString) text = NULL;

	if (!event_is_watched(EVENT_WIRE))
		return;
	text = g_string_new(stanza ? NULL : "</stream:stream>");
	if (stanza)
		write_element(text, stanza_root(stanza), NS_CLIENT, 0);
	if (skipped)
		g_string_append_printf(text, " (the rest was not read: %s)", skipped);
	tell(stream, false, text);
}
