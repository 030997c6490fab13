/* SPDX-License-Identifier: GPL-3.0-or-later */
/* REMOTE: what the peer signalled, at first and whenever it changes. */
#include "media/session.h"

#include <string.h>

void
remote_clear(struct remote *remote)
{
	g_free(remote->ufrag);
	g_free(remote->pwd);
	*remote = (struct remote){ 0 };
}

static bool
read_remote(GVariant *told, struct remote *remote, const char **name, GError **error)
{
	const char *setup;
	g_autoptr(GVariant) fingerprint = NULL;
	guint mid;
	gboolean receives, sends;
	gsize length;

	g_variant_get(told, "(&sss@ay&siiiiuuubb)", name, &remote->ufrag, &remote->pwd, &fingerprint, &setup, &remote->opus,
		&remote->vp8, &remote->rtx, &remote->dtmf, &remote->dtmf_clock, &remote->twcc, &mid, &receives, &sends);
	const guint8 *bytes = g_variant_get_fixed_array(fingerprint, &length, 1);
	if (length != FINGERPRINT)
		return fault(error, FAULT_PEER, "there is no SHA-256 fingerprint of the other side's certificate: no call without");
	memcpy(remote->fingerprint, bytes, FINGERPRINT);
	remote->client = strcmp(setup, "active") != 0;
	remote->receives = receives;
	remote->sends = sends;
	if (remote->dtmf_clock != 8000 && remote->dtmf_clock != 48000)
		remote->dtmf = -1;
	if (remote->twcc > 14)
		remote->twcc = 0;
	return true;
}

static bool
hear(struct content *content, struct remote *remote, GError **error)
{
	Session *session = content->session;
	bool first = !content->carrier;
	bool follows = !first && content->remote.receives != remote->receives;
	bool restarted = !first && g_strcmp0(content->remote.ufrag, remote->ufrag) != 0;

	if (!first && memcmp(content->remote.fingerprint, remote->fingerprint, FINGERPRINT) != 0)
		return fault(error, FAULT_TRUST, "the other side changed its certificate during the call");
	remote_clear(&content->remote);
	content->remote = *remote;
	*remote = (struct remote){ 0 };
	if (first)
		return content_wire(content, error);
	if (restarted && content->carrier == content) {
		/* Theirs is the answer to ours, or we answer: either way both ends have new names. */
		if (content->restarting)
			content->restarting--;
		else
			content_restart(content);
		ice_remote(session->ice, content->stream, content->remote.ufrag, content->remote.pwd);
	}
	content_open(content);
	if (follows)
		content_follow(content);
	return true;
}

bool
session_remote(Session *session, GVariant *body, GError **error)
{
	g_autoptr(GVariant) list = NULL;
	gboolean bundled;
	bool heard[SESSION_CONTENTS] = { false };

	if (!session->ice)
		return fault(error, FAULT_PEER, "an answer came before the call was started");
	g_variant_get(body, "(b@a(sssaysiiiiuuubb))", &bundled, &list);
	session->bundled = bundled;
	for (gsize i = 0; i < g_variant_n_children(list); i++) {
		g_autoptr(GVariant) told = g_variant_get_child_value(list, i);
		struct remote remote = { 0 };
		const char *name;
		bool well = read_remote(told, &remote, &name, error);
		struct content *content = well ? content_find(session, name) : NULL;
		if (content) {
			heard[content->index] = true;
			well = hear(content, &remote, error);
		}
		remote_clear(&remote);
		if (!well)
			return false;
	}
	/* What was added since the first of them may not be answered yet. */
	for (guint i = 0; i < session->n; i++)
		if (!heard[i] && !session->contents[i]->over && (!session->answered || session->contents[i]->carrier))
			content_end(session->contents[i]);
	session->answered = true;
	session_gates(session);
	return true;
}
