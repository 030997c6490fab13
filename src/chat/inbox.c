/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The inbox: peel, open, decode, filter, merge. From opening to the archive it is one transaction. */
#include "chat/inbox.h"

#include "api/error.h"
#include "api/event.h"
#include "api/jid.h"
#include "api/log.h"
#include "api/store.h"
#include "api/timer.h"
#include "base/text.h"
#include "chat/catchup.h"
#include "chat/convo.h"
#include "chat/filter.h"
#include "chat/merge.h"
#include "chat/message.h"
#include "chat/msgcodec.h"
#include "chat/older.h"
#include "chat/outbox.h"
#include "chat/peel.h"
#include "chat/seal.h"
#include "chat/sealedtable.h"
#include "chat/signal.h"
#include "store/archive.h"
#include "xmpp/stream.h"

#include <string.h>

#define NAME_SHOWN 64 /* bytes of a name that the sender chose */

/* ---- opening ---- */

/* What a provider found in a sealed element goes into the message: text, or the reason why there is none. */
static void
take_opened(Message *message, const E2eeOpened *opened)
{
	const Element *root = opened->content ? stanza_root(opened->content) : NULL;
	const char *body = opened->text ? opened->text : root ? element_child_text(root, "body", NULL) : NULL;

	g_free(message->body);
	/* Nothing was said: a line of it would be one of nobody. */
	message->body = body && *body ? g_strdup(body) : NULL;
	g_free(message->reason);
	message->reason = NULL;
	message->device = opened->device;
	message->trust = opened->trust;
}

static void
not_opened(Message *message, const char *reason)
{
	g_clear_pointer(&message->body, g_free);
	g_free(message->reason);
	message->reason = g_strdup(reason);
}

static enum e2ee_outcome
open_with(const struct e2ee_provider *provider, Account *account, const char *sender, const Element *sealed, Message *message)
{
	E2eeOpened opened = { 0 };
	g_autoptr(GError) error = NULL;
	enum e2ee_outcome outcome = provider->open(account, sender, sealed, message->origin == MESSAGE_ARCHIVE, &opened, &error);

	g_free(message->seal);
	message->seal = g_strdup(provider->name);
	if (outcome == E2EE_OPENED)
		take_opened(message, &opened);
	else if (outcome == E2EE_NOT_FOR_US)
		not_opened(message, "it was encrypted, but not for this device");
	else if (outcome == E2EE_FAILED)
		not_opened(message, error ? error->message : "it could not be decrypted");
	e2ee_opened_clear(&opened);
	if (outcome == E2EE_OPENED && !message->body)
		outcome = E2EE_NOTHING;
	return outcome;
}

static char *
why_nobody_opens(const struct decoded *decoded)
{
	const struct e2ee_provider *provider = e2ee_provider();
	g_autofree char *name = text_cut(decoded->sealed_name ? decoded->sealed_name : element_ns(decoded->sealed), NAME_SHOWN);

	if (!decoded->sealed && provider && !g_strcmp0(decoded->sealed_ns, provider->ns))
		return g_strdup_printf(
			"it says that it is encrypted with %s, but nothing encrypted came with it", provider->eme_name);
	return g_strdup_printf("it is encrypted with %s, and no plugin that is loaded can open it", name);
}

static enum e2ee_outcome
open_letter(const Letter *letter, const struct decoded *decoded, Account *account, Message *message)
{
	g_autofree char *reason = NULL;

	if (!decoded->sealed && !decoded->sealed_name) {
		message->body = g_strdup(decoded->body);
		return E2EE_OPENED;
	}
	if (decoded->provider)
		return open_with(decoded->provider, account, letter->sender, decoded->sealed, message);
	reason = why_nobody_opens(decoded);
	/* Never by a name that the sender chose. */
	message->seal = g_strdup("unknown");
	not_opened(message, reason);
	return E2EE_FAILED;
}

static void
filter_in(Message *message)
{
	g_autoptr(GError) error = NULL;

	if (message->body && !filter_text(message, &error))
		not_opened(message, error->message);
}

/* ---- keeping ---- */

static Message *
to_message(const Letter *letter, const struct decoded *decoded, const char *account)
{
	Message *message = message_new(account, letter->peer, letter->direction);

	message->from = g_strdup(letter->sender);
	message->origin = letter->origin;
	message->wire_id = g_strdup(decoded->id ? decoded->id : decoded->origin_id);
	message->origin_id = g_strdup(decoded->origin_id);
	message->stanza_id = g_strdup(letter->stanza_id);
	message->replaces = g_strdup(decoded->replaces);
	message->wants_receipt = decoded->wants_receipt;
	message->wants_marker = decoded->wants_marker;
	message->state = letter->direction == MESSAGE_OUT ? MESSAGE_SENT : MESSAGE_DELIVERED;
	return message;
}

