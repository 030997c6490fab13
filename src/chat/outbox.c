/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The outbox: every text leaves through one array of stages, one message at a time per conversation, and what the server has
 * not acknowledged stays in the store with its final stanza. */
#include "chat/outbox.h"

#include "account/account.h"
#include "api/ask.h"
#include "api/error.h"
#include "api/event.h"
#include "api/log.h"
#include "api/store.h"
#include "api/timer.h"
#include "base/text.h"
#include "chat/chat.h"
#include "chat/convo.h"
#include "chat/filter.h"
#include "chat/message.h"
#include "chat/msgcodec.h"
#include "store/archive.h"
#include "store/outbox-table.h"
#include "xmpp/stream.h"

#include <string.h>

#define RETRY_FIRST_MS 5000
#define RETRY_MAX_MS 300000

enum lane_state {
	LANE_FREE,
	LANE_PREPARING, /* the provider looks for keys */
	LANE_ASKING,    /* a person is asked: never times out */
	LANE_STUCK,     /* until outbox_retry() */
	LANE_RETRY,     /* a timer runs */
};

/* The messages of one conversation that wait for their turn. */
struct lane {
	Conversation *conv;
	enum lane_state state;
	GQueue jobs;
	bool pumping;
	guint timer, delay, question;
	const struct e2ee_provider *asked; /* while PREPARING */
	guint serial;                      /* of that question */
};

/* What an answer of prepare() belongs to; the provider may be gone meanwhile. */
struct ticket {
	guint64 job;
	guint serial;
};

enum how { HOW_OPEN, HOW_SEALED, HOW_READABLE };

/* One message on its way. */
struct job {
	guint64 id;
	gint64 row; /* in the outbox table */
	Message *message;
	struct lane *lane;
	guint stage;
	bool answered; /* by prepare */
	enum e2ee_readiness readiness;
	char *sentence;
	enum how how;
	char *stanza; /* final */
	guint64 sequence;
	char *session;
	bool inherited; /* an earlier process may have written it */
	bool doubtful;  /* written in a session that is gone: the archive will tell */
};

enum step { STEP_NEXT, STEP_WAIT, STEP_FAILED };
enum { STAGE_ENCODE = 2, STAGE_SEND = 5 }; /* in the array of stages below */

static GHashTable *lanes;   /* Conversation -> struct lane */
static GHashTable *jobs;    /* &id -> struct job */
static GHashTable *by_wire; /* "account wire_id" -> struct job */
static GHashTable *unacked; /* account -> GQueue of struct job, in order of sequence */

static void pump(struct lane *lane);

/* ---- jobs and lanes ---- */

static void
job_free(gpointer data)
{
	struct job *job = data;

	message_unref(job->message);
	g_free(job->sentence);
	g_free(job->stanza);
	g_free(job->session);
	g_free(job);
}

static void
lane_free(gpointer data)
{
	struct lane *lane = data;

	clock_cancel(lane->timer);
	g_queue_clear(&lane->jobs);
	g_free(lane);
}

static void
queue_free(gpointer queue)
{
	g_queue_free(queue);
}

static void
make_tables(void)
{
	if (lanes)
		return;
	lanes = g_hash_table_new_full(NULL, NULL, NULL, lane_free);
	jobs = g_hash_table_new_full(g_int64_hash, g_int64_equal, NULL, job_free);
	by_wire = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	unacked = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, queue_free);
}

static struct lane *
lane_of(Conversation *conv)
{
	struct lane *lane;

	make_tables();
	lane = g_hash_table_lookup(lanes, conv);
	if (!lane) {
		lane = g_new0(struct lane, 1);
		lane->conv = conv;
		g_hash_table_insert(lanes, conv, lane);
	}
	return lane;
}

static GQueue *
unacked_of(const char *account)
{
	GQueue *queue = g_hash_table_lookup(unacked, account);

	if (!queue) {
		queue = g_queue_new();
		g_hash_table_insert(unacked, g_strdup(account), queue);
	}
	return queue;
}

