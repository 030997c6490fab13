/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What we send is built and serialised by libstrophe: one silent context for the whole program. */
#include "api/stanza.h"

#include "xmpp/tree.h"

#include <stdio.h>
#include <string.h>
#include <strophe.h>

static void *
mem_alloc(const size_t size, void *const userdata)
{
	(void)userdata;
	return g_malloc(size);
}

static void
mem_free(void *p, void *const userdata)
{
	(void)userdata;
	g_free(p);
}

static void *
mem_realloc(void *p, const size_t size, void *const userdata)
{
	(void)userdata;
	return g_realloc(p, size);
}

static xmpp_ctx_t *
context(void)
{
	static const xmpp_mem_t mem = { mem_alloc, mem_free, mem_realloc, NULL };
	static xmpp_ctx_t *ctx;

	if (!ctx)
		ctx = xmpp_ctx_new(&mem, NULL);
	return ctx;
}

/* XML 1.0 §2.2: C0 but for tab, newline and return, and U+FFFE and U+FFFF, have no representation at all. */
static bool
forbidden(gunichar c)
{
	return (c < 0x20 && c != '\t' && c != '\n' && c != '\r') || c == 0xFFFE || c == 0xFFFF;
}

static bool
representable(const char *text)
{
	if (!g_utf8_validate(text, -1, NULL))
		return false;
	for (; *text; text = g_utf8_next_char(text)) {
		if (forbidden(g_utf8_get_char(text)))
			return false;
	}
	return true;
}

static char *
make_representable(const char *text)
{
	g_autofree char *valid = g_utf8_make_valid(text, -1);
	GString *out = g_string_sized_new(strlen(valid) + 16);

	for (const char *p = valid; *p; p = g_utf8_next_char(p)) {
		gunichar c = g_utf8_get_char(p);
		g_string_append_unichar(out, forbidden(c) ? 0xFFFD : c);
	}
	return g_string_free(out, FALSE);
}

Node *
node_new(const char *name, const char *ns)
{
	Node *node = xmpp_stanza_new(context());

	xmpp_stanza_set_name(node, name);
	if (ns)
		xmpp_stanza_set_ns(node, ns);
	return node;
}

void
node_take(Node *parent, Node *child)
{
	xmpp_stanza_add_child_ex(parent, child, FALSE);
}

Node *
node_add(Node *parent, const char *name, const char *ns)
{
	Node *node = node_new(name, ns);

	node_take(parent, node);
	return node;
}

Node *
node_add_text(Node *parent, const char *name, const char *ns, const char *text)
{
	Node *node = node_add(parent, name, ns);

	node_text(node, text);
	return node;
}

void
node_attr(Node *node, const char *name, const char *value)
{
	g_autofree char *clean = NULL;

	if (!value)
		return;
	if (!representable(value))
		value = clean = make_representable(value);
	xmpp_stanza_set_attribute(node, name, value);
}

void
node_attr_int(Node *node, const char *name, gint64 value)
{
	char text[24];

	snprintf(text, sizeof text, "%" G_GINT64_FORMAT, value);
	node_attr(node, name, text);
}

void
node_text(Node *node, const char *text)
{
	g_autofree char *clean = NULL;
	Node *part;

	if (!text || !*text)
		return;
	if (!representable(text))
		text = clean = make_representable(text);
	part = xmpp_stanza_new(context());
	xmpp_stanza_set_text(part, text);
	node_take(node, part);
}

static Node *
copy_within(const Element *element, const char *outer_ns)
{
	Node *node = node_new(element->name, strcmp(element->ns, outer_ns) ? element->ns : NULL);

	for (guint i = 0; i < element->n_attrs; i++)
		node_attr(node, element->attrs[i].name, element->attrs[i].value);
	node_text(node, element->text);
	for (const Element *child = element->first; child; child = child->next)
		node_take(node, copy_within(child, element->ns));
	return node;
}

Node *
node_copy(const Element *element)
{
	return copy_within(element, "");
}

char *
node_to_xml(Node *node)
{
	char *xml = NULL;
	size_t length;

	if (xmpp_stanza_to_text(node, &xml, &length) != XMPP_EOK)
		return g_strdup("");
	return xml;
}

void
node_free(Node *node)
{
	if (node)
		xmpp_stanza_release(node);
}
