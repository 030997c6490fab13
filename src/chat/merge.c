/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Merging: the rules by which a received message, receipt or error touches one that is kept. Each asks who sent it. */
#include "chat/merge.h"

#include "api/jid.h"
#include "api/log.h"
#include "base/text.h"
#include "chat/convo.h"
#include "chat/message.h"
#include "chat/outbox.h"
#include "store/archive.h"
#include "xmpp/ns.h"

#include <string.h>

#define HOPS_MAX 8
#define ORPHANS_MAX 1000
#define REASON_MAX 400 /* bytes of what a server says */
#define CONDITION_MAX 60
#define READ_BACK 200 /* so many lines before a displayed one are looked at */

/* ---- doubles ---- */

static bool
same_or_missing(const char *a, const char *b)
{
	return !a || !b || strcmp(a, b) == 0;
}

/* Now, or before it was corrected. */
static bool
said(const Message *known, const char *text)
{
	g_autoptr(GPtrArray) old = known->edited ? archive_old_bodies(known->row, NULL) : NULL;

	for (guint i = 0; old && i < old->len; i++)
		if (!g_strcmp0(g_ptr_array_index(old, i), text))
			return true;
	return !g_strcmp0(known->body, text);
}

/* An id attribute alone is weak: clients count 1, 2, 3 after every start, other clients of ours included. It tells copies of one
 * message only where one of them has no archive id, and then the text must be the same, too. */
static bool
is_same_by_id(const Message *known, const Letter *letter, const struct decoded *decoded)
{
	/* As this device writes them: random, and said twice. */
	if (known->direction == MESSAGE_OUT && known->origin_id && !g_strcmp0(known->origin_id, known->wire_id))
		return true;
	if (decoded->origin_id && !g_strcmp0(decoded->origin_id, known->origin_id))
		return true;
	if (letter->stanza_id && known->stanza_id)
		return false;
	if (!known->seal)
		return !decoded->sealed && said(known, decoded->body);
	/* Where no archive tells them apart the provider does: it knows what it opened before. Our own words it cannot open. */
	return decoded->sealed && (letter->stanza_id || known->stanza_id || !known->body || known->direction == MESSAGE_OUT);
}

Message *
merge_find_known(const Letter *letter, const struct decoded *decoded, const char *account)
{
	g_autoptr(Message) known = NULL;
	const char *id = decoded->origin_id ? decoded->origin_id : decoded->id;

	/* A claimed archive id that belongs to another message does not hide this one. */
	if (letter->stanza_id)
		known = archive_find_stanza_id(account, letter->peer, letter->stanza_id, NULL);
	if (known && known->direction == letter->direction && same_or_missing(known->wire_id, decoded->id))
		return g_steal_pointer(&known);
	message_unref(g_steal_pointer(&known));
	if (id)
		known = archive_find_wire_id(account, letter->peer, id, letter->direction, NULL);
	if (known && !known->notice && is_same_by_id(known, letter, decoded))
		return g_steal_pointer(&known);
	return NULL;
}

/* ---- corrections (XEP-0308) ---- */

/* A line keeps its sign when its text is replaced, so the new text must deserve it. Of what we said ourselves the sign tells who
 * could read it: there the other device of ours must be one that we trust. */
static bool
is_as_trusted(const Message *correction, const Message *original)
{
	static const int strength[] = {
		[TRUST_NONE] = 0, [TRUST_UNTRUSTED] = 0, [TRUST_UNDECIDED] = 1, [TRUST_TRUSTED] = 2, [TRUST_VERIFIED] = 3
	};
	enum trust wanted = original->direction == MESSAGE_OUT ? MIN(original->trust, TRUST_TRUSTED) : original->trust;

	return strength[correction->trust] >= strength[wanted];
}

/* The same sender, a text on both sides, and nobody on the way: what was sealed is not corrected by what is readable, nor what a
 * verified device said by one that appeared since. */
static bool
may_correct(const Message *correction, const Message *original)
{
	return !original->notice && !original->hidden && original->body && correction->body &&
	       !g_strcmp0(original->from, correction->from) &&
	       (!original->seal || (!g_strcmp0(original->seal, correction->seal) && is_as_trusted(correction, original)));
}

