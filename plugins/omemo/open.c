/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Opening (XEP-0384 0.3): what arrived is read strictly, and shown only whole and unchanged. */
#include "omemo.h"

#include <string.h>

enum {
	PAYLOAD_MAX = 768 * 1024, /* bytes of text that are opened */
	SEALED_KEY_MAX = 4096,    /* a sealed key has less than 200 */
	KEYS_FOR_US_MAX = 4,      /* that are tried, of one message */
	HEARTBEAT = 53,           /* so far the ratchet of a silent reader may fall behind (XEP-0384) */
};

/* A received element, read strictly. */
struct received {
	const char *sender;
	guint32 device;
	const Element *header;
	guint8 iv[16];
	size_t iv_length;
	guint8 *payload; /* NULL in a key transport */
	size_t length;
};

static bool
read_iv(struct received *received)
{
	const char *text = element_child_text(received->header, "iv", OMEMO_NS);
	g_autofree guint8 *bytes = text ? text_base64(text, sizeof received->iv, &received->iv_length) : NULL;

	if (!bytes || (received->iv_length != 12 && received->iv_length != 16))
		return false;
	memcpy(received->iv, bytes, received->iv_length);
	return true;
}

static bool
read_element(const Element *sealed, size_t max, struct received *received, GError **error)
{
	const char *payload = element_child_text(sealed, "payload", OMEMO_NS);

	received->header = element_child(sealed, "header", OMEMO_NS);
	if (!received->header || !parse_number(element_attr(received->header, "sid"), 1, DEVICE_MAX, &received->device))
		return fault(error, FAULT_PEER, "it cannot be opened: it does not say which device sealed it");
	if (payload && !read_iv(received))
		return fault(error, FAULT_PEER, "it cannot be opened: its start value is not valid");
	received->payload = payload ? text_base64(payload, max, &received->length) : NULL;
	return !payload || received->payload || fault(error, FAULT_PEER, "it cannot be opened: its text is damaged or too long");
}

/* One try inside a savepoint, so that a failed one leaves nothing. */
static int
try_key(const char *account, const struct received *received, const Element *key, struct session_opened *opened, GError **error)
{
	g_autofree guint8 *bytes = NULL;
	size_t length = 0;
	int result;

	bytes = text_base64(element_text(key), SEALED_KEY_MAX, &length);
	if (!bytes) {
		fault(error, FAULT_PEER, "it cannot be opened: its key is damaged");
		return SG_ERR_INVALID_PROTO_BUF;
	}
	if (!store_begin(error))
		return SG_ERR_UNKNOWN;
	result = session_open(account, received->sender, received->device, bytes, length, opened, error);
	if (result != SG_SUCCESS) {
		store_rollback();
		return result;
	}
	if (store_commit(STORE_SOON, error))
		return SG_SUCCESS;
	g_clear_pointer(&opened->plain, signal_buffer_bzero_free);
	return SG_ERR_UNKNOWN;
}

/* Some clients write two keys for one device: any that opens counts. Returns NONE when none is for us. */
enum { NONE_FOR_US = 1 };
static int
try_keys(const char *account, const struct received *received, struct session_opened *opened, GError **error)
{
	guint32 this_device = keys_device(account), rid;
	int result = NONE_FOR_US, tried = 0;

	for (const Element *key = element_first(received->header); key; key = element_next(key)) {
		g_autoptr(GError) why = NULL;
		int now;

		if (!element_is(key, "key", OMEMO_NS) || !parse_number(element_attr(key, "rid"), 1, DEVICE_MAX, &rid) ||
			rid != this_device || tried++ >= KEYS_FOR_US_MAX)
			continue;
		now = try_key(account, received, key, opened, &why);
		if (now == SG_SUCCESS)
			return now;
		/* That one was seen before says less than that another is broken. */
		if (result == NONE_FOR_US || result == SG_ERR_DUPLICATE_MESSAGE) {
			result = now;
			g_clear_error(error);
			g_propagate_error(error, g_steal_pointer(&why));
		}
	}
	return result;
}

