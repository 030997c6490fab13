/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Entity capabilities (XEP-0115): our own hash over the rows of TABLE_FEATURES, and the check of another's. */
#include "xmpp/caps.h"

#include <string.h>

#include "base/table.h"
#include "xmpp/disco.h"
#include "xmpp/forms.h"

static int
compare(gconstpointer a, gconstpointer b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static bool
has_twins(const GPtrArray *sorted)
{
	for (guint i = 1; i < sorted->len; i++)
		if (!strcmp(sorted->pdata[i - 1], sorted->pdata[i]))
			return true;
	return false;
}

/* §8: a '<' inside a value would let two different answers have one string. */
static bool
is_clean(const char *text)
{
	return !strchr(text, '<');
}

static void
append(GString *string, const GPtrArray *values)
{
	for (guint i = 0; i < values->len; i++)
		g_string_append_printf(string, "%s<", (const char *)values->pdata[i]);
}

static char *
digest(const GString *string)
{
	guint8 sha1[20];
	gsize length = sizeof sha1;
	g_autoptr(GChecksum) checksum = g_checksum_new(G_CHECKSUM_SHA1);
	g_checksum_update(checksum, (const guchar *)string->str, (gssize)string->len);
	g_checksum_get_digest(checksum, sha1, &length);
	return g_base64_encode(sha1, sizeof sha1);
}

static const char *
attr(const Element *element, const char *name)
{
	const char *value = element_attr(element, name);
	return value ? value : "";
}

/* §7 of the XEP joins identities, features and forms without a mark between them, so somebody could answer for the hash of a client
 * with some of its features told as an identity or a form, and all would believe that it lacks them. What could be a feature, which
 * is a name with a colon, is therefore taken neither for a category nor for a field; and a field has a value, a form a field. */
static bool
is_word(const char *text)
{
	return *text && is_clean(text) && !strchr(text, ':');
}

/* "var<value<value<" of one field, values sorted; NULL when it is not clean. */
static char *
field_string(const Element *field)
{
	g_autoptr(GPtrArray) values = g_ptr_array_new();
	for (const Element *value = element_first(field); value; value = element_next(value)) {
		if (!element_is(value, "value", FORMS_NS))
			continue;
		if (!is_clean(element_text(value)))
			return NULL;
		g_ptr_array_add(values, (gpointer)element_text(value));
	}
	if (!values->len)
		return NULL;
	g_ptr_array_sort(values, compare);
	GString *string = g_string_new(attr(field, "var"));
	g_string_append_c(string, '<');
	append(string, values);
	return g_string_free(string, FALSE);
}

/* The FORM_TYPE if it is one that counts; *bad when it has several. */
static const char *
form_type(const Element *form, bool *bad)
{
	for (const Element *field = element_first(form); field; field = element_next(field)) {
		if (!element_is(field, "field", FORMS_NS) || strcmp(attr(field, "var"), "FORM_TYPE"))
			continue;
		const char *type = NULL;
		for (const Element *value = element_first(field); value; value = element_next(value)) {
			if (!element_is(value, "value", FORMS_NS))
				continue;
			if (type && strcmp(type, element_text(value)))
				*bad = true;
			type = element_text(value);
		}
		return strcmp(attr(field, "type"), "hidden") ? NULL : type;
	}
	return NULL;
}

/* The whole form as one string that starts with its type, so that sorting the strings sorts the forms. */
static char *
form_string(const Element *form, const char *type)
{
	g_autoptr(GPtrArray) fields = g_ptr_array_new_with_free_func(g_free);
	for (const Element *field = element_first(form); field; field = element_next(field)) {
		if (!element_is(field, "field", FORMS_NS) || !strcmp(attr(field, "var"), "FORM_TYPE"))
			continue;
		char *string = is_word(attr(field, "var")) ? field_string(field) : NULL;
		if (!string)
			return NULL;
		g_ptr_array_add(fields, string);
	}
	if (!fields->len)
		return NULL;
	g_ptr_array_sort(fields, compare);
	GString *string = g_string_new(type);
	g_string_append_c(string, '<');
	for (guint i = 0; i < fields->len; i++)
		g_string_append(string, fields->pdata[i]);
	return g_string_free(string, FALSE);
}

static bool
collect_form(const Element *form, GPtrArray *types, GPtrArray *forms)
{
	bool bad = false;
	const char *type = form_type(form, &bad);
	if (bad || (type && !is_clean(type)))
		return false;
	if (!type)
		return true;
	char *string = form_string(form, type);
	if (!string)
		return false;
	g_ptr_array_add(types, (gpointer)type);
	g_ptr_array_add(forms, string);
	return true;
}

static bool
collect(const Element *query, GPtrArray *identities, GPtrArray *features, GPtrArray *types, GPtrArray *forms)
{
	for (const Element *child = element_first(query); child; child = element_next(child)) {
		if (element_is(child, "identity", DISCO_INFO_NS)) {
			char *identity = g_strdup_printf("%s/%s/%s/%s", attr(child, "category"), attr(child, "type"),
				attr(child, "xml:lang"), attr(child, "name"));
			g_ptr_array_add(identities, identity);
			if (!is_clean(identity) || !is_word(attr(child, "category")))
				return false;
		} else if (element_is(child, "feature", DISCO_INFO_NS)) {
			g_ptr_array_add(features, (gpointer)attr(child, "var"));
			if (!is_clean(attr(child, "var")))
				return false;
		} else if (element_is(child, "x", FORMS_NS) && !collect_form(child, types, forms)) {
			return false;
		}
	}
	return true;
}

char *
caps_hash(const Element *query)
{
	g_autoptr(GPtrArray) identities = g_ptr_array_new_with_free_func(g_free);
	g_autoptr(GPtrArray) features = g_ptr_array_new();
	g_autoptr(GPtrArray) types = g_ptr_array_new();
	g_autoptr(GPtrArray) forms = g_ptr_array_new_with_free_func(g_free);
	if (!collect(query, identities, features, types, forms))
		return NULL;
	g_ptr_array_sort(identities, compare);
	g_ptr_array_sort(features, compare);
	g_ptr_array_sort(types, compare);
	g_ptr_array_sort(forms, compare);
	if (has_twins(identities) || has_twins(features) || has_twins(types))
		return NULL;
	g_autoptr(GString) string = g_string_new(NULL);
	append(string, identities);
	append(string, features);
	for (guint i = 0; i < forms->len; i++)
		g_string_append(string, forms->pdata[i]);
	return digest(string);
}

/* ---- ours ---- */

static GPtrArray *own_features; /* borrowed from the rows, sorted, none twice */
static char *own_hash;
static guint own_generation;

static void
refresh(void)
{
	if (own_hash && own_generation == table_generation(TABLE_FEATURES))
		return;
	own_generation = table_generation(TABLE_FEATURES);
	g_clear_pointer(&own_features, g_ptr_array_unref);
	g_free(own_hash);
	own_features = g_ptr_array_new();
	const struct feature *row;
	for (guint i = 0; (row = table_row(TABLE_FEATURES, i)); i++)
		g_ptr_array_add(own_features, (gpointer)row->name);
	g_ptr_array_sort(own_features, compare);
	for (guint i = 1; i < own_features->len;)
		if (!strcmp(own_features->pdata[i - 1], own_features->pdata[i]))
			g_ptr_array_remove_index(own_features, i);
		else
			i++;
	g_autoptr(GString) string = g_string_new("client/console//sotto<");
	append(string, own_features);
	own_hash = digest(string);
}

const char *
caps_own(void)
{
	refresh();
	return own_hash;
}

void
caps_add(Node *presence)
{
	Node *caps = node_add(presence, "c", CAPS_NS);
	node_attr(caps, "hash", "sha-1");
	node_attr(caps, "node", CAPS_NODE);
	node_attr(caps, "ver", caps_own());
}

void
caps_describe(Node *query)
{
	refresh();
	Node *identity = node_add(query, "identity", NULL);
	node_attr(identity, "category", "client");
	node_attr(identity, "type", "console");
	node_attr(identity, "name", "sotto");
	for (guint i = 0; i < own_features->len; i++)
		node_attr(node_add(query, "feature", NULL), "var", own_features->pdata[i]);
}