/* Inside the transaction. *kept stays false when there is nothing for people in it. */
static bool
keep(const Letter *letter, const struct decoded *decoded, Account *account, Message *message, Message **original, bool *kept,
	GError **error)
{
	enum e2ee_outcome outcome = open_letter(letter, decoded, account, message);

	if (outcome == E2EE_NOTHING || outcome == E2EE_DUPLICATE)
		return true;
	if (outcome == E2EE_FAILED && letter->origin == MESSAGE_ARCHIVE)
		catchup_not_opened(message->account);
	filter_in(message);
	*kept = true;
	return merge_correction(message, original, error) && archive_add(message, error) && merge_late_original(message, error) &&
	       (decoded->provider || !decoded->sealed || sealed_table_add(message->row, letter->message, error));
}

/* A chat that is sealed can still be sent readable messages, by anybody on the way: shown, marked, and told once until the
 * next sealed one. */
static void
watch_seal(Conversation *conv, const Message *message)
{
	if (message->direction == MESSAGE_OUT || message->origin == MESSAGE_ARCHIVE || convo_seal_state(conv) != CONVO_SEALED)
		return;
	if (message->seal)
		convo_calm(conv, "readable");
	else if (convo_first_time(conv, "readable"))
		alert(message->account, message->conversation, "readable-message",
			"a message from %s came readable although this chat is encrypted", convo_title(conv));
}

static void
tell(Conversation *conv, const Letter *letter, Message *message, Message *original)
{
	if (message->hidden) {
		message_emit(EVENT_MESSAGE_CHANGED, original);
		return;
	}
	if (message->direction == MESSAGE_IN) {
		convo_received(conv, message);
		if (letter->origin != MESSAGE_ARCHIVE)
			convo_set_peer_state(conv, NULL);
	} else if (letter->origin == MESSAGE_CARBON) {
		convo_read_elsewhere(conv, message->sent_at);
	}
	message_emit(EVENT_MESSAGE_ADDED, message);
	if (message->edited)
		convo_changed(conv); /* the correction that was a line of its own is none any more */
	watch_seal(conv, message);
}

/* The server has it still: not acknowledged it comes again with the resumed session, else the archive is asked. */
void
inbox_lost(Account *account)
{
	if (stream_session(account_stream(account)))
		stream_batch_lost();
	else
		catchup_lost(account);
}

/* A server delivers in the order in which things were said, and does not take away the stamps that others write in its name: what
 * arrives now does not stand above what was read, where nobody would look. */
static gint64
not_before_others(const Letter *letter, const char *account)
{
	const Conversation *conv = letter->origin == MESSAGE_LIVE ? convo_find(account, letter->peer) : NULL;
	gint64 at = letter->sent_at ? letter->sent_at : archive_next_at(account, letter->peer);

	return conv ? convo_comes_after(conv, at) : at;
}

static void
take_new(const Letter *letter, const struct decoded *decoded, Account *account)
{
	g_autoptr(Message) message = to_message(letter, decoded, account_jid(account)), original = NULL;
	g_autoptr(GError) error = NULL;
	Conversation *conv;
	bool kept = false, fine;

	message->sent_at = not_before_others(letter, account_jid(account));
	if (!store_begin(&error)) {
		fine = false;
	} else if (!keep(letter, decoded, account, message, &original, &kept, &error)) {
		store_rollback();
		fine = false;
	} else {
		fine = store_commit(STORE_SOON, &error);
	}
	if (!fine) {
		log_error("a message cannot be kept: %s", error ? error->message : "no reason given");
		inbox_lost(account);
		return;
	}
	conv = kept ? convo_get(account, letter->peer) : NULL;
	if (!conv)
		return;
	tell(conv, letter, message, original);
	if (message->direction == MESSAGE_IN)
		signal_delivered(conv, message, letter->from);
}

/* ---- what is known already ---- */

static bool
is_opened(const Message *message)
{
	return message->body || message->notice;
}

static bool
open_again(Message *known, const Letter *letter, const struct decoded *decoded, Account *account, GError **error)
{
	enum e2ee_outcome outcome;

	if (!store_begin(error))
		return false;
	known->origin = letter->origin;
	outcome = open_with(decoded->provider, account, letter->sender, decoded->sealed, known);
	if (outcome == E2EE_OPENED)
		filter_in(known);
	if (archive_set_opened(known, error) && (outcome != E2EE_OPENED || sealed_table_remove(known->row, error)))
		return store_commit(STORE_SOON, error) && outcome == E2EE_OPENED;
	store_rollback();
	return false;
}

