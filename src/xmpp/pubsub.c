/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Personal eventing (XEP-0060, XEP-0163): fetching, publishing with the right access, retracting, deleting. */
#include "api/pubsub.h"

#include <string.h>
#include <strophe.h>

#include "api/error.h"
#include "xmpp/disco.h"
#include "xmpp/forms.h"

#define PUBSUB_NS "http://jabber.org/protocol/pubsub"
#define OWNER_NS "http://jabber.org/protocol/pubsub#owner"
#define CONFIG_FORM "http://jabber.org/protocol/pubsub#node_config"
#define OPTIONS_FORM "http://jabber.org/protocol/pubsub#publish-options"

static const char *const access_words[] = {
	[PUBSUB_PRESENCE] = "presence",
	[PUBSUB_OPEN] = "open",
	[PUBSUB_WHITELIST] = "whitelist",
};

/* What the caller wants to hear, while one or more questions run for it. */
struct job {
	pubsub_done done;
	pubsub_access_done access_done;
	gpointer data;
	GDestroyNotify data_free;
	/* of a publication only */
	char *node, *item_id;
	enum pubsub_access access;
	Node *payload;
};

static struct job *
job_new(const char *node, pubsub_done done, gpointer data, GDestroyNotify data_free)
{
	struct job *job = g_new0(struct job, 1);
	*job = (struct job){ .node = g_strdup(node), .done = done, .data = data, .data_free = data_free };
	return job;
}

static void
job_free(gpointer data)
{
	struct job *job = data;
	if (job->data_free)
		job->data_free(job->data);
	node_free(job->payload);
	g_free(job->node);
	g_free(job->item_id);
	g_free(job);
}

static void
job_end(Stream *stream, struct job *job, const Element *items, const GError *error)
{
	job->done(stream, items, error, job->data);
	job_free(job);
}

static void
add_config(Node *parent, const char *form_type, enum pubsub_access access)
{
	Node *form = form_add(parent, form_type);
	form_field(form, "pubsub#persist_items", "true");
	form_field(form, "pubsub#access_model", access_words[access]);
}

/* ---- fetching, retracting, deleting, configuring: one question, one answer ---- */

static void
simple_answer(Stream *stream, const Element *result, const GError *error, gpointer data)
{
	const struct job *job = data;
	(void)result;
	job->done(stream, NULL, error, job->data);
}

static void
fetch_answer(Stream *stream, const Element *result, const GError *error, gpointer data)
{
	const struct job *job = data;
	const Element *pubsub = result ? element_child(result, "pubsub", PUBSUB_NS) : NULL;
	const Element *items = pubsub ? element_child(pubsub, "items", PUBSUB_NS) : NULL;
	g_autoptr(GError) wrong = NULL;
	if (result && (!items || g_strcmp0(element_attr(items, "node"), job->node))) {
		fault(&wrong, FAULT_PEER, "the answer does not hold what was asked for (%s)", job->node);
		items = NULL;
	}
	job->done(stream, items, wrong ? wrong : error, job->data);
}

void
pubsub_fetch(Stream *stream, const char *owner, const char *node, pubsub_done done, gpointer data, GDestroyNotify data_free)
{
	Node *pubsub = node_new("pubsub", PUBSUB_NS);
	node_attr(node_add(pubsub, "items", NULL), "node", node);
	iq_get(stream, owner, pubsub, fetch_answer, job_new(node, done, data, data_free), job_free);
}

void
pubsub_retract(Stream *stream, const char *node, const char *item_id, pubsub_done done, gpointer data, GDestroyNotify data_free)
{
	Node *pubsub = node_new("pubsub", PUBSUB_NS);
	Node *retract = node_add(pubsub, "retract", NULL);
	node_attr(retract, "node", node);
	node_attr(retract, "notify", "true");
	node_attr(node_add(retract, "item", NULL), "id", item_id);
	iq_set(stream, NULL, pubsub, simple_answer, job_new(node, done, data, data_free), job_free);
}

void
pubsub_delete_node(Stream *stream, const char *node, pubsub_done done, gpointer data, GDestroyNotify data_free)
{
	Node *pubsub = node_new("pubsub", OWNER_NS);
	node_attr(node_add(pubsub, "delete", NULL), "node", node);
	iq_set(stream, NULL, pubsub, simple_answer, job_new(node, done, data, data_free), job_free);
}

static Node *
build_configure(const char *node, enum pubsub_access access)
{
	Node *pubsub = node_new("pubsub", OWNER_NS);
	Node *configure = node_add(pubsub, "configure", NULL);
	node_attr(configure, "node", node);
	add_config(configure, CONFIG_FORM, access);
	return pubsub;
}

void
pubsub_set_access(
	Stream *stream, const char *node, enum pubsub_access access, pubsub_done done, gpointer data, GDestroyNotify data_free)
{
	iq_set(stream, NULL, build_configure(node, access), simple_answer, job_new(node, done, data, data_free), job_free);
}

static const char *
find_access(const Element *result)
{
	const Element *pubsub = element_child(result, "pubsub", OWNER_NS);
	const Element *configure = pubsub ? element_child(pubsub, "configure", OWNER_NS) : NULL;
	const Element *form = configure ? element_child(configure, "x", FORMS_NS) : NULL;
	for (const Element *field = form ? element_first(form) : NULL; field; field = element_next(field))
		if (!g_strcmp0(element_attr(field, "var"), "pubsub#access_model"))
			return element_child_text(field, "value", FORMS_NS);
	return NULL;
}

