/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Certificates of a file, and nothing else that is in it: a key may lie beside them. */
#include "call/authorities.h"

#include <gio/gio.h>

#include "api/log.h"
#include "base/medialink.h"

char *
authorities_text(const char *file)
{
	g_autoptr(GError) error = NULL;
	GList *list = g_tls_certificate_list_new_from_file(file, &error);
	g_autoptr(GString) all = g_string_new(NULL);

	for (GList *at = list; at; at = at->next) {
		g_autofree char *pem = NULL;

		g_object_get(at->data, "certificate-pem", &pem, NULL);
		g_string_append(all, pem);
	}
	g_list_free_full(list, g_object_unref);
	if (error)
		log_warning("ca_file is not used for relays: %s", error->message);
	else if (all->len > MEDIA_AUTHORITIES_MAX)
		log_warning(
			"ca_file is not used for relays: it has more than %d KiB of certificates", MEDIA_AUTHORITIES_MAX / 1024);
	if (all->len > MEDIA_AUTHORITIES_MAX)
		g_string_truncate(all, 0);
	return g_string_free(g_steal_pointer(&all), FALSE);
}

char *
authorities_read(const Account *account)
{
	const char *file = account ? account_get(account, "ca_file") : NULL;

	return file ? authorities_text(file) : g_strdup("");
}
