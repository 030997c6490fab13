/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Jingle as a value: made, looked into, filled with what we offer and answer, freed. */
#include "xmpp/jingle.h"

#include <string.h>

#include "base/medialink.h"
#include "xmpp/jingle-private.h"

const char *const jingle_actions[JINGLE_ACTIONS] = {
	[JINGLE_UNKNOWN] = "",
	[JINGLE_SESSION_INITIATE] = "session-initiate",
	[JINGLE_SESSION_ACCEPT] = "session-accept",
	[JINGLE_SESSION_TERMINATE] = "session-terminate",
	[JINGLE_SESSION_INFO] = "session-info",
	[JINGLE_TRANSPORT_INFO] = "transport-info",
	[JINGLE_CONTENT_ADD] = "content-add",
	[JINGLE_CONTENT_ACCEPT] = "content-accept",
	[JINGLE_CONTENT_REJECT] = "content-reject",
	[JINGLE_CONTENT_REMOVE] = "content-remove",
	[JINGLE_CONTENT_MODIFY] = "content-modify",
};
const char *const jingle_infos[JINGLE_INFO_UNKNOWN] = {
	[JINGLE_RINGING] = "ringing",
	[JINGLE_HOLD] = "hold",
	[JINGLE_UNHOLD] = "unhold",
	[JINGLE_ACTIVE] = "active",
	[JINGLE_MUTE] = "mute",
	[JINGLE_UNMUTE] = "unmute",
};

const char *
jingle_action_word(enum jingle_action action)
{
	return jingle_actions[action];
}

/* ---- making and freeing ---- */

static void
content_free(gpointer data)
{
	JingleContent *content = data;

	g_free(content->name);
	g_free(content->senders);
	g_free(content->media);
	g_free(content->cname);
	g_free(content->ufrag);
	g_free(content->pwd);
	g_free(content->sealed_ns);
	node_free(content->seal);
	g_clear_pointer(&content->candidates, g_array_unref);
	g_free(content);
}

Jingle *
jingle_new(enum jingle_action action, const char *sid)
{
	Jingle *jingle = g_new0(Jingle, 1);

	jingle->action = action;
	jingle->sid = g_strdup(sid);
	jingle->contents = g_ptr_array_new_with_free_func(content_free);
	return jingle;
}

void
jingle_free(Jingle *jingle)
{
	if (!jingle)
		return;
	g_free(jingle->sid);
	g_free(jingle->initiator);
	g_free(jingle->responder);
	g_ptr_array_unref(jingle->contents);
	g_strfreev(jingle->bundle);
	g_free(jingle->info_name);
	g_free(jingle->reason);
	g_free(jingle->reason_text);
	node_free(jingle->secret_seal);
	g_free(jingle);
}

JingleContent *
jingle_add(Jingle *jingle, const char *name)
{
	JingleContent *content = g_new0(JingleContent, 1);

	content->name = g_strdup(name);
	content->senders = g_strdup("both");
	content->opus = content->vp8 = content->rtx = content->dtmf = content->dtmf_narrow = -1;
	g_ptr_array_add(jingle->contents, content);
	return content;
}

JingleContent *
jingle_content(const Jingle *jingle, const char *name)
{
	for (guint i = 0; i < jingle->contents->len; i++) {
		JingleContent *content = g_ptr_array_index(jingle->contents, i);
		if (!strcmp(content->name, name))
			return content;
	}
	return NULL;
}

/* ---- what we offer and answer ---- */

void
jingle_offer(JingleContent *content, const char *media)
{
	bool video = !strcmp(media, "video");

	g_free(content->media);
	content->media = g_strdup(media);
	content->opus = video ? -1 : MEDIA_PT_OPUS;
	content->dtmf = video ? -1 : MEDIA_PT_DTMF;
	content->vp8 = video ? MEDIA_PT_VP8 : -1;
	content->rtx = video ? MEDIA_PT_RTX : -1;
	content->nack = content->pli = content->fir = video;
	content->twcc = content->rtcp_mux = true;
	content->twcc_ext = MEDIA_EXT_TWCC;
	content->mid_ext = MEDIA_EXT_MID;
}

void
jingle_mirror(JingleContent *answer, const JingleContent *offer)
{
	g_free(answer->media);
	answer->media = g_strdup(offer->media);
	answer->by_responder = offer->by_responder;
	answer->opus = offer->opus;
	answer->dtmf = offer->dtmf;
	answer->dtmf_narrow = offer->dtmf_narrow;
	answer->vp8 = offer->vp8;
	answer->rtx = offer->rtx;
	answer->nack = offer->nack;
	answer->pli = offer->pli;
	answer->fir = offer->fir;
	answer->twcc = offer->twcc;
	answer->rtcp_mux = offer->rtcp_mux;
	answer->twcc_ext = offer->twcc_ext;
	answer->mid_ext = offer->mid_ext;
}
