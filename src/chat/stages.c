/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The stages of the outbox. A stage does its part, waits (the lane says for what), or fails with the sentence that a person reads.
 */
#include "chat/outbox-private.h"

#include "account/account.h"
#include "api/ask.h"
#include "api/event.h"
#include "api/log.h"
#include "api/store.h"
#include "base/text.h"
#include "chat/chat.h"
#include "chat/filter.h"
#include "chat/msgcodec.h"
#include "store/archive.h"
#include "store/outbox-table.h"
#include "xmpp/stream.h"

#include <string.h>

static enum step
stage_filter(struct job *job, GError **error)
{
	if (!filter_text(job->message, error))
		return STEP_FAILED;
	if (!*job->message->body) {
		fault(error, FAULT_INPUT, "there is no text to send");
		return STEP_FAILED;
	}
	return STEP_NEXT;
}

/* What it will be sealed with and how far that is trusted, as far as one can say before it is sealed: without a person's yes it
 * leaves sealed or not at all. */
static void
expect_seal(struct job *job)
{
	const struct e2ee_provider *provider = e2ee_provider();
	Conversation *conv = job->lane->conv;

	if (!provider || convo_seal_state(conv) == CONVO_READABLE)
		return;
	job->message->seal = g_strdup(provider->name);
	job->message->trust = convo_trust(conv);
}

/* A correction is drawn in the place of its original; its own row only serves the way out. */
static bool
correct_original(Message *message, Message **original, GError **error)
{
	g_autofree char *old = NULL;

	*original = message->replaces
			    ? archive_find_wire_id(message->account, message->conversation, message->replaces, MESSAGE_OUT, NULL)
			    : NULL;
	if (!*original)
		return true;
	message->hidden = true;
	old = (*original)->body;
	(*original)->body = g_strdup(message->body);
	(*original)->edited = true;
	return archive_correct(*original, old, error);
}

static enum step
stage_keep(struct job *job, GError **error)
{
	Message *message = job->message;
	g_autoptr(Message) original = NULL;

	message->wire_id = text_random_id();
	message->origin_id = g_strdup(message->wire_id);
	expect_seal(job);
	if (!store_begin(error))
		return STEP_FAILED;
	if (!correct_original(message, &original, error) || !archive_add(message, error) ||
		!(job->row = outbox_table_add(message->account, message->row, error))) {
		store_rollback();
		return STEP_FAILED;
	}
	if (!store_commit(STORE_NOW, error))
		return STEP_FAILED;
	job_know(job);
	message_emit(EVENT_MESSAGE_ADDED, message);
	if (original)
		message_emit(EVENT_MESSAGE_CHANGED, original);
	return STEP_NEXT;
}

/* What is asked of the peer's client is decided when it leaves, not when it was typed. */
static enum step
stage_encode(struct job *job, GError **error)
{
	(void)error;
	job->message->wants_receipt = chat_settings.receipts;
	job->message->wants_marker = chat_settings.markers;
	return STEP_NEXT;
}

static enum step
wait_for_trust(struct job *job)
{
	/* No alert: that of the new device was one. */
	message_reach(job->message, MESSAGE_PENDING, job->sentence);
	return wait_in(job->lane, LANE_STUCK);
}

/* The seal and trust that it really got, where that is not what was expected. */
static bool
keep_seal(struct job *job, const char *seal, enum trust trust, GError **error)
{
	g_autoptr(Message) kept = NULL;

	if (!g_strcmp0(job->message->seal, seal) && job->message->trust == trust)
		return true;
	kept = archive_get(job->message->row, error);
	if (!kept)
		return !error || !*error;
	g_free(kept->seal);
	kept->seal = g_strdup(seal);
	kept->trust = trust;
	return archive_set_opened(kept, error);
}

static void
take_seal(Message *message, const char *seal, enum trust trust)
{
	bool changed = g_strcmp0(message->seal, seal) != 0 || message->trust != trust;

	g_free(message->seal);
	message->seal = g_strdup(seal);
	message->trust = trust;
	if (changed && !message->hidden)
		message_emit(EVENT_MESSAGE_STATE, message);
}

/* A person allowed what waits here, and what follows, to be read by the servers. */
static void
allow_readable(struct lane *lane)
{
	g_autoptr(GError) error = NULL;

	for (GList *link = lane->jobs.head; link; link = link->next) {
		struct job *job = link->data;

		if (!keep_seal(job, NULL, TRUST_NONE, &error))
			log_warning("a message cannot be changed: %s", error->message);
		g_clear_error(&error);
		take_seal(job->message, NULL, TRUST_NONE);
	}
	if (!convo_set_seal(lane->conv, CONVO_READABLE, &error))
		alert(convo_account_jid(lane->conv), convo_peer(lane->conv), "not-sent", "%s", error->message);
}

