/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Everything that a Jingle says, as lines to be compared. */
#include "fake/jingletext.h"

#include <string.h>

static const char *const infos[] = { "", "ringing", "hold", "unhold", "active", "mute", "unmute", "unknown" };
static const char *const setups[] = { "", "actpass", "active", "passive" };
static const char *const kinds[JMI_KINDS] = { "", "propose", "ringing", "proceed", "accept", "reject", "retract", "finish" };

/* " what value", when there is one. */
static void
add(GString *text, const char *what, const char *value)
{
	if (value && *value)
		g_string_append_printf(text, " %s%s%s", what, *what ? " " : "", value);
}

static void
add_number(GString *text, const char *what, gint64 value, gint64 none)
{
	if (value != none)
		g_string_append_printf(text, " %s %" G_GINT64_FORMAT, what, value);
}

static void
add_description(GString *text, const JingleContent *content)
{
	if (!content->media)
		return;
	g_string_append_printf(text, "\n  %s", content->media);
	add_number(text, "opus", content->opus, -1);
	add_number(text, "dtmf", content->dtmf, -1);
	add_number(text, "dtmf8", content->dtmf_narrow, -1);
	add_number(text, "vp8", content->vp8, -1);
	add_number(text, "rtx", content->rtx, -1);
	add(text, "", content->rtcp_mux ? "mux" : NULL);
	add(text, "", content->has_sdes ? "sdes" : NULL);
	add(text, "", content->nack ? "nack" : NULL);
	add(text, "", content->pli ? "pli" : NULL);
	add(text, "", content->fir ? "fir" : NULL);
	add(text, "", content->twcc ? "twcc" : NULL);
	add_number(text, "ext-twcc", content->twcc_ext, 0);
	add_number(text, "ext-mid", content->mid_ext, 0);
	add_number(text, "source", content->source, 0);
	add_number(text, "rtx-source", content->rtx_source, 0);
	add(text, "cname", content->cname);
}

static void
add_candidate(GString *text, const struct jingle_candidate *candidate)
{
	g_string_append_printf(text, "\n  %s %s %s %u", candidate->type, candidate->protocol, candidate->ip, candidate->port);
	add_number(text, "component", candidate->component, 1);
	add_number(text, "generation", candidate->generation, 0);
	add_number(text, "priority", candidate->priority, 0);
	add(text, "foundation", candidate->foundation);
	if (candidate->rel_addr)
		g_string_append_printf(text, " rel %s %u", candidate->rel_addr, candidate->rel_port);
}

static void
add_transport(GString *text, const JingleContent *content)
{
	g_autofree char *print = content->has_fingerprint ? jingle_fingerprint_text(content->fingerprint) : NULL;

	if (content->foreign_transport)
		g_string_append(text, "\n  foreign transport");
	if (!content->has_transport)
		return;
	g_string_append(text, "\n  ice");
	add(text, "ufrag", content->ufrag);
	add(text, "pwd", content->pwd);
	add(text, "setup", setups[content->setup]);
	add(text, "clear", print);
	if (content->sealed) {
		add(text, "sealed", content->sealed_ns);
		add(text, "as", element_ns(content->sealed));
	}
	for (guint i = 0; content->candidates && i < content->candidates->len; i++)
		add_candidate(text, &g_array_index(content->candidates, struct jingle_candidate, i));
	if (content->gathering_complete)
		g_string_append(text, "\n  gathered");
}

char *
jingle_text(const Jingle *jingle)
{
	GString *text = g_string_new(jingle_action_word(jingle->action));

	add(text, "sid", jingle->sid);
	add(text, "initiator", jingle->initiator);
	add(text, "responder", jingle->responder);
	for (char **name = jingle->bundle; name && *name; name++)
		add(text, "bundle", *name);
	add(text, "info", infos[jingle->info]);
	add(text, "of", jingle->info_name);
	add(text, "reason", jingle->reason);
	add(text, "text", jingle->reason_text);
	add(text, "secret", jingle->secret ? element_ns(jingle->secret) : NULL);
	for (guint i = 0; i < jingle->contents->len; i++) {
		const JingleContent *content = g_ptr_array_index(jingle->contents, i);
		g_string_append_printf(text, "\n content %s", content->name);
		add(text, "senders", content->senders);
		add(text, "", content->by_responder ? "by responder" : NULL);
		add_description(text, content);
		add_transport(text, content);
	}
	return g_string_free(text, FALSE);
}

char *
jmi_text(const struct jmi *jmi)
{
	GString *text = g_string_new(kinds[jmi->kind]);

	add(text, "sid", jmi->sid);
	add(text, "", jmi->audio ? "audio" : NULL);
	add(text, "", jmi->video ? "video" : NULL);
	add(text, "", jmi->other ? "other" : NULL);
	add_number(text, "device", jmi->device, 0);
	add(text, "reason", jmi->reason);
	add(text, "", jmi->tie_break ? "tie-break" : NULL);
	add(text, "migrated", jmi->migrated_to);
	return g_string_free(text, FALSE);
}

char *
jingle_text_next(const char *sent, const char *action, const char *call_ns, gsize *at)
{
	const char *begin, *end;

	for (gsize from = *at; (begin = strstr(sent + from, "<jingle ")) && (end = strstr(begin, "</jingle>"));
		from = (gsize)(end - sent)) {
		g_autoptr(Stanza) stanza = stanza_parse(begin, (gsize)(end - begin) + strlen("</jingle>"), NULL);
		g_autoptr(Jingle) jingle = stanza ? jingle_read(stanza_root(stanza), call_ns, NULL) : NULL;

		if (!jingle || strcmp(jingle_action_word(jingle->action), action) != 0)
			continue;
		*at = (gsize)(end - sent);
		return jingle_text(jingle);
	}
	return NULL;
}

Node *
jingle_rewrite(Jingle *jingle)
{
	for (guint i = 0; i < jingle->contents->len; i++) {
		JingleContent *content = g_ptr_array_index(jingle->contents, i);
		if (content->sealed && !content->seal)
			content->seal = node_copy(content->sealed);
	}
	if (jingle->secret && !jingle->secret_seal)
		jingle->secret_seal = node_copy(jingle->secret);
	return jingle_write(jingle);
}
