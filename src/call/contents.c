/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The contents of a session: what is offered and answered. */
#include "base/medialink.h"
#include "call/call.h"
#include "xmpp/stream.h"

#include <string.h>

struct content *
call_content(const Call *call, const char *name)
{
	for (guint i = 0; i < call->contents->len; i++) {
		struct content *content = g_ptr_array_index(call->contents, i);

		if (!strcmp(content->name, name))
			return content;
	}
	return NULL;
}

struct content *
call_add_content(Call *call, const char *name, bool video)
{
	struct content *content = g_new0(struct content, 1);

	content->name = g_strdup(name);
	content->video = video;
	content->candidates = g_ptr_array_new_with_free_func((GDestroyNotify)g_variant_unref);
	content->own_candidates = jingle_candidates_new();
	g_ptr_array_add(call->contents, content);
	return content;
}

void
content_free(gpointer data)
{
	struct content *content = data;

	g_free(content->name);
	g_free(content->ufrag);
	g_free(content->pwd);
	g_free(content->cname);
	g_ptr_array_unref(content->candidates);
	g_array_unref(content->own_candidates);
	g_free(content);
}

/* ---- theirs ---- */

enum { PAPERS_MAX = 64 }; /* who adds and removes all the time is refused then, not kept */

struct paper {
	Stanza *stanza;
	Jingle *jingle;
};

void
paper_free(gpointer data)
{
	struct paper *paper = data;

	jingle_free(paper->jingle);
	stanza_unref(paper->stanza);
	g_free(paper);
}

Jingle *
talk_keep(Call *call, const struct call_input *in)
{
	struct paper *paper;
	const Element *element = element_child(stanza_root(in->stanza), "jingle", JINGLE_NS);
	Jingle *jingle = call->papers->len < PAPERS_MAX ? jingle_read(element, call_ns(), NULL) : NULL;

	if (!jingle)
		return NULL;
	paper = g_new(struct paper, 1);
	*paper = (struct paper){ stanza_ref(in->stanza), jingle };
	g_ptr_array_add(call->papers, paper);
	return jingle;
}

/* E11: what we cannot talk to, in words. */
static bool
is_usable(const JingleContent *theirs, GError **error)
{
	bool video = !g_strcmp0(theirs->media, "video");

	if (!theirs->media || (!video && strcmp(theirs->media, "audio") != 0))
		return fault(error, FAULT_PEER, "it offers something that is neither sound nor pictures");
	if (!theirs->has_transport)
		return fault(error, FAULT_PEER, "it offers no way that we know (ICE over UDP)");
	if (!theirs->ufrag || !theirs->pwd)
		return fault(error, FAULT_PEER, "its transport has no credentials");
	if (!theirs->has_fingerprint && !theirs->sealed)
		return fault(error, FAULT_PEER, "%s",
			theirs->has_sdes ? "it sends its media keys through the servers (SDES) and nothing better"
					 : "it offers no encryption (DTLS)");
	if (!theirs->rtcp_mux)
		return fault(error, FAULT_PEER, "it wants a second channel for control (no rtcp-mux)");
	if (theirs->setup == JINGLE_SETUP_NONE)
		return fault(error, FAULT_PEER, "it does not say who begins the handshake");
	if (video ? theirs->vp8 < 0 : theirs->opus < 0)
		return fault(error, FAULT_PEER, "it offers no %s", video ? "VP8" : "Opus");
	return true;
}

static bool
is_bundle_of(const Jingle *jingle)
{
	for (guint i = 0; i < jingle->contents->len; i++) {
		const JingleContent *content = g_ptr_array_index(jingle->contents, i);

		if (!jingle->bundle || !g_strv_contains((const char *const *)jingle->bundle, content->name))
			return false;
	}
	return jingle->contents->len > 0;
}

static struct content *
take_content(Call *call, JingleContent *theirs)
{
	struct content *content = call_add_content(call, theirs->name, !strcmp(theirs->media, "video"));

	content->by_responder = theirs->by_responder;
	content->theirs = theirs;
	content->remote = true;
	return content;
}

bool
talk_take_added(Call *call, const Jingle *jingle, GError **error)
{
	JingleContent *theirs = g_ptr_array_index(jingle->contents, 0);

	if (call_content(call, theirs->name))
		return fault(error, FAULT_PEER, "it adds what is there");
	if (!is_usable(theirs, error))
		return false;
	talk_keep_candidates(call, take_content(call, theirs), theirs);
	return true;
}

bool
talk_take_offer(Call *call, const Jingle *jingle, GError **error)
{
	bool audio = false;

	for (guint i = 0; i < jingle->contents->len; i++) {
		JingleContent *theirs = g_ptr_array_index(jingle->contents, i);
		bool video = !g_strcmp0(theirs->media, "video");
		struct content *content;

		/* Each medium once, and none that a person was not asked about. */
		if (!is_usable(theirs, error))
			return false;
		if (video ? call_video_content(call) != NULL : audio)
			return fault(error, FAULT_PEER, "it offers the same medium twice");
		if (video && call->with_jmi && !call->video)
			return fault(error, FAULT_PEER, "it offers pictures, and asked for a call without");
		audio |= !video;
		call->video |= video;
		content = take_content(call, theirs);
		talk_keep_candidates(call, content, theirs);
	}
	call->bundled = is_bundle_of(jingle);
	return call->contents->len > 0 || fault(error, FAULT_PEER, "it offers nothing");
}