static void
refuse_readable(struct lane *lane)
{
	g_autoptr(GError) refusal = NULL;

	fault(&refusal, FAULT_TRUST, "%s offers no keys and it was not to be sent readable", convo_peer(lane->conv));
	while (!g_queue_is_empty(&lane->jobs))
		job_fail(g_queue_peek_head(&lane->jobs), refusal);
}

static void
person_said(const char *choice, gpointer data)
{
	struct job *job = job_find(*(const guint64 *)data);
	struct lane *lane = job ? job->lane : NULL;

	if (!lane || lane->state != LANE_ASKING)
		return;
	lane->question = 0;
	lane->state = choice ? LANE_FREE : LANE_STUCK;
	if (!g_strcmp0(choice, "yes"))
		allow_readable(lane);
	else if (choice)
		refuse_readable(lane);
	lane_pump(lane);
}

static enum step
ask_for_readable(struct job *job, const char *why)
{
	static const char *const choices[] = { "no", "yes", NULL };
	Conversation *conv = job->lane->conv;
	g_autofree char *text = g_strdup_printf("%s - send readable by both servers?", why);

	message_reach(job->message, MESSAGE_PENDING, "waits for an answer: may it be sent readable?");
	job->lane->state = LANE_ASKING;
	job->lane->question = ask(
		convo_account_jid(conv), convo_peer(conv), text, choices, person_said, g_memdup2(&job->id, sizeof job->id), g_free);
	return STEP_WAIT;
}

static enum step
without_keys(struct job *job, GError **error)
{
	Conversation *conv = job->lane->conv;
	g_autofree char *why = NULL;

	if (convo_seal_state(conv) == CONVO_SEALED) {
		fault(error, FAULT_TRUST, "no keys of %s can be found - /encrypt off %s to send readable", convo_peer(conv),
			convo_peer(conv));
		return STEP_FAILED;
	}
	why = job->sentence ? g_strdup(job->sentence) : g_strdup_printf("%s offers no keys", convo_peer(conv));
	return ask_for_readable(job, why);
}

static enum step
without_answer(struct job *job)
{
	g_autofree char *reason = job->sentence ? g_strconcat(job->sentence, " - sotto keeps trying", NULL) : NULL;

	return wait_and_retry(job, reason);
}

static enum step
judge(struct job *job, GError **error)
{
	switch (job->readiness) {
	case E2EE_READY:
		job->how = HOW_SEALED;
		job->lane->delay = 0;
		convo_calm(job->lane->conv, "undecided");
		return STEP_NEXT;
	case E2EE_NO_KEYS:
		return without_keys(job, error);
	case E2EE_UNDECIDED:
		return wait_for_trust(job);
	case E2EE_RETRY:
		return without_answer(job);
	case E2EE_BLOCKED:
		break;
	}
	fault(error, FAULT_TRUST, "%s", job->sentence ? job->sentence : "it could not be sealed");
	return STEP_FAILED;
}

/* A readable chat stays so until a person says otherwise, who learns once that it need not. */
static void
tell_of_keys(Conversation *conv)
{
	const struct e2ee_provider *provider = e2ee_provider();
	g_autofree char *key = NULL, *told = NULL, *note = NULL;

	if (!provider || !convo_first_time(conv, "keys") || !provider->usable(convo_account(conv), convo_peer(conv)))
		return;
	key = g_strconcat("told of keys of ", convo_peer(conv), NULL);
	told = memory_get(convo_account_jid(conv), key);
	if (told)
		return;
	memory_put(convo_account_jid(conv), key, "yes");
	note = g_strdup_printf("%s offers keys: /encrypt on seals this chat", convo_title(conv));
	convo_note(conv, note);
}

static enum step
prepare_readable(struct job *job, GError **error)
{
	if (job->message->seal) {
		fault(error, FAULT_TRUST, "encryption was switched off before it was sent - /resend sends it, readable");
		return STEP_FAILED;
	}
	tell_of_keys(job->lane->conv);
	job->how = HOW_READABLE;
	return STEP_NEXT;
}

static enum step
without_provider(struct job *job)
{
	if (convo_seal_state(job->lane->conv) == CONVO_SEAL_AUTO)
		return ask_for_readable(job, "no plugin for encryption is loaded");
	const char *name = convo_provider(job->lane->conv);
	g_autofree char *why = g_strdup_printf("messages here wait until the plugin that seals them is loaded: /plugin load%s%s",
		name ? " " : "", name ? name : "");
	message_reach(job->message, MESSAGE_PENDING, why);
	return wait_in(job->lane, LANE_STUCK);
}

static enum step
stage_prepare(struct job *job, GError **error)
{
	Conversation *conv = job->lane->conv;
	const struct e2ee_provider *provider = e2ee_provider();
	bool answered = job->answered;

	job->answered = false;
	if (convo_seal_state(conv) == CONVO_READABLE)
		return prepare_readable(job, error);
	if (!provider)
		return without_provider(job);
	if (answered)
		return judge(job, error);
	ask_provider(job, provider);
	if (!job->answered)
		return STEP_WAIT;
	job->answered = false;
	return judge(job, error);
}