/* The key came alone in the first years of the protocol; then the tag ends the payload. Only a whole tag counts. */
static bool
read_inner(const signal_buffer *plain, struct received *received, struct inner *inner)
{
	const guint8 *bytes = signal_buffer_const_data(plain);
	size_t length = signal_buffer_len((signal_buffer *)plain);

	if (length == sizeof *inner) {
		memcpy(inner, bytes, sizeof *inner);
		return true;
	}
	if (length != sizeof inner->key || received->length < sizeof inner->tag)
		return false;
	received->length -= sizeof inner->tag;
	memcpy(inner->key, bytes, sizeof inner->key);
	memcpy(inner->tag, received->payload + received->length, sizeof inner->tag);
	return true;
}

static char *
open_payload(struct received *received, const signal_buffer *plain, GError **error)
{
	g_autofree char *text = NULL;
	struct inner inner;
	bool done = read_inner(plain, received, &inner);

	text = g_malloc(received->length + 1);
	done = done && gcm_open(inner.key, received->iv, received->iv_length, received->payload, received->length, inner.tag,
			       (guint8 *)text);
	secret_wipe(&inner, sizeof inner);
	if (!done)
		return fault_null(error, FAULT_PEER, "it cannot be opened: it was changed on the way");
	text[received->length] = '\0';
	if (!g_utf8_validate(text, (gssize)received->length, NULL))
		return fault_null(error, FAULT_PEER, "it cannot be shown: what was sealed is not text");
	return g_steal_pointer(&text);
}

/* After a message was opened: what the ratchet or the bundle needs now. */
static void
look_after(const char *account, const struct received *received, const struct session_opened *opened)
{
	trust_tell(account, received->sender, received->device, opened->identity, opened->news, opened->trust);
	if (opened->prekey) {
		bundle_sweep_later(account);
		/* A device that we did not know of: the list that we have may be old. */
		if (!device_is_active(account, received->sender, received->device))
			lists_doubt(account, received->sender);
	}
	if (opened->unanswered && (opened->prekey || opened->counter >= HEARTBEAT))
		answer_later(account, received->sender, received->device, ANSWER_SETTLE);
}

static enum e2ee_outcome
open_received(const char *account, struct received *received, bool history, E2eeOpened *result, GError **error)
{
	struct session_opened opened = { 0 };
	g_autoptr(GError) why = NULL;
	int code = try_keys(account, received, &opened, &why);

	result->device = received->device;
	/* A key transport that does not concern us, or cannot be opened, hides no text from anybody. */
	if (code == NONE_FOR_US && received->payload)
		fault(error, FAULT_PEER, "it was sealed for other devices, not for this one");
	if (code == NONE_FOR_US)
		return received->payload ? E2EE_NOT_FOR_US : E2EE_NOTHING;
	if (code == SG_ERR_DUPLICATE_MESSAGE) {
		g_propagate_error(error, g_steal_pointer(&why));
		return E2EE_DUPLICATE;
	}
	if (code != SG_SUCCESS) {
		if (received->payload)
			g_propagate_error(error, g_steal_pointer(&why));
		if (!history && (code == SG_ERR_NO_SESSION || code == SG_ERR_INVALID_MESSAGE || code == SG_ERR_INVALID_KEY_ID))
			answer_later(account, received->sender, received->device, ANSWER_HEAL);
		return received->payload ? E2EE_FAILED : E2EE_NOTHING;
	}
	result->trust = opened.trust;
	look_after(account, received, &opened);
	if (received->payload)
		result->text = open_payload(received, opened.plain, error);
	g_clear_pointer(&opened.plain, signal_buffer_bzero_free);
	return !received->payload ? E2EE_NOTHING : result->text ? E2EE_OPENED : E2EE_FAILED;
}

enum e2ee_outcome
message_open(Account *account, const char *sender, const Element *sealed, bool from_archive, E2eeOpened *opened, GError **error)
{
	const char *own = account_jid(account);
	struct received received = { .sender = sender };
	enum e2ee_outcome outcome = E2EE_FAILED;
	struct own_keys keys;

	*opened = (E2eeOpened){ 0 };
	if (!keys_load(own, &keys, error) || !read_element(sealed, PAYLOAD_MAX, &received, error)) {
		g_free(received.payload);
		return outcome;
	}
	if (strcmp(own, sender) == 0 && received.device == keys.device) {
		if (received.payload)
			fault(error, FAULT_PEER, "this device sealed it itself and cannot open it");
		outcome = received.payload ? E2EE_NOT_FOR_US : E2EE_NOTHING;
	} else {
		/* What is read again from far back says nothing about the session as it is now. */
		outcome = open_received(own, &received, from_archive && !answers_are_catching_up(own), opened, error);
	}
	g_free(received.payload);
	return outcome;
}