bool
talk_take_answer(Call *call, const Jingle *jingle, GError **error)
{
	guint answered = 0;

	for (guint i = 0; i < jingle->contents->len; i++) {
		JingleContent *theirs = g_ptr_array_index(jingle->contents, i);
		struct content *content = call_content(call, theirs->name);

		if (!content || content->video != !g_strcmp0(theirs->media, "video"))
			return fault(error, FAULT_PEER, "it answers something that was not offered");
		if (!is_usable(theirs, error))
			return false;
		if (theirs->setup == JINGLE_SETUP_ACTPASS)
			return fault(error, FAULT_PEER, "it leaves open who begins the handshake");
		content->theirs = theirs;
		content->remote = true;
		answered++;
		talk_keep_candidates(call, content, theirs);
	}
	call->bundled = is_bundle_of(jingle);
	return answered > 0 || fault(error, FAULT_PEER, "it answers nothing");
}

struct content *
call_video_content(const Call *call)
{
	for (guint i = 0; i < call->contents->len; i++) {
		struct content *content = g_ptr_array_index(call->contents, i);

		if (content->video)
			return content;
	}
	return NULL;
}

/* XEP-0166 §7.3: senders is seen from the session, not from us. */
void
talk_directions(const Call *call, const struct content *content, bool *they_receive, bool *they_send)
{
	const char *senders = content->theirs && content->theirs->senders ? content->theirs->senders : "both";
	const char *them = call->incoming ? "initiator" : "responder", *us = call->incoming ? "responder" : "initiator";

	*they_send = !strcmp(senders, "both") || !strcmp(senders, them);
	*they_receive = (!strcmp(senders, "both") || !strcmp(senders, us)) && (!content->video || call->video_on);
}

/* ---- ours ---- */

/* The numbers are the offer's; nothing is answered that was not in it. */
static void
answer(JingleContent *ours, const Call *call, const struct content *content)
{
	const JingleContent *theirs = content->theirs;

	jingle_mirror(ours, theirs);
	ours->setup = theirs->setup == JINGLE_SETUP_ACTIVE ? JINGLE_SETUP_PASSIVE : JINGLE_SETUP_ACTIVE;
	if (content->video && !call->video_on) {
		g_free(ours->senders);
		ours->senders = g_strdup(call->incoming ? "initiator" : "responder");
	}
}

static void
give_candidates(JingleContent *ours, struct content *content)
{
	if (!content->own_candidates->len)
		return;
	ours->candidates = content->own_candidates;
	content->own_candidates = jingle_candidates_new();
}

JingleContent *
talk_describe_content(Call *call, Jingle *jingle, struct content *content, bool is_answer)
{
	JingleContent *ours = jingle_add(jingle, content->name);

	jingle_offer(ours, content->video ? "video" : "audio");
	ours->setup = JINGLE_SETUP_ACTPASS;
	if (is_answer)
		answer(ours, call, content);
	ours->by_responder = content->by_responder;
	memcpy(ours->fingerprint, content->fingerprint, sizeof ours->fingerprint);
	ours->has_fingerprint = true;
	ours->source = content->source;
	ours->rtx_source = ours->rtx >= 0 ? content->rtx_source : 0;
	ours->cname = g_strdup(content->cname);
	ours->has_transport = true;
	ours->ufrag = g_strdup(content->ufrag);
	ours->pwd = g_strdup(content->pwd);
	return ours;
}

static char **
names(const Call *call)
{
	g_autoptr(GStrvBuilder) builder = g_strv_builder_new();

	for (guint i = 0; i < call->contents->len; i++)
		g_strv_builder_add(builder, ((struct content *)g_ptr_array_index(call->contents, i))->name);
	return g_strv_builder_end(builder);
}

Jingle *
talk_describe(Call *call, enum jingle_action action, GError **error)
{
	g_autoptr(Jingle) jingle = jingle_new(action, call->sid);
	bool is_answer = action == JINGLE_SESSION_ACCEPT;
	Account *account = call_account(call);

	if (!account)
		return fault_null(error, FAULT_GONE, "the account %s is gone", call->account);
	if (!is_answer)
		jingle->initiator = g_strdup(stream_full_jid(account_stream(account)));
	for (guint i = 0; i < call->contents->len; i++) {
		struct content *content = g_ptr_array_index(call->contents, i);
		JingleContent *ours = talk_describe_content(call, jingle, content, is_answer);

		/* J01: without message initiation the offer itself is the ringing, and nobody said yes to it. */
		if (is_answer || call->with_jmi)
			give_candidates(ours, content);
		content->fresh = false;
	}
	if (!is_answer || call->bundled)
		jingle->bundle = names(call);
	return keys_seal_into(call->keys, jingle, error) ? g_steal_pointer(&jingle) : NULL;
}
