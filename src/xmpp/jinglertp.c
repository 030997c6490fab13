/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The <description/> of a content. */
#include "xmpp/jinglertp.h"

#include <string.h>

#include "api/error.h"
#include "xmpp/jinglesource.h"
#include "xmpp/jinglevalue.h"

#define FEEDBACK_NS "urn:xmpp:jingle:apps:rtp:rtcp-fb:0"
#define HDREXT_NS "urn:xmpp:jingle:apps:rtp:rtp-hdrext:0"
#define URI_TWCC "http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01"
#define URI_MID "urn:ietf:params:rtp-hdrext:sdes:mid"

/* The codecs there are for us. */
static const struct codec {
	const char *media, *name;
	guint32 clock, channels;
	size_t field; /* of JingleContent: its payload type */
} codecs[] = {
	{ "audio", "opus", 48000, 2, offsetof(JingleContent, opus) },
	/* RFC 4733 §2.5.1.1: on the clock of the sound that it is part of. */
	{ "audio", "telephone-event", 48000, 1, offsetof(JingleContent, dtmf) },
	/* Gateways to telephones know no other. */
	{ "audio", "telephone-event", 8000, 1, offsetof(JingleContent, dtmf_narrow) },
	{ "video", "VP8", 90000, 1, offsetof(JingleContent, vp8) },
	{ "video", "rtx", 90000, 1, offsetof(JingleContent, rtx) },
};

static const struct feedback {
	const char *type, *subtype;
	size_t field;
	const char *media; /* NULL: of either */
} feedbacks[] = {
	{ "transport-cc", NULL, offsetof(JingleContent, twcc), NULL },
	{ "nack", NULL, offsetof(JingleContent, nack), "video" },
	{ "nack", "pli", offsetof(JingleContent, pli), "video" },
	{ "ccm", "fir", offsetof(JingleContent, fir), "video" },
};

static const struct extension {
	const char *uri;
	size_t field;
} extensions[] = {
	{ URI_TWCC, offsetof(JingleContent, twcc_ext) },
	{ URI_MID, offsetof(JingleContent, mid_ext) },
};

#define FIELD(type, content, offset) ((type *)((char *)(content) + (offset)))

/* ---- reading ---- */

/* What is said of one payload type. */
struct payload {
	guint32 id, clock, channels;
	const char *name;
	const Element *element;
};

static bool
read_payload(const Element *element, struct payload *payload, GError **error)
{
	*payload = (struct payload){ .channels = 1, .name = value_attr(element, "name"), .element = element };
	if (!value_number(value_attr(element, "id"), 0, 127, &payload->id))
		return fault(error, FAULT_PEER, "a payload type has no number from 0 to 127");
	return value_number_attr(element, "clockrate", 1, G_MAXINT32, &payload->clock, error) &&
	       value_number_attr(element, "channels", 1, 255, &payload->channels, error);
}

/* RFC 5761 §4: with RTCP on the same port these are its packet types. */
static bool
is_usable(guint32 id)
{
	return id < 64 || id > 95;
}

static bool
fits(const struct codec *codec, const JingleContent *content, const struct payload *payload)
{
	return !strcmp(codec->media, content->media) && !g_ascii_strcasecmp(codec->name, payload->name) &&
	       codec->clock == payload->clock && codec->channels == payload->channels && is_usable(payload->id);
}

static const struct payload *
find_payload(const GArray *payloads, guint32 id)
{
	for (guint i = 0; i < payloads->len; i++) {
		const struct payload *payload = &g_array_index(payloads, struct payload, i);
		if (payload->id == id)
			return payload;
	}
	return NULL;
}

static bool
repeats(const JingleContent *content, const Element *payload)
{
	for (const Element *child = element_first(payload); child; child = element_next(child)) {
		guint32 apt;
		if (element_is(child, "parameter", JINGLE_RTP_NS) && !strcmp(value_attr(child, "name"), "apt") &&
			value_number(value_attr(child, "value"), 0, 127, &apt))
			return content->vp8 == (int)apt;
	}
	return false;
}

/* The first that is offered of each, as their order is that of preference. The table has VP8 before what repeats it. */
static void
choose_payloads(JingleContent *content, const GArray *payloads)
{
	for (guint c = 0; c < G_N_ELEMENTS(codecs); c++) {
		int *type = FIELD(int, content, codecs[c].field);
		for (guint i = 0; i < payloads->len && *type < 0; i++) {
			const struct payload *payload = &g_array_index(payloads, struct payload, i);
			if (fits(&codecs[c], content, payload) && (type != &content->rtx || repeats(content, payload->element)))
				*type = (int)payload->id;
		}
	}
}

static bool
is_of(const struct feedback *feedback, const char *media)
{
	return !feedback->media || !strcmp(feedback->media, media);
}

/* XEP-0293 §3: within a payload type, or for all of them. */
static void
read_feedback(JingleContent *content, const Element *parent)
{
	for (const Element *child = element_first(parent); child; child = element_next(child)) {
		if (!element_is(child, "rtcp-fb", FEEDBACK_NS))
			continue;
		for (guint i = 0; i < G_N_ELEMENTS(feedbacks); i++) {
			if (is_of(&feedbacks[i], content->media) && !strcmp(value_attr(child, "type"), feedbacks[i].type) &&
				!g_strcmp0(element_attr(child, "subtype"), feedbacks[i].subtype))
				*FIELD(bool, content, feedbacks[i].field) = true;
		}
	}
}

