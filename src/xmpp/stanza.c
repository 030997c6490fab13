/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Received stanzas: an arena each, read through borrowed Elements, freed in one go. */
#include "api/stanza.h"

#include "xmpp/ns.h"
#include "xmpp/tree.h"

#include <string.h>

enum { FIRST_CHUNK = 1024, LARGEST_CHUNK = 256 * 1024 };

struct chunk {
	struct chunk *next;
	size_t size, used;
	char bytes[] __attribute__((aligned(sizeof(void *))));
};

struct Stanza {
	gint refs;
	Element *root;
	struct chunk *chunks;
};

static struct chunk *
chunk_new(size_t size, struct chunk *next)
{
	struct chunk *chunk = g_malloc(sizeof *chunk + size);

	chunk->next = next;
	chunk->size = size;
	chunk->used = 0;
	return chunk;
}

Stanza *
tree_new(void)
{
	Stanza *stanza = g_new0(Stanza, 1);

	stanza->refs = 1;
	stanza->chunks = chunk_new(FIRST_CHUNK, NULL);
	return stanza;
}

/* Small pieces are cut from the newest chunk, each new one twice as large; what is larger than half of it gets a chunk of its own
 * behind, so that the rest of the newest is not lost. */
static void *
arena_take(Stanza *stanza, size_t size, size_t align)
{
	struct chunk *chunk = stanza->chunks;
	size_t used = (chunk->used + align - 1) & ~(align - 1);

	if (used + size > chunk->size) {
		size_t next = MIN(chunk->size * 2, (size_t)LARGEST_CHUNK);
		if (size > next / 2) {
			chunk->next = chunk_new(size, chunk->next);
			return chunk->next->bytes;
		}
		chunk = stanza->chunks = chunk_new(next, chunk);
		used = 0;
	}
	chunk->used = used + size;
	return chunk->bytes + used;
}

void *
tree_alloc(Stanza *stanza, size_t size)
{
	return memset(arena_take(stanza, size, sizeof(void *)), 0, size);
}

char *
tree_copy(Stanza *stanza, const char *text, size_t length)
{
	char *copy = arena_take(stanza, length + 1, 1);

	memcpy(copy, text, length);
	copy[length] = '\0';
	return copy;
}

void
tree_set_root(Stanza *stanza, Element *root)
{
	stanza->root = root;
}

static const char *
attr_name(Stanza *stanza, const char *name)
{
	const char *local = strchr(name, TREE_SEPARATOR);
	char *copy;

	if (!local)
		return tree_copy(stanza, name, strlen(name));
	/* Of attributes with a namespace XMPP knows xml:lang alone; the others are nobody's. */
	if (strncmp(name, NS_XML, (size_t)(local - name)) != 0)
		return NULL;
	copy = tree_alloc(stanza, strlen(local) + 4);
	memcpy(copy, "xml:", 4);
	memcpy(copy + 4, local + 1, strlen(local + 1));
	return copy;
}

Element *
tree_element(Stanza *stanza, const Element *parent, const char *name, const char **attrs, guint n_attrs)
{
	Element *element = tree_alloc(stanza, sizeof *element);
	const char *local = strchr(name, TREE_SEPARATOR);
	size_t ns = local ? (size_t)(local - name) : 0;

	local = local ? local + 1 : name;
	element->name = tree_copy(stanza, local, strlen(local));
	if (parent && strlen(parent->ns) == ns && memcmp(parent->ns, name, ns) == 0)
		element->ns = parent->ns;
	else
		element->ns = ns ? tree_copy(stanza, name, ns) : "";
	if (n_attrs)
		element->attrs = tree_alloc(stanza, n_attrs * sizeof *element->attrs);
	for (guint i = 0; i < n_attrs; i++) {
		const char *known = attr_name(stanza, attrs[2 * i]);
		if (known)
			element->attrs[element->n_attrs++] =
				(struct attr){ known, tree_copy(stanza, attrs[2 * i + 1], strlen(attrs[2 * i + 1])) };
	}
	return element;
}