static void
access_answer(Stream *stream, const Element *result, const GError *error, gpointer data)
{
	const struct job *job = data;
	const char *access = result ? find_access(result) : NULL;
	g_autoptr(GError) silent = NULL;
	if (result && !access)
		fault(&silent, FAULT_PEER, "the server does not say who may read %s", job->node);
	job->access_done(stream, access, silent ? silent : error, job->data);
}

void
pubsub_get_access(Stream *stream, const char *node, pubsub_access_done done, gpointer data, GDestroyNotify data_free)
{
	struct job *job = job_new(node, NULL, data, data_free);
	job->access_done = done;
	Node *pubsub = node_new("pubsub", OWNER_NS);
	node_attr(node_add(pubsub, "configure", NULL), "node", node);
	iq_get(stream, NULL, pubsub, access_answer, job, job_free);
}

/* ---- publishing: with options; where that is refused, access first and then the item ---- */

static Node *
build_publish(const struct job *job, bool with_options)
{
	Node *pubsub = node_new("pubsub", PUBSUB_NS);
	Node *publish = node_add(pubsub, "publish", NULL);
	node_attr(publish, "node", job->node);
	Node *item = node_add(publish, "item", NULL);
	node_attr(item, "id", job->item_id);
	node_take(item, xmpp_stanza_copy(job->payload));
	if (with_options)
		add_config(node_add(pubsub, "publish-options", NULL), OPTIONS_FORM, job->access);
	return pubsub;
}

static void
finished(Stream *stream, const Element *result, const GError *error, gpointer data)
{
	(void)result;
	job_end(stream, data, NULL, error);
}

static void
published_plainly(Stream *stream, const Element *result, const GError *error, gpointer data)
{
	struct job *job = data;
	/* The node may have come into being only now, with the server's own access model. */
	if (result)
		iq_set(stream, NULL, build_configure(job->node, job->access), finished, job, NULL);
	else
		job_end(stream, job, NULL, error);
}

static void
configured_first(Stream *stream, const Element *result, const GError *error, gpointer data)
{
	struct job *job = data;
	bool missing = !result && !g_strcmp0(iq_condition(error), "item-not-found");
	/* What only we may read must not appear for a moment under the server's own rule. */
	if (!result && (!missing || job->access == PUBSUB_WHITELIST)) {
		job_end(stream, job, NULL, error);
		return;
	}
	iq_set(stream, NULL, build_publish(job, false), missing ? published_plainly : finished, job, NULL);
}

static void
created(Stream *stream, const Element *result, const GError *error, gpointer data)
{
	struct job *job = data;
	const char *condition = result ? NULL : iq_condition(error);
	if (result)
		iq_set(stream, NULL, build_publish(job, false), finished, job, NULL);
	else if (g_error_matches(error, FAULT, FAULT_OFFLINE) || (!condition && !result))
		job_end(stream, job, NULL, error);
	else
		iq_set(stream, NULL, build_configure(job->node, job->access), configured_first, job, NULL);
}

/* A server without publish-options: make the node with its access, then the item. */
static void
publish_in_steps(Stream *stream, struct job *job)
{
	Node *pubsub = node_new("pubsub", PUBSUB_NS);
	node_attr(node_add(pubsub, "create", NULL), "node", job->node);
	add_config(node_add(pubsub, "configure", NULL), CONFIG_FORM, job->access);
	iq_set(stream, NULL, pubsub, created, job, NULL);
}

static void
published(Stream *stream, const Element *result, const GError *error, gpointer data)
{
	struct job *job = data;
	if (result) {
		job_end(stream, job, NULL, NULL);
		return;
	}
	const char *condition = iq_condition(error), *detail = iq_condition_detail(error);
	if (!g_strcmp0(detail, "precondition-not-met"))
		iq_set(stream, NULL, build_configure(job->node, job->access), configured_first, job, NULL);
	else if (!g_strcmp0(condition, "feature-not-implemented") || !g_strcmp0(condition, "bad-request"))
		publish_in_steps(stream, job);
	else
		job_end(stream, job, NULL, error);
}

void
pubsub_publish(Stream *stream, const char *node, const char *item_id, enum pubsub_access access, Node *payload, pubsub_done done,
	gpointer data, GDestroyNotify data_free)
{
	struct job *job = job_new(node, done, data, data_free);
	job->item_id = g_strdup(item_id);
	job->access = access;
	job->payload = payload;
	/* Servers that do not know publish-options may ignore them: only what was announced is relied upon. Prosody announces
	 * it on the account, others on the server. */
	bool known = disco_is_known(stream, DISCO_ACCOUNT) && disco_is_known(stream, DISCO_SERVER);
	if (known && !disco_has(stream, DISCO_ACCOUNT, OPTIONS_FORM) && !disco_has(stream, DISCO_SERVER, OPTIONS_FORM))
		publish_in_steps(stream, job);
	else
		iq_set(stream, NULL, build_publish(job, true), published, job, NULL);
}
