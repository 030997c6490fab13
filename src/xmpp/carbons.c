/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Carbons (XEP-0280): switching them on. Peeling them is the inbox's. */
#include "xmpp/carbons.h"

#include "api/iq.h"
#include "api/log.h"

static void
enabled(Stream *stream, const Element *result, const GError *error, gpointer data)
{
	(void)data;
	if (!result)
		log_info("%s: no carbons: %s", stream_jid(stream), error->message);
}

void
carbons_enable(Stream *stream)
{
	iq_set(stream, NULL, node_new("enable", CARBONS_NS), enabled, NULL, NULL);
}