static void
stamp(struct job *job, Stream *stream)
{
	job->sequence = stream_next_sequence(stream);
	g_free(job->session);
	job->session = g_strdup(stream_session(stream));
}

static bool
keep_stanza(struct job *job, GError **error)
{
	return outbox_table_set_stanza(job->row, job->stanza, job->sequence, job->session, error);
}

/* Inside the transaction. Without a provider's element only a chat that a person made readable passes. */
static bool
build(struct job *job, const struct e2ee_provider *provider, enum trust *trust, GError **error)
{
	Conversation *conv = job->lane->conv;
	g_autoptr(Node) sealed = NULL;

	if (job->how == HOW_SEALED) {
		if (!provider)
			return fault(error, FAULT_TRUST, "the plugin for encryption is gone");
		sealed = provider->seal(convo_account(conv), convo_peer(conv), job->message->body, trust, error);
		if (!sealed)
			return false;
	} else if (job->how != HOW_READABLE || convo_seal_state(conv) != CONVO_READABLE) {
		return fault(error, FAULT_TRUST, "the chat is encrypted and the text is not");
	}
	g_free(job->stanza);
	job->stanza = msgcodec_encode(job->message, g_steal_pointer(&sealed), provider);
	return keep_seal(job, provider ? provider->name : NULL, *trust, error) && keep_stanza(job, error) &&
	       (!provider || convo_keep_sealed(conv, provider->name, error));
}

static bool
build_durably(struct job *job, const struct e2ee_provider *provider, enum trust *trust, GError **error)
{
	if (!store_begin(error))
		return false;
	if (build(job, provider, trust, error))
		return store_commit(STORE_NOW, error);
	store_rollback();
	return false;
}

/* Ratchet, final stanza and sequence are durable in one step before a byte leaves, or nothing of it happened. */
static enum step
stage_seal(struct job *job, GError **error)
{
	const struct e2ee_provider *provider = job->how == HOW_SEALED ? e2ee_provider() : NULL;
	enum trust trust = TRUST_NONE;
	g_autoptr(GError) trouble = NULL;
	g_autofree char *reason = NULL;

	stamp(job, job_stream(job));
	if (build_durably(job, provider, &trust, &trouble)) {
		job->sealed_by = provider ? provider->name : NULL;
		job->sealed_trust = trust;
		job->untold = true;
		return STEP_NEXT;
	}
	g_clear_pointer(&job->stanza, g_free);
	if (g_error_matches(trouble, FAULT, FAULT_STORE)) {
		job->stage = STAGE_ENCODE;
		reason = g_strdup_printf("waits: %s", trouble->message);
		return wait_and_retry(job, reason);
	}
	g_propagate_error(error, g_steal_pointer(&trouble));
	return STEP_FAILED;
}

static bool
is_stamped(const struct job *job, const Stream *stream)
{
	return job->sequence == stream_next_sequence(stream) && !g_strcmp0(job->session, stream_session(stream));
}

static bool
stamp_again(struct job *job, Stream *stream, GError **error)
{
	stamp(job, stream);
	if (!store_begin(error))
		return false;
	if (keep_stanza(job, error))
		return store_commit(STORE_NOW, error);
	store_rollback();
	return false;
}

/* Its number will be that of another stanza: after a kill it must not be taken for acknowledged. */
static void
not_written(struct job *job)
{
	job->sequence = 0;
	g_clear_pointer(&job->session, g_free);
	if (!outbox_table_set_stanza(job->row, job->stanza, 0, NULL, NULL) || !store_begin(NULL))
		return;
	store_commit(STORE_NOW, NULL);
}

/* Whoever hears of it may write to the stream: not between the number and the stanza that has it. */
static void
tell_seal(struct job *job)
{
	if (!job->untold)
		return;
	job->untold = false;
	if (job->sealed_by)
		convo_was_sealed(job->lane->conv, job->sealed_by);
	take_seal(job->message, job->sealed_by, job->sealed_trust);
}

static enum step
stage_send(struct job *job, GError **error)
{
	Stream *stream = job_stream(job);
	g_autoptr(GError) trouble = NULL;

	(void)error;
	if (job->doubtful)
		return STEP_WAIT;
	if (!is_stamped(job, stream) && !stamp_again(job, stream, &trouble))
		return wait_and_retry(job, trouble->message);
	if (!stream_send_xml(stream, job->stanza)) {
		not_written(job);
		tell_seal(job);
		return STEP_WAIT;
	}
	tell_seal(job);
	return STEP_NEXT;
}

enum step (*const outbox_stages[STAGES])(struct job *job, GError **error) = {
	stage_filter,
	stage_keep, /* at once, when it is put */
	stage_encode,
	stage_prepare,
	stage_seal,
	stage_send,
};