static bool
read_payloads(const Element *description, JingleContent *content, GError **error)
{
	g_autoptr(GArray) payloads = g_array_new(FALSE, FALSE, sizeof(struct payload));

	for (const Element *child = element_first(description); child; child = element_next(child)) {
		struct payload payload;
		if (!element_is(child, "payload-type", JINGLE_RTP_NS))
			continue;
		if (!read_payload(child, &payload, error))
			return false;
		if (find_payload(payloads, payload.id))
			return fault(error, FAULT_PEER, "payload type %u is there twice", payload.id);
		g_array_append_val(payloads, payload);
	}
	choose_payloads(content, payloads);
	if (content->dtmf >= 0)
		content->dtmf_narrow = -1;
	const int ours[] = { content->opus, content->vp8 };
	for (guint i = 0; i < G_N_ELEMENTS(ours); i++) {
		if (ours[i] >= 0)
			read_feedback(content, find_payload(payloads, (guint32)ours[i])->element);
	}
	read_feedback(content, description);
	return true;
}

/* RFC 8285 §4.2: the short form knows 1 to 14; others are not for us. */
static bool
read_extension(const Element *element, JingleContent *content, GError **error)
{
	for (guint i = 0; i < G_N_ELEMENTS(extensions); i++) {
		guint *id = FIELD(guint, content, extensions[i].field);
		if (strcmp(value_attr(element, "uri"), extensions[i].uri))
			continue;
		if (*id)
			return fault(error, FAULT_PEER, "a header extension is there twice");
		guint32 said;
		if (!value_number(value_attr(element, "id"), 1, 4351, &said))
			return fault(error, FAULT_PEER, "a header extension has no number");
		*id = said <= 14 ? said : 0;
	}
	if (content->twcc_ext && content->twcc_ext == content->mid_ext)
		return fault(error, FAULT_PEER, "two header extensions have the number %u", content->mid_ext);
	return true;
}

bool
jinglertp_read(const Element *description, JingleContent *content, GError **error)
{
	const char *media = value_attr(description, "media");

	if (!*media)
		return fault(error, FAULT_PEER, "a description says no media");
	/* Text, applications: a content that we have no use for, and no fault. */
	if (strcmp(media, "audio") && strcmp(media, "video"))
		return true;
	content->media = g_strdup(media);
	if (!read_payloads(description, content, error))
		return false;
	for (const Element *child = element_first(description); child; child = element_next(child)) {
		if (element_is(child, "rtcp-mux", JINGLE_RTP_NS))
			content->rtcp_mux = true;
		if (element_is(child, "encryption", JINGLE_RTP_NS) && element_child(child, "crypto", JINGLE_RTP_NS))
			content->has_sdes = true;
		if (element_is(child, "rtp-hdrext", HDREXT_NS) && !read_extension(child, content, error))
			return false;
		if (!jinglesource_read(child, content, error))
			return false;
	}
	if (content->source)
		return true;
	return value_number_attr(description, "ssrc", 1, G_MAXUINT32, &content->source, error);
}

/* ---- writing ---- */

static void
add_parameter(Node *payload, const char *name, int value)
{
	Node *parameter = node_add(payload, "parameter", JINGLE_RTP_NS);
	node_attr(parameter, "name", name);
	node_attr_int(parameter, "value", value);
}

static void
write_feedback(Node *payload, const JingleContent *content)
{
	for (guint i = 0; i < G_N_ELEMENTS(feedbacks); i++) {
		if (!*FIELD(const bool, content, feedbacks[i].field) || !is_of(&feedbacks[i], content->media))
			continue;
		Node *feedback = node_add(payload, "rtcp-fb", FEEDBACK_NS);
		node_attr(feedback, "type", feedbacks[i].type);
		node_attr(feedback, "subtype", feedbacks[i].subtype);
	}
}

static Node *
write_payload(Node *description, const struct codec *codec, int type)
{
	Node *payload = node_add(description, "payload-type", JINGLE_RTP_NS);

	node_attr_int(payload, "id", type);
	node_attr(payload, "name", codec->name);
	node_attr_int(payload, "clockrate", codec->clock);
	if (codec->channels > 1)
		node_attr_int(payload, "channels", codec->channels);
	return payload;
}

static void
write_payloads(Node *description, const JingleContent *content)
{
	for (guint i = 0; i < G_N_ELEMENTS(codecs); i++) {
		const int *type = FIELD(const int, content, codecs[i].field);
		if (*type < 0 || strcmp(codecs[i].media, content->media))
			continue;
		Node *payload = write_payload(description, &codecs[i], *type);
		if (type == &content->opus)
			add_parameter(payload, "useinbandfec", 1);
		if (type == &content->rtx)
			add_parameter(payload, "apt", content->vp8);
		if (type == &content->opus || type == &content->vp8)
			write_feedback(payload, content);
	}
}

void
jinglertp_write(Node *parent, const JingleContent *content)
{
	if (!content->media)
		return;
	Node *description = node_add(parent, "description", JINGLE_RTP_NS);
	node_attr(description, "media", content->media);
	write_payloads(description, content);
	for (guint i = 0; i < G_N_ELEMENTS(extensions); i++) {
		guint id = *FIELD(const guint, content, extensions[i].field);
		if (!id)
			continue;
		Node *extension = node_add(description, "rtp-hdrext", HDREXT_NS);
		node_attr_int(extension, "id", id);
		node_attr(extension, "uri", extensions[i].uri);
	}
	jinglesource_write(description, content);
	if (content->rtcp_mux)
		node_add(description, "rtcp-mux", JINGLE_RTP_NS);
}
