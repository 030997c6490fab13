/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Links with keys, as they come from a picture or a message: "xmpp:bob@b.test?KEY1234=64 hex digits;KEY77=...". */
#include "verify.h"

#include <string.h>

static bool
read_device(const char *text, guint32 *device)
{
	guint64 number;

	if (!g_ascii_string_to_unsigned(text, 10, 1, G_MAXINT32, &number, NULL))
		return false;
	*device = (guint32)number;
	return true;
}

static bool
read_key(const char *part, struct link_key *key)
{
	const char *name = e2ee_provider()->uri_key;
	const char *equals = strchr(part, '=');
	g_autofree char *device = NULL;

	if (!g_str_has_prefix(part, name) || !equals || strlen(equals + 1) != 64)
		return false;
	device = g_strndup(part + strlen(name), (gsize)(equals - part) - strlen(name));
	if (!read_device(device, &key->device))
		return false;
	for (int i = 0; i < 64; i++) {
		key->fingerprint[i] = g_ascii_tolower(equals[1 + i]);
		if (!g_ascii_isxdigit(key->fingerprint[i]))
			return false;
	}
	key->fingerprint[64] = '\0';
	return true;
}

static GArray *
read_keys(const char *query)
{
	g_auto(GStrv) parts = g_strsplit_set(query, ";&", -1);
	g_autoptr(GArray) keys = g_array_new(FALSE, FALSE, sizeof(struct link_key));

	for (guint i = 0; i < 64 && parts[i]; i++) {
		struct link_key key;

		if (!g_str_has_prefix(parts[i], e2ee_provider()->uri_key))
			continue;
		if (!read_key(parts[i], &key))
			return NULL;
		g_array_append_val(keys, key);
	}
	return keys->len ? g_steal_pointer(&keys) : NULL;
}

GArray *
link_parse(const char *text, char **jid, GError **error)
{
	const char *query = strchr(text, '?');
	g_autofree char *escaped = NULL;
	g_autofree char *address = NULL;
	g_autofree char *full = NULL;
	g_autoptr(GArray) keys = NULL;

	if (!e2ee_provider() || !e2ee_provider()->uri_key)
		return fault_null(error, FAULT_GONE, "no plugin for encryption is loaded - /plugin load one");
	if (g_ascii_strncasecmp(text, "xmpp:", 5) != 0 || !query)
		return fault_null(error, FAULT_INPUT,
			"\"%s\" is no contact and no link with keys (xmpp:JID?%sDEVICE=64 hex digits)", text,
			e2ee_provider()->uri_key);
	escaped = g_strndup(text + 5, (gsize)(query - text) - 5);
	address = g_uri_unescape_string(escaped, NULL);
	full = address ? jid_normalise(address, error) : NULL;
	if (!full)
		return address ? NULL : fault_null(error, FAULT_INPUT, "the address in that link is not valid");
	keys = read_keys(query + 1);
	if (!keys)
		return fault_null(
			error, FAULT_INPUT, "that link holds no valid key (%sDEVICE=64 hex digits)", e2ee_provider()->uri_key);
	*jid = jid_bare(full);
	return g_steal_pointer(&keys);
}
