/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Questions and answers: pending ones by id, unguessable, and only the one who was asked may answer. */
#include "xmpp/iq.h"

#include "api/error.h"
#include "api/jid.h"
#include "api/stream.h"
#include "api/timer.h"
#include "base/text.h"
#include "xmpp/asked.h"
#include "xmpp/ns.h"
#include "xmpp/stream.h"

#include <string.h>

enum { TIMEOUT_MS = 60000 };

struct question {
	Stream *stream;
	char *id, *to; /* to NULL: our own account */
	iq_done done;
	gpointer data;
	GDestroyNotify data_free;
	gint64 until;
	GList link; /* in order of asking, which is the order of their ends */
};

static GHashTable *questions; /* id -> struct question, of all streams */
static GQueue order = G_QUEUE_INIT;
static guint timer;

/* What an error answer said, valid while done runs. */
static const char *condition, *condition_detail;

static void watch(void);

static struct question *
take(struct question *question)
{
	g_hash_table_remove(questions, question->id);
	g_queue_unlink(&order, &question->link);
	return question;
}

static void
finish(struct question *question, const Element *result, const GError *error)
{
	question->done(question->stream, result, error, question->data);
	if (question->data_free)
		question->data_free(question->data);
	g_free(question->id);
	g_free(question->to);
	g_free(question);
}

/* ---- asking ---- */

static void
on_timer(gpointer data)
{
	(void)data;
	timer = 0;
	for (;;) {
		struct question *question = g_queue_peek_head(&order);
		g_autoptr(GError) error = NULL;
		if (!question || question->until > clock_monotonic())
			break;
		fault(&error, FAULT_NETWORK, "no answer from %s", question->to ? question->to : "your server");
		finish(take(question), NULL, error);
	}
	watch();
}

static void
watch(void)
{
	const struct question *first = g_queue_peek_head(&order);

	if (timer || !first)
		return;
	timer = clock_after((guint)(MAX(first->until - clock_monotonic(), 0) / 1000 + 1), on_timer, NULL, NULL);
}

static void
watch_off(void)
{
	if (g_queue_is_empty(&order)) {
		clock_cancel(timer);
		timer = 0;
	}
}

static void
on_offline(gpointer data)
{
	struct question *question = g_hash_table_lookup(questions, data);
	g_autoptr(GError) error = NULL;

	if (!question)
		return;
	fault(&error, FAULT_OFFLINE, "%s is not connected", stream_jid(question->stream));
	finish(take(question), NULL, error);
	watch_off();
}

static void
put_question(Stream *stream, const char *type, const char *to, Node *payload, iq_done done, gpointer data, GDestroyNotify data_free)
{
	struct question *question = g_new0(struct question, 1);
	Node *iq = node_new("iq", NULL);

	if (!questions)
		questions = g_hash_table_new(g_str_hash, g_str_equal);
	*question = (struct question){ stream, text_random_id(), g_strdup(to), done, data, data_free,
		clock_monotonic() + TIMEOUT_MS * G_TIME_SPAN_MILLISECOND, { 0 } };
	question->link.data = question;
	g_hash_table_insert(questions, question->id, question);
	g_queue_push_tail_link(&order, &question->link);
	node_attr(iq, "type", type);
	node_attr(iq, "id", question->id);
	node_attr(iq, "to", to);
	if (payload)
		node_take(iq, payload);
	if (stream_send(stream, iq))
		watch();
	else
		clock_after(0, on_offline, g_strdup(question->id), g_free);
}

void
iq_get(Stream *stream, const char *to, Node *payload, iq_done done, gpointer data, GDestroyNotify data_free)
{
	put_question(stream, "get", to, payload, done, data, data_free);
}

void
iq_set(Stream *stream, const char *to, Node *payload, iq_done done, gpointer data, GDestroyNotify data_free)
{
	put_question(stream, "set", to, payload, done, data, data_free);
}

/* ---- answers ---- */

/* RFC 6120 §8.1.2.1: for the account its server speaks, with our bare JID or without any; our own full JID and the server's
 * name come from the same hand. Everybody else answers with the address that was asked. */
static bool
may_answer(const struct question *question, const char *from)
{
	const char *own = stream_jid(question->stream), *full = stream_full_jid(question->stream);
	g_autofree char *domain = jid_domain(own), *bare = question->to ? NULL : jid_bare(own);

	if (!question->to)
		return !from || strcmp(from, bare) == 0 || g_strcmp0(from, full) == 0 || strcmp(from, domain) == 0;
	if (strcmp(question->to, own) == 0)
		return !from || strcmp(from, own) == 0 || g_strcmp0(from, full) == 0;
	if (strcmp(question->to, domain) == 0)
		return !from || strcmp(from, domain) == 0;
	return from && strcmp(from, question->to) == 0;
}