static char *
wire_key(const char *account, const char *wire_id)
{
	return g_strconcat(account, " ", wire_id, NULL);
}

static struct job *
job_new(Message *message, struct lane *lane)
{
	static guint64 last;
	struct job *job = g_new0(struct job, 1);

	job->id = ++last;
	job->message = message;
	job->lane = lane;
	g_hash_table_insert(jobs, &job->id, job);
	return job;
}

static void
job_know(struct job *job)
{
	g_hash_table_insert(by_wire, wire_key(job->message->account, job->message->wire_id), job);
}

static void
job_drop(struct job *job)
{
	if (job->message->wire_id) {
		g_autofree char *key = wire_key(job->message->account, job->message->wire_id);

		g_hash_table_remove(by_wire, key);
	}
	g_queue_remove(&job->lane->jobs, job);
	g_queue_remove(unacked_of(job->message->account), job);
	g_hash_table_remove(jobs, &job->id);
}

static Stream *
stream_of(const struct job *job)
{
	Account *account = account_find(job->message->account);

	return account && account_online(account) ? account_stream(account) : NULL;
}

/* State and outbox row change together. */
static void
close_job(struct job *job, enum message_state state, const char *reason)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(Message) message = message_ref(job->message);
	gint64 row = job->row;

	job_drop(job);
	if (!store_begin(&error)) {
		log_warning("the outbox cannot be changed: %s", error->message);
		return;
	}
	if (!outbox_table_remove(row, &error))
		log_warning("the outbox cannot be changed: %s", error->message);
	message_reach(message, state, reason);
	g_clear_error(&error);
	if (!store_commit(STORE_SOON, &error))
		log_warning("the outbox cannot be changed: %s", error->message);
}

static void
undo_correction(const Message *correction)
{
	g_autoptr(Message) original = NULL;
	g_autoptr(GPtrArray) old = NULL;

	if (!correction->hidden)
		return;
	original = archive_find_wire_id(correction->account, correction->conversation, correction->replaces, MESSAGE_OUT, NULL);
	old = original ? archive_old_bodies(original->row, NULL) : NULL;
	if (!old || !old->len || g_strcmp0(original->body, correction->body) != 0)
		return;
	g_free(original->body);
	original->body = g_strdup(g_ptr_array_index(old, old->len - 1));
	if (archive_correct(original, correction->body, NULL))
		message_emit(EVENT_MESSAGE_CHANGED, original);
}

static void
fail(struct job *job, const GError *reason)
{
	g_autoptr(Message) message = message_ref(job->message);

	close_job(job, MESSAGE_FAILED, reason->message);
	undo_correction(message);
	alert(message->account, message->conversation, "not-sent", "not sent to %s: %s", message->conversation, reason->message);
}

/* ---- the stages ---- */

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
wait_in(struct lane *lane, enum lane_state state)
{
	lane->state = state;
	return STEP_WAIT;
}

static void
retry_now(gpointer data)
{
	struct lane *lane = data;

	lane->timer = 0;
	lane->state = LANE_FREE;
	pump(lane);
}

static enum step
wait_and_retry(struct job *job, const char *reason)
{
	struct lane *lane = job->lane;

	message_reach(job->message, MESSAGE_PENDING, reason);
	lane->delay = lane->delay ? MIN(lane->delay * 2, RETRY_MAX_MS) : RETRY_FIRST_MS;
	lane->timer = clock_after(lane->delay, retry_now, lane, NULL);
	return wait_in(lane, LANE_RETRY);
}

static enum step
wait_for_trust(struct job *job)
{
	Conversation *conv = job->lane->conv;

	message_reach(job->message, MESSAGE_PENDING, job->sentence);
	if (convo_first_time(conv, "undecided"))
		alert(convo_account_jid(conv), convo_peer(conv), "undecided-device", "%s", job->sentence);
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
		fail(g_queue_peek_head(&lane->jobs), refusal);
}