static void
take_known(Message *known, const Letter *letter, const struct decoded *decoded, Account *account)
{
	g_autoptr(GError) error = NULL;

	if (letter->direction == MESSAGE_OUT && known->wire_id && outbox_found(known->account, known->wire_id, letter->stanza_id))
		return;
	if (letter->stanza_id && !known->stanza_id) {
		known->stanza_id = g_strdup(letter->stanza_id);
		if (!archive_set_state(known, &error))
			log_warning("an archive id is not kept: %s", error->message);
		g_clear_error(&error);
	}
	if (is_opened(known) || !decoded->provider)
		return;
	if (open_again(known, letter, decoded, account, &error))
		message_emit(EVENT_MESSAGE_CHANGED, known);
	else if (error)
		log_warning("a message cannot be kept: %s", error->message);
}

/* ---- the way in ---- */

static bool
has_text(const struct decoded *decoded)
{
	return (decoded->body && *decoded->body) || decoded->sealed;
}

static void
take_text(const Letter *letter, const struct decoded *decoded, Account *account)
{
	g_autoptr(Message) known = merge_find_known(letter, decoded, account_jid(account));

	if (letter->origin == MESSAGE_ARCHIVE)
		catchup_met(account_jid(account), letter->stanza_id, known ? known->sent_at : letter->sent_at, known != NULL);
	if (known)
		take_known(known, letter, decoded, account);
	else
		take_new(letter, decoded, account);
}

static bool
is_for_others(const Element *message)
{
	const char *type = element_attr(message, "type");

	return !g_strcmp0(type, "groupchat") || !g_strcmp0(type, "headline");
}

/* What has no text may mean something to others: they watch. */
static void
pass_on(const Letter *letter, const char *account)
{
	event_emit(&(Event){ .kind = EVENT_SIGNAL,
		.account = account,
		.signal = { .message = letter->message,
			.from = letter->from,
			.peer = letter->peer,
			.direction = letter->direction,
			.origin = letter->origin,
			.sent_at = letter->sent_at ? letter->sent_at : clock_now() } });
}

static gint64
said_at(const Letter *letter, const char *account)
{
	return older_said_at(account, letter->peer, catchup_said_at(account, letter->sent_at));
}

bool
inbox_take(Stream *stream, const Element *stanza, enum message_origin origin)
{
	g_auto(Letter) letter = { 0 };
	Account *account = account_of(stream);
	struct decoded decoded;
	bool taken = origin != MESSAGE_LIVE;

	if (origin == MESSAGE_LIVE && is_for_others(stanza))
		return false;
	if (!letter_peel(stream, stanza, origin, &letter))
		return true;
	if (origin == MESSAGE_ARCHIVE && letter.sent_at)
		letter.sent_at = said_at(&letter, account_jid(account));
	msgcodec_decode(letter.message, &decoded);
	if (origin == MESSAGE_ARCHIVE && !has_text(&decoded))
		catchup_met(account_jid(account), letter.stanza_id, letter.sent_at, false);
	if (is_for_others(letter.message))
		return true;
	if (!g_strcmp0(decoded.type, "error"))
		return merge_error(&letter, &decoded, account_jid(account));
	if (merge_signals(&letter, &decoded, account_jid(account)))
		taken = true;
	if (!has_text(&decoded)) {
		pass_on(&letter, account_jid(account));
		return taken;
	}
	take_text(&letter, &decoded, account);
	return true;
}

/* ---- what the parser would not build ---- */

static void
skip_note(Conversation *conv, const char *id, const char *why)
{
	g_autofree char *key = g_strconcat("skipped ", id ? id : why, NULL);
	g_autofree char *text = g_strdup_printf("a message from %s was skipped: it is %s", convo_title(conv), why);

	if (convo_first_time(conv, key))
		convo_note(conv, text);
}

void
inbox_skipped(Stream *stream, const char *kind, const char *from, const char *id, const char *why)
{
	Account *account = account_of(stream);
	g_autofree char *full = from ? jid_normalise(from, NULL) : NULL, *bare = full ? jid_bare(full) : NULL;
	Conversation *conv = NULL;

	log_info("%s: a %s was skipped: %s", account_jid(account), kind, why);
	if (strcmp(kind, "message") != 0 || !bare || !strcmp(bare, account_jid(account)))
		return;
	conv = contact_find(account, bare) ? convo_get(account, bare) : convo_find(account_jid(account), bare);
	if (conv)
		skip_note(conv, id, why);
}

/* ---- late opening ---- */

static void
open_late(gint64 row, const char *xml)
{
	g_autoptr(Message) known = archive_get(row, NULL);
	g_autoptr(Stanza) stanza = stanza_parse(xml, strlen(xml), NULL);
	Account *account = known ? account_find(known->account) : NULL;
	Letter letter = { .origin = MESSAGE_LIVE };
	struct decoded decoded;

	if (!account || !stanza)
		return;
	letter.message = stanza_root(stanza);
	letter.direction = known->direction;
	letter.sender = known->from;
	msgcodec_decode(letter.message, &decoded);
	take_known(known, &letter, &decoded, account);
}

void
inbox_open_late(void)
{
	sealed_table_each(open_late);
}