/* ---- for exactly one device ---- */

static bool
has_one_key(const struct received *received)
{
	guint count = 0;

	for (const Element *key = element_first(received->header); key; key = element_next(key))
		count += element_is(key, "key", OMEMO_NS);
	return count == 1;
}

/* What seals to it from now on seals to the key that it names now: what another one opened proves nothing about that. */
static bool
is_current(const char *account, const struct received *received, const struct session_opened *opened, GError **error)
{
	struct recipient now;

	return (device_find(account, received->sender, received->device, &now) &&
		       memcmp(now.identity, opened->identity, KEY_LENGTH) == 0) ||
	       fault(error, FAULT_TRUST, "device %u of %s sealed it with a key that it uses no more", received->device,
		       received->sender);
}

/* Only with the tag behind the key: there the ratchet binds it. Nothing of it stays in ordinary memory. */
static Secret *
open_secret(const struct received *received, const signal_buffer *plain, GError **error)
{
	g_autoptr(Secret) bytes = secret_new(received->length);
	struct inner inner;
	bool done = signal_buffer_len((signal_buffer *)plain) == sizeof inner;

	if (done) {
		memcpy(&inner, signal_buffer_const_data(plain), sizeof inner);
		done = gcm_open(inner.key, received->iv, received->iv_length, received->payload, received->length, inner.tag,
			secret_fill(bytes));
		secret_wipe(&inner, sizeof inner);
	}
	if (!done)
		return fault_null(error, FAULT_PEER, "it cannot be opened: it was changed on the way");
	return g_steal_pointer(&bytes);
}

static enum e2ee_outcome
open_for_one(const char *account, struct received *received, enum trust *trust, Secret **bytes, GError **error)
{
	struct session_opened opened = { 0 };
	int code = try_keys(account, received, &opened, error);

	if (code == NONE_FOR_US) {
		fault(error, FAULT_PEER, "it was sealed for another device, not for this one");
		return E2EE_NOT_FOR_US;
	}
	if (code == SG_ERR_DUPLICATE_MESSAGE)
		return E2EE_DUPLICATE;
	if (code == SG_ERR_NO_SESSION || code == SG_ERR_INVALID_MESSAGE || code == SG_ERR_INVALID_KEY_ID)
		answer_later(account, received->sender, received->device, ANSWER_HEAL);
	if (code != SG_SUCCESS)
		return E2EE_FAILED;
	look_after(account, received, &opened);
	*trust = opened.trust;
	if (is_current(account, received, &opened, error))
		*bytes = open_secret(received, opened.plain, error);
	g_clear_pointer(&opened.plain, signal_buffer_bzero_free);
	return *bytes ? E2EE_OPENED : E2EE_FAILED;
}

static enum e2ee_outcome
open_for(const char *account, const Element *sealed, struct received *received, enum trust *trust, Secret **bytes, GError **error)
{
	enum e2ee_outcome outcome = E2EE_FAILED;
	struct own_keys keys;

	if (!keys_load(account, &keys, error) || !read_element(sealed, FOR_ONE_MAX, received, error))
		return outcome;
	if (!received->payload || !has_one_key(received)) {
		fault(error, FAULT_PEER, "it cannot be opened: it is not for exactly one device");
		return outcome;
	}
	if (strcmp(account, received->sender) == 0 && received->device == keys.device) {
		fault(error, FAULT_PEER, "this device sealed it itself and cannot open it");
		return E2EE_NOT_FOR_US;
	}
	if (!store_begin(error))
		return outcome;
	outcome = open_for_one(account, received, trust, bytes, error);
	/* What the ratchet did counts in any case; what is used must not be opened a second time after a crash. */
	if (store_commit(STORE_NOW, outcome == E2EE_OPENED ? error : NULL))
		return outcome;
	g_clear_pointer(bytes, secret_free);
	return E2EE_FAILED;
}

enum e2ee_outcome
message_open_for(Account *account, const char *sender, const Element *sealed, guint32 *device, enum trust *trust, Secret **bytes,
	GError **error)
{
	struct received received = { .sender = sender };
	enum e2ee_outcome outcome;

	*device = 0;
	*trust = TRUST_NONE;
	*bytes = NULL;
	outcome = open_for(account_jid(account), sealed, &received, trust, bytes, error);
	*device = received.device;
	g_free(received.payload);
	return outcome;
}