static void
person_said(const char *choice, gpointer data)
{
	struct job *job = g_hash_table_lookup(jobs, data);
	struct lane *lane = job ? job->lane : NULL;

	if (!lane || lane->state != LANE_ASKING)
		return;
	lane->question = 0;
	lane->state = choice ? LANE_FREE : LANE_STUCK;
	if (!g_strcmp0(choice, "yes"))
		allow_readable(lane);
	else if (choice)
		refuse_readable(lane);
	pump(lane);
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
		return wait_and_retry(job, job->sentence);
	case E2EE_BLOCKED:
		break;
	}
	fault(error, FAULT_TRUST, "%s", job->sentence ? job->sentence : "it could not be sealed");
	return STEP_FAILED;
}

static void
prepared(enum e2ee_readiness readiness, const char *sentence, gpointer data)
{
	g_autofree struct ticket *ticket = data;
	struct job *job = jobs ? g_hash_table_lookup(jobs, &ticket->job) : NULL;

	if (!job || job->lane->state != LANE_PREPARING || job->lane->serial != ticket->serial)
		return;
	job->answered = true;
	job->readiness = readiness;
	g_free(job->sentence);
	job->sentence = g_strdup(sentence);
	job->lane->state = LANE_FREE;
	pump(job->lane);
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
		fault(error, FAULT_TRUST, "encryption was switched off before it was sent - send it again if it may be readable");
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
	message_reach(
		job->message, MESSAGE_PENDING, "waits: this chat is encrypted and the plugin for it is not loaded - /plugin load");
	return wait_in(job->lane, LANE_STUCK);
}