void
tree_set_root_attr(Stanza *stanza, const char *name, const char *value)
{
	for (guint i = 0; i < stanza->root->n_attrs; i++) {
		if (strcmp(stanza->root->attrs[i].name, name) == 0)
			stanza->root->attrs[i].value = tree_copy(stanza, value, strlen(value));
	}
}

Stanza *
stanza_ref(Stanza *stanza)
{
	stanza->refs++;
	return stanza;
}

void
stanza_unref(Stanza *stanza)
{
	if (!stanza || --stanza->refs)
		return;
	for (struct chunk *chunk = stanza->chunks, *next; chunk; chunk = next) {
		next = chunk->next;
		g_free(chunk);
	}
	g_free(stanza);
}

const Element *
stanza_root(const Stanza *stanza)
{
	return stanza->root;
}

const char *
element_name(const Element *element)
{
	return element->name;
}

const char *
element_ns(const Element *element)
{
	return element->ns;
}

bool
element_is(const Element *element, const char *name, const char *ns)
{
	return (!name || strcmp(element->name, name) == 0) && (!ns || strcmp(element->ns, ns) == 0);
}

const char *
element_attr(const Element *element, const char *name)
{
	for (guint i = 0; i < element->n_attrs; i++) {
		if (strcmp(element->attrs[i].name, name) == 0)
			return element->attrs[i].value;
	}
	return NULL;
}

const char *
element_text(const Element *element)
{
	return element->text ? element->text : "";
}

const Element *
element_child(const Element *element, const char *name, const char *ns)
{
	for (const Element *child = element->first; child; child = child->next) {
		if (element_is(child, name, ns))
			return child;
	}
	return NULL;
}

const char *
element_child_text(const Element *element, const char *name, const char *ns)
{
	const Element *child = element_child(element, name, ns);

	return child ? element_text(child) : NULL;
}

const Element *
element_first(const Element *element)
{
	return element->first;
}

const Element *
element_next(const Element *element)
{
	return element->next;
}

/* White space is written so that reading does not normalise it away (XML 1.0 §2.11, §3.3.3). */
static const char *
entity_of(char c, bool in_attr)
{
	switch (c) {
	case '<':
		return "&lt;";
	case '>':
		return "&gt;";
	case '&':
		return "&amp;";
	case '\r':
		return "&#13;";
	case '"':
		return in_attr ? "&quot;" : NULL;
	case '\n':
		return in_attr ? "&#10;" : NULL;
	case '\t':
		return in_attr ? "&#9;" : NULL;
	default:
		return NULL;
	}
}

static void
write_escaped(GString *out, const char *text, bool in_attr)
{
	for (const char *start = text;; text++) {
		const char *entity = entity_of(*text, in_attr);
		if (!entity && *text)
			continue;
		g_string_append_len(out, start, text - start);
		if (!*text)
			return;
		g_string_append(out, entity);
		start = text + 1;
	}
}

static void
write_attr(GString *out, const char *name, const char *value)
{
	g_string_append_printf(out, " %s=\"", name);
	write_escaped(out, value, true);
	g_string_append_c(out, '"');
}

/* Admission bounds the depth, so the recursion is bounded too. */
static void
write_element(GString *out, const Element *element, const char *outer_ns)
{
	g_string_append_printf(out, "<%s", element->name);
	if (strcmp(element->ns, outer_ns) != 0)
		write_attr(out, "xmlns", element->ns);
	for (guint i = 0; i < element->n_attrs; i++)
		write_attr(out, element->attrs[i].name, element->attrs[i].value);
	if (!element->text && !element->first) {
		g_string_append(out, "/>");
		return;
	}
	g_string_append_c(out, '>');
	write_escaped(out, element_text(element), false);
	for (const Element *child = element->first; child; child = child->next)
		write_element(out, child, element->ns);
	g_string_append_printf(out, "</%s>", element->name);
}

char *
element_to_xml(const Element *element)
{
	GString *out = g_string_sized_new(256);

	write_element(out, element, "");
	return g_string_free(out, FALSE);
}