/* Some clients name the last correction instead of the first message. */
static Message *
find_original(const Message *correction)
{
	g_autofree char *id = g_strdup(correction->replaces);
	Message *found = NULL;

	for (int hops = 0; id && hops < HOPS_MAX; hops++) {
		message_unref(found);
		found = archive_find_wire_id(correction->account, correction->conversation, id, correction->direction, NULL);
		g_free(id);
		id = found && found->hidden ? g_strdup(found->replaces) : NULL;
	}
	return found;
}

/* Corrections whose original is not kept: where the archive brings the newest page first, it may come later. Of char *, by
 * "account peer id". */
static GHashTable *orphans;

static char *
orphan_key(const Message *message, const char *id)
{
	return g_strdup_printf("%s %s %d %s", message->account, message->conversation, message->direction, id);
}

static void
remember_orphan(const Message *correction)
{
	if (!orphans)
		orphans = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
	if (g_hash_table_size(orphans) < ORPHANS_MAX && correction->wire_id)
		g_hash_table_insert(orphans, orphan_key(correction, correction->replaces), g_strdup(correction->wire_id));
}

bool
merge_late_original(Message *message, GError **error)
{
	g_autofree char *key = NULL, *old = NULL;
	g_autoptr(Message) correction = NULL;
	const char *id;

	if (!orphans || message->origin != MESSAGE_ARCHIVE || !message->wire_id || message->hidden)
		return true;
	key = orphan_key(message, message->wire_id);
	id = g_hash_table_lookup(orphans, key);
	correction = id ? archive_find_wire_id(message->account, message->conversation, id, message->direction, NULL) : NULL;
	if (!correction || !may_correct(correction, message))
		return true;
	g_hash_table_remove(orphans, key);
	correction->hidden = true;
	old = message->body;
	message->body = g_strdup(correction->body);
	message->edited = true;
	return archive_correct(message, old, error) && archive_set_opened(correction, error);
}

bool
merge_correction(Message *message, Message **original, GError **error)
{
	g_autoptr(Message) found = NULL;
	g_autofree char *old = NULL;

	if (!message->replaces)
		return true;
	found = find_original(message);
	if (!found && message->origin == MESSAGE_ARCHIVE)
		remember_orphan(message);
	if (!found || !may_correct(message, found))
		return true;
	message->hidden = true;
	old = found->body;
	found->body = g_strdup(message->body);
	found->edited = true;
	if (!archive_correct(found, old, error))
		return false;
	*original = g_steal_pointer(&found);
	return true;
}

/* ---- receipts and markers ---- */

static Message *
find_own(const char *account, const char *peer, const char *id)
{
	Message *message = outbox_message(account, id);

	if (message && !strcmp(message->conversation, peer))
		return message;
	message_unref(message);
	message = archive_find_wire_id(account, peer, id, MESSAGE_OUT, NULL);
	return message && !message->notice ? message : NULL;
}

static void
was_delivered(const Letter *letter, const char *account, const char *id)
{
	g_autoptr(Message) message = find_own(account, letter->peer, id);

	if (!message)
		return;
	outbox_arrived(account, id);
	message_reach(message, MESSAGE_DELIVERED, NULL);
}

/* XEP-0333 §4.1: what came before it was read, too. */
static void
read_before(const Message *message)
{
	Conversation *conv = convo_find(message->account, message->conversation);
	g_autoptr(GPtrArray) page = conv ? archive_page(convo_row(conv), message->sent_at, message->row, READ_BACK, NULL) : NULL;

	for (guint i = page ? page->len : 0; i-- > 0;) {
		Message *before = g_ptr_array_index(page, i);

		if (before->direction != MESSAGE_OUT || before->notice || before->state == MESSAGE_FAILED)
			continue;
		if (before->state == MESSAGE_READ)
			return;
		if (before->state != MESSAGE_PENDING)
			message_reach(before, MESSAGE_READ, NULL);
	}
}