static void
ask_provider(struct job *job, const struct e2ee_provider *provider)
{
	struct lane *lane = job->lane;
	struct ticket *ticket = g_new(struct ticket, 1);

	*ticket = (struct ticket){ job->id, ++lane->serial };
	lane->asked = provider;
	lane->state = LANE_PREPARING;
	provider->prepare(convo_account(lane->conv), convo_peer(lane->conv), prepared, ticket);
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

	stamp(job, stream_of(job));
	if (build_durably(job, provider, &trust, &trouble)) {
		if (provider)
			convo_was_sealed(job->lane->conv, provider->name);
		take_seal(job->message, provider ? provider->name : NULL, trust);
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

static enum step
stage_send(struct job *job, GError **error)
{
	Stream *stream = stream_of(job);
	g_autoptr(GError) trouble = NULL;

	(void)error;
	if (job->doubtful)
		return STEP_WAIT;
	if (!is_stamped(job, stream) && !stamp_again(job, stream, &trouble))
		return wait_and_retry(job, trouble->message);
	if (stream_send_xml(stream, job->stanza))
		return STEP_NEXT;
	not_written(job);
	return STEP_WAIT;
}

static enum step (*const stages[])(struct job *job, GError **error) = {
	stage_filter,
	stage_keep, /* at once, when it is put */
	stage_encode,
	stage_prepare,
	stage_seal,
	stage_send,
};

/* ---- running ---- */

static void
leave_lane(struct job *job)
{
	g_queue_remove(&job->lane->jobs, job);
	if (job->session)
		g_queue_push_tail(unacked_of(job->message->account), job);
	else
		close_job(job, MESSAGE_SENT, NULL);
}

static void
pump(struct lane *lane)
{
	if (lane->pumping)
		return;
	lane->pumping = true;
	while (lane->state == LANE_FREE && !g_queue_is_empty(&lane->jobs)) {
		struct job *job = g_queue_peek_head(&lane->jobs);
		g_autoptr(GError) error = NULL;
		enum step step;

		if (!stream_of(job))
			break;
		step = stages[job->stage](job, &error);
		if (step == STEP_WAIT)
			break;
		if (step == STEP_FAILED)
			fail(job, error);
		else if (++job->stage == G_N_ELEMENTS(stages))
			leave_lane(job);
	}
	lane->pumping = false;
}

bool
outbox_put(Message *message, GError **error)
{
	Account *account = account_find(message->account);
	Conversation *conv = account ? convo_get(account, message->conversation) : NULL;
	struct job *job;

	if (!conv) {
		fault(error, FAULT_GONE, "there is no account %s", message->account);
		message_unref(message);
		return false;
	}
	job = job_new(message, lane_of(conv));
	for (; job->stage < STAGE_ENCODE; job->stage++)
		if (stages[job->stage](job, error) == STEP_FAILED) {
			job_drop(job);
			return false;
		}
	g_queue_push_tail(&job->lane->jobs, job);
	pump(job->lane);
	return true;
}

/* ---- connection and acknowledgement ---- */

/* Lanes in a list of their own: pumping may add one. */
static GPtrArray *
lanes_of(const char *account, const char *peer)
{
	GPtrArray *found = g_ptr_array_new();
	GHashTableIter iter;
	gpointer value;

	if (!lanes)
		return found;
	g_hash_table_iter_init(&iter, lanes);
	while (g_hash_table_iter_next(&iter, NULL, &value)) {
		struct lane *lane = value;

		if ((!account || !strcmp(convo_account_jid(lane->conv), account)) &&
			(!peer || !strcmp(convo_peer(lane->conv), peer)))
			g_ptr_array_add(found, lane);
	}
	return found;
}

static void
lane_free_up(struct lane *lane)
{
	guint question = lane->question;

	clock_cancel(lane->timer);
	lane->timer = lane->question = 0;
	lane->state = LANE_FREE;
	if (question)
		ask_withdraw(question);
}

void
outbox_retry(const char *account, const char *peer)
{
	g_autoptr(GPtrArray) found = lanes_of(account, peer);

	for (guint i = 0; i < found->len; i++) {
		struct lane *lane = g_ptr_array_index(found, i);

		if (lane->state != LANE_PREPARING || lane->asked != e2ee_provider())
			lane_free_up(lane);
		pump(lane);
	}
}

void
e2ee_keys_changed(Account *account, const char *peer)
{
	outbox_retry(account_jid(account), peer);
}

/* XEP-0198 §5: after a failed resumption nobody knows which of these the server handled. */
static void
put_back(struct job *job)
{
	job->doubtful = true;
	job->stage = STAGE_SEND;
	g_queue_push_head(&job->lane->jobs, job);
}

static void
settle_inherited(struct job *job, const Stream *stream, bool resumed)
{
	bool same = resumed && job->session && !g_strcmp0(job->session, stream_session(stream));

	job->inherited = false;
	if (!same)
		job->doubtful = true;
	else if (job->sequence <= stream_acknowledged(stream))
		close_job(job, MESSAGE_SENT, NULL);
}

void
outbox_connected(Account *account, bool resumed)
{
	const char *name = account_jid(account);
	g_autoptr(GPtrArray) found = lanes_of(name, NULL);
	GQueue *sent;

	make_tables();
	sent = unacked_of(name);
	while (!resumed && !g_queue_is_empty(sent))
		put_back(g_queue_pop_tail(sent));
	for (guint i = 0; i < found->len; i++) {
		struct lane *lane = g_ptr_array_index(found, i);

		for (GList *link = lane->jobs.head, *next; link; link = next) {
			struct job *job = link->data;

			next = link->next;
			if (job->inherited)
				settle_inherited(job, account_stream(account), resumed);
		}
		if (lane->state == LANE_RETRY)
			lane_free_up(lane);
		pump(lane);
	}
}

void
outbox_acknowledged(const char *account, guint64 sequence)
{
	GQueue *sent = unacked ? unacked_of(account) : NULL;
	struct job *job;

	while (sent && (job = g_queue_peek_head(sent)) && job->sequence <= sequence)
		close_job(job, MESSAGE_SENT, NULL);
}

void
outbox_caught_up(const char *account)
{
	g_autoptr(GPtrArray) found = lanes_of(account, NULL);

	for (guint i = 0; i < found->len; i++) {
		struct lane *lane = g_ptr_array_index(found, i);

		for (GList *link = lane->jobs.head; link; link = link->next)
			((struct job *)link->data)->doubtful = false;
		pump(lane);
	}
}

static struct job *
job_of_wire_id(const char *account, const char *wire_id)
{
	g_autofree char *key = wire_key(account, wire_id);

	return by_wire ? g_hash_table_lookup(by_wire, key) : NULL;
}

Message *
outbox_message(const char *account, const char *wire_id)
{
	struct job *job = job_of_wire_id(account, wire_id);

	return job ? message_ref(job->message) : NULL;
}

bool
outbox_found(const char *account, const char *wire_id, const char *stanza_id)
{
	struct job *job = job_of_wire_id(account, wire_id);

	if (!job || !job->stanza)
		return false;
	if (stanza_id && !job->message->stanza_id)
		job->message->stanza_id = g_strdup(stanza_id);
	close_job(job, MESSAGE_SENT, NULL);
	return true;
}

bool
outbox_refused(const char *account, const char *wire_id, const char *reason)
{
	struct job *job = job_of_wire_id(account, wire_id);

	if (!job || !job->stanza)
		return false;
	close_job(job, MESSAGE_FAILED, reason);
	return true;
}

gint64
outbox_oldest_doubt(const char *account)
{
	g_autoptr(GPtrArray) found = lanes_of(account, NULL);
	gint64 oldest = 0;

	for (guint i = 0; i < found->len; i++) {
		const struct lane *lane = g_ptr_array_index(found, i);

		for (const GList *link = lane->jobs.head; link; link = link->next) {
			const struct job *job = link->data;

			if (job->doubtful && (!oldest || job->message->row < oldest))
				oldest = job->message->row;
		}
	}
	return oldest;
}

bool
outbox_is_empty(void)
{
	g_autoptr(GPtrArray) all = lanes_of(NULL, NULL);

	for (guint i = 0; i < all->len; i++) {
		struct lane *lane = g_ptr_array_index(all, i);
		Account *account = convo_account(lane->conv);

		if (!account || !account_online(account))
			continue;
		if (!g_queue_is_empty(unacked_of(account_jid(account))))
			return false;
		if (lane->state <= LANE_PREPARING && !g_queue_is_empty(&lane->jobs))
			return false;
	}
	return true;
}

/* ---- an earlier process ---- */

static void
inherit(const OutboxRow *row, Account *account)
{
	g_autoptr(Message) message = archive_get(row->message, NULL);
	Conversation *conv = message ? convo_get(account, message->conversation) : NULL;
	struct job *job;

	if (!conv || !message->wire_id || message->state == MESSAGE_FAILED) {
		outbox_table_remove(row->row, NULL);
		return;
	}
	job = job_new(g_steal_pointer(&message), lane_of(conv));
	job->row = row->row;
	job->stanza = g_strdup(row->stanza);
	job->sequence = row->sequence;
	job->session = g_strdup(row->session);
	job->inherited = row->stanza != NULL;
	job->stage = row->stanza ? STAGE_SEND : STAGE_ENCODE;
	job_know(job);
	g_queue_push_tail(&job->lane->jobs, job);
}

void
outbox_load(Account *account)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(GPtrArray) rows = outbox_table_list(account_jid(account), &error);

	make_tables();
	if (!rows)
		log_warning("the outbox of %s cannot be read: %s", account_jid(account), error->message);
	for (guint i = 0; rows && i < rows->len; i++)
		inherit(g_ptr_array_index(rows, i), account);
}

void
outbox_unload(const char *account)
{
	g_autoptr(GPtrArray) found = lanes_of(account, NULL);

	for (guint i = 0; i < found->len; i++) {
		struct lane *lane = g_ptr_array_index(found, i);
		GQueue *sent = unacked_of(convo_account_jid(lane->conv));

		lane->pumping = true;
		lane_free_up(lane);
		while (!g_queue_is_empty(&lane->jobs))
			job_drop(g_queue_peek_head(&lane->jobs));
		for (GList *link = sent->head, *next; link; link = next) {
			next = link->next;
			if (((struct job *)link->data)->lane == lane)
				job_drop(link->data);
		}
		g_hash_table_remove(lanes, lane->conv);
	}
}