static const struct {
	const char *condition, *words;
	enum fault code;
} conditions[] = {
	{ "item-not-found", "there is no such thing", FAULT_GONE },
	{ "service-unavailable", "nobody answers there, or not this", FAULT_PEER },
	{ "feature-not-implemented", "this is not offered there", FAULT_PEER },
	{ "forbidden", "this is not allowed to you", FAULT_PEER },
	{ "not-allowed", "this is not allowed", FAULT_PEER },
	{ "not-authorized", "this needs an authorisation", FAULT_PEER },
	{ "registration-required", "members only", FAULT_PEER },
	{ "conflict", "it exists already, or clashes with another", FAULT_PEER },
	{ "remote-server-not-found", "its server does not exist", FAULT_NETWORK },
	{ "remote-server-timeout", "its server does not answer", FAULT_NETWORK },
	{ "recipient-unavailable", "it is not there at the moment", FAULT_PEER },
	{ "resource-constraint", "it is too busy, try again later", FAULT_BUSY },
	{ "policy-violation", "this is against its rules", FAULT_PEER },
	{ "bad-request", "it did not understand the question", FAULT_PEER },
	{ "jid-malformed", "the address is not a valid one", FAULT_INPUT },
	{ "gone", "it has moved away", FAULT_GONE },
};

static void
set_error(const struct question *question, const Element *iq, GError **error)
{
	const Element *element = element_child(iq, "error", NS_CLIENT);
	const char *words = NULL, *said = NULL;
	enum fault code = FAULT_PEER;
	g_autofree char *text = NULL;

	condition = condition_detail = NULL;
	for (const Element *e = element ? element_first(element) : NULL; e; e = element_next(e)) {
		if (element_is(e, "text", NS_STANZA_ERROR))
			said = element_text(e);
		else if (element_is(e, NULL, NS_STANZA_ERROR))
			condition = condition ? condition : element_name(e);
		else
			condition_detail = condition_detail ? condition_detail : element_name(e);
	}
	for (guint i = 0; condition && i < G_N_ELEMENTS(conditions); i++) {
		if (strcmp(conditions[i].condition, condition) == 0) {
			words = conditions[i].words;
			code = conditions[i].code;
		}
	}
	text = text_cut(said && *said ? said : condition ? condition : "no reason given", 200);
	fault(error, code, "%s: %s%s%s%s", question->to ? question->to : "your server", words ? words : "it refused", " (", text,
		")");
}

bool
iq_answered(Stream *stream, const Element *iq)
{
	const char *id = element_attr(iq, "id"), *type = element_attr(iq, "type");
	struct question *question = id && questions ? g_hash_table_lookup(questions, id) : NULL;
	bool good = g_strcmp0(type, "result") == 0;

	/* RFC 6120 §8.2.3 knows no third kind: it would end the question with an answer that is none. */
	if (!good && g_strcmp0(type, "error") != 0)
		return false;
	if (!question || question->stream != stream || !may_answer(question, element_attr(iq, "from")))
		return false;
	take(question);
	watch_off();
	if (good) {
		finish(question, iq, NULL);
	} else {
		g_autoptr(GError) error = NULL;
		set_error(question, iq, &error);
		finish(question, NULL, error);
		condition = condition_detail = NULL;
	}
	return true;
}

bool
iq_may_be_large(gpointer stream, const char *from, const char *id)
{
	const struct question *question = questions ? g_hash_table_lookup(questions, id) : NULL;
	g_autofree char *domain = jid_domain(stream_jid(stream));

	return question && question->stream == stream && may_answer(question, from) &&
	       (!question->to || strcmp(question->to, stream_jid(stream)) == 0 || strcmp(question->to, domain) == 0);
}

void
iq_lost(Stream *stream)
{
	GList *lost = NULL;

	for (GList *l = order.head; l; l = l->next) {
		if (((struct question *)l->data)->stream == stream)
			lost = g_list_prepend(lost, l->data);
	}
	lost = g_list_reverse(lost);
	for (GList *l = lost; l; l = l->next)
		take(l->data);
	watch_off();
	while (lost) {
		g_autoptr(GError) error = NULL;
		struct question *question = lost->data;
		lost = g_list_delete_link(lost, lost);
		fault(&error, FAULT_OFFLINE, "the connection of %s was lost before an answer came", stream_jid(stream));
		finish(question, NULL, error);
	}
}

const char *
iq_condition(const GError *error)
{
	return error ? condition : NULL;
}

const char *
iq_condition_detail(const GError *error)
{
	return error ? condition_detail : NULL;
}

/* ---- answering ---- */

static Node *
reply(const Element *iq, const char *type)
{
	Node *node = node_new("iq", NULL);

	node_attr(node, "type", type);
	node_attr(node, "id", element_attr(iq, "id"));
	node_attr(node, "to", element_attr(iq, "from"));
	return node;
}

void
iq_result(Stream *stream, const Element *iq, Node *payload)
{
	Node *node = reply(iq, "result");

	asked_note(stream, iq, true);
	if (payload)
		node_take(node, payload);
	stream_send(stream, node);
}

void
iq_error_detail(Stream *stream, const Element *iq, const char *type, const char *name, const char *detail, const char *ns)
{
	Node *node = reply(iq, "error"), *error = node_add(node, "error", NULL);

	asked_note(stream, iq, false);
	node_attr(error, "type", type);
	node_add(error, name, NS_STANZA_ERROR);
	if (detail)
		node_add(error, detail, ns);
	stream_send(stream, node);
}

void
iq_error(Stream *stream, const Element *iq, const char *type, const char *name)
{
	iq_error_detail(stream, iq, type, name, NULL, NULL);
}