static void
was_displayed(const Letter *letter, const char *account, const char *id)
{
	g_autoptr(Message) message = NULL;
	Conversation *conv = convo_find(account, letter->peer);

	if (letter->direction == MESSAGE_OUT) {
		message = archive_find_wire_id(account, letter->peer, id, MESSAGE_IN, NULL);
		if (message && conv)
			convo_read_elsewhere(conv, message->sent_at);
		return;
	}
	message = find_own(account, letter->peer, id);
	if (!message)
		return;
	outbox_arrived(account, id);
	if (message_reach(message, MESSAGE_READ, NULL))
		read_before(message);
}

bool
merge_signals(const Letter *letter, const struct decoded *decoded, const char *account)
{
	Conversation *conv;

	if (decoded->receipt && letter->direction == MESSAGE_IN)
		was_delivered(letter, account, decoded->receipt);
	if (decoded->displayed)
		was_displayed(letter, account, decoded->displayed);
	if (decoded->chat_state && letter->direction == MESSAGE_IN && letter->origin == MESSAGE_LIVE) {
		conv = convo_find(account, letter->peer);
		if (conv)
			convo_set_peer_state(conv, decoded->chat_state);
	}
	return decoded->receipt || decoded->displayed || decoded->chat_state;
}

/* ---- errors ---- */

static const char *
condition_of(const Element *error)
{
	for (const Element *child = error ? element_first(error) : NULL; child; child = element_next(child))
		if (!strcmp(element_ns(child), NS_STANZA_ERROR) && strcmp(element_name(child), "text") != 0)
			return element_name(child);
	return NULL;
}

/* What a server says of itself or of another, RFC 6120 §8.3.3: %s is the domain of the peer. */
static const struct {
	const char *condition, *format;
} troubles[] = {
	{ "remote-server-not-found", "the server %s cannot be found or reached now" },
	{ "remote-server-timeout", "the server %s cannot be reached now" },
	{ "resource-constraint", "the server %s is too busy now, or their mailbox is full" },
	{ "internal-server-error", "the server %s has a trouble of its own now" },
	{ "recipient-unavailable", "nobody is there at %s to take it now" },
};

static char *
trouble(const char *condition, const char *peer)
{
	g_autofree char *domain = jid_domain(peer);

	for (guint i = 0; condition && i < G_N_ELEMENTS(troubles); i++)
		if (!strcmp(troubles[i].condition, condition)) {
			g_auto(GStrv) halves = g_strsplit(troubles[i].format, "%s", 2);

			return g_strconcat(halves[0], domain, halves[1], NULL);
		}
	return NULL;
}

static char *
what_it_says(const Element *error)
{
	const char *text = error ? element_child_text(error, "text", NS_STANZA_ERROR) : NULL, *condition = condition_of(error);

	g_autofree char *words = text_cut(text ? text : "", REASON_MAX),
			*name = text_cut(condition ? condition : "", CONDITION_MAX);

	if (*words)
		return g_strdup_printf("%s (%s)", words, *name ? name : "no condition");
	return g_strdup(*name ? name : "no reason given");
}

/* "wait": the same may well pass later (RFC 6120 §8.3.2). */
static char *
why_not_taken(const Element *error, const Letter *letter)
{
	g_autofree char *says = what_it_says(error), *known = trouble(condition_of(error), letter->peer);
	bool later = known || (error && !g_strcmp0(element_attr(error, "type"), "wait"));

	if (known)
		return g_strdup_printf("%s: /resend sends it again (%s)", known, says);
	return g_strdup_printf("%s did not take it: %s%s", letter->sender, says, later ? " - /resend sends it again" : "");
}

bool
merge_error(const Letter *letter, const struct decoded *decoded, const char *account)
{
	g_autofree char *reason = NULL;
	g_autoptr(Message) message = NULL;

	if (!decoded->id || letter->direction == MESSAGE_OUT)
		return true;
	message = find_own(account, letter->peer, decoded->id);
	if (!message)
		return true;
	reason = why_not_taken(decoded->error, letter);
	if (!outbox_refused(account, decoded->id, reason))
		message_reach(message, MESSAGE_FAILED, reason);
	return true;
}
