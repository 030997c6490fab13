/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Messages (XEP-0384 0.3): text sealed with a fresh key, and that key sealed for each device. */
#include "omemo.h"

#include <string.h>

enum {
	PAYLOAD_MAX = 768 * 1024, /* bytes of text that are opened */
	SEALED_KEY_MAX = 4096,    /* a sealed key has less than 200 */
	KEYS_FOR_US_MAX = 4,      /* that are tried, of one message */
	HEARTBEAT = 53,           /* so far the ratchet of a silent reader may fall behind (XEP-0384) */
};

/* The key of a payload and the tag that binds it: what goes through the ratchets. */
struct inner {
	guint8 key[16], tag[16];
};

/* ---- sealing ---- */

static void
add_bytes(Node *parent, const char *name, const guint8 *bytes, size_t length)
{
	g_autofree char *text = g_base64_encode(bytes, length);

	node_add_text(parent, name, NULL, text);
}

static bool
add_key(Node *header, const char *account, const char *peer, const struct recipient *to, const struct inner *inner, GError **error)
{
	axo_auto_buffer *sealed = NULL;
	g_autofree char *text = NULL;
	bool prekey = false;
	Node *key;

	if (!session_seal(account, peer, to, (const guint8 *)inner, sizeof *inner, &sealed, &prekey, error))
		return false;
	text = g_base64_encode(signal_buffer_data(sealed), signal_buffer_len(sealed));
	key = node_add_text(header, "key", NULL, text);
	node_attr_int(key, "rid", to->device);
	if (prekey)
		node_attr(key, "prekey", "true");
	return true;
}

struct envelope {
	Node *element, *header;
	struct inner inner;
	guint8 iv[12];
};

static bool
envelope_begin(struct envelope *envelope, const char *account, GError **error)
{
	guint32 device = keys_device(account);

	if (!device)
		return fault(error, FAULT_GONE, "%s has no keys to seal with", account);
	random_bytes(envelope->inner.key, sizeof envelope->inner.key);
	random_bytes(envelope->iv, sizeof envelope->iv);
	envelope->element = node_new("encrypted", OMEMO_NS);
	envelope->header = node_add(envelope->element, "header", NULL);
	node_attr_int(envelope->header, "sid", device);
	return true;
}

/* The element, or NULL if it went wrong. The key is forgotten in either case. */
static Node *
envelope_end(struct envelope *envelope, bool done)
{
	secret_wipe(&envelope->inner, sizeof envelope->inner);
	if (!done)
		g_clear_pointer(&envelope->element, node_free);
	return envelope->element;
}

static bool
seal_payload(struct envelope *envelope, const void *text, size_t length, guint8 **sealed, GError **error)
{
	*sealed = g_malloc(length + 1);
	return gcm_seal(envelope->inner.key, envelope->iv, text, length, *sealed, envelope->inner.tag) ||
	       fault(error, FAULT_STORE, "sealing the text failed");
}

static enum trust
weaker(enum trust a, enum trust b)
{
	return a == TRUST_VERIFIED ? b : a;
}

/* For each device that may read it. sealed_for counts those of this owner. */
static bool
add_keys(struct envelope *envelope, const char *account, const char *peer, bool must, guint *sealed_for, enum trust *weakest,
	GError **error)
{
	g_autoptr(GArray) devices = devices_of(account, peer, error);

	if (!devices)
		return false;
	for (guint i = 0; i < devices->len; i++) {
		const struct recipient *to = &g_array_index(devices, struct recipient, i);

		if (to->changed && to->trust == TRUST_UNDECIDED)
			return fault(error, FAULT_TRUST,
				"the key of device %u of %s changed: /verify %s, then /trust %s yes %u or no %u", to->device, peer,
				peer, peer, to->device, to->device);
		if (!to->has_session || !trust_allows(to->trust) || !session_fits(account, peer, to->device, to->identity))
			continue;
		if (!add_key(envelope->header, account, peer, to, &envelope->inner, error))
			return false;
		answer_given(account, peer, to->device);
		*weakest = weaker(*weakest, to->trust);
		(*sealed_for)++;
	}
	return !must || *sealed_for > 0 ||
	       fault(error, FAULT_TRUST, "no device of %s may read it: /verify %s shows them", peer, peer);
}

static bool
fill(struct envelope *envelope, const char *account, const char *peer, const char *text, enum trust *weakest, GError **error)
{
	bool to_self = strcmp(account, peer) == 0;
	g_autofree guint8 *sealed = NULL;
	size_t length = strlen(text);
	guint count = 0;

	*weakest = TRUST_VERIFIED;
	if (!seal_payload(envelope, text, length, &sealed, error) ||
		!add_keys(envelope, account, peer, true, &count, weakest, error) ||
		(!to_self && !add_keys(envelope, account, account, false, &count, weakest, error)))
		return false;
	add_bytes(envelope->header, "iv", envelope->iv, sizeof envelope->iv);
	add_bytes(envelope->element, "payload", sealed, length);
	return true;
}

Node *
message_seal(Account *account, const char *peer, const char *text, enum trust *weakest, GError **error)
{
	struct envelope envelope = { 0 };

	return envelope_begin(&envelope, account_jid(account), error)
		       ? envelope_end(&envelope, fill(&envelope, account_jid(account), peer, text, weakest, error))
		       : NULL;
}

static bool
fill_for_one(struct envelope *envelope, const char *account, const char *peer, guint32 device, const void *bytes, size_t length,
	GError **error)
{
	g_autofree guint8 *sealed = NULL;
	struct recipient to;

	if (!device_find(account, peer, device, &to) || !to.has_session || !trust_allows(to.trust))
		return fault(error, FAULT_TRUST, "device %u of %s is not trusted, or there is no session with it", device, peer);
	if (!seal_payload(envelope, bytes, length, &sealed, error) ||
		!add_key(envelope->header, account, peer, &to, &envelope->inner, error))
		return false;
	add_bytes(envelope->header, "iv", envelope->iv, sizeof envelope->iv);
	add_bytes(envelope->element, "payload", sealed, length);
	return true;
}

Node *
message_seal_for(Account *account, const char *peer, guint32 device, const void *bytes, size_t length, GError **error)
{
	const char *own = account_jid(account);
	struct envelope envelope = { 0 };
	g_autoptr(Node) element = NULL;

	if (!envelope_begin(&envelope, own, error))
		return NULL;
	if (!store_begin(error))
		return envelope_end(&envelope, false);
	element = envelope_end(&envelope, fill_for_one(&envelope, own, peer, device, bytes, length, error));
	if (!element) {
		store_rollback();
		return NULL;
	}
	return store_commit(STORE_NOW, error) ? g_steal_pointer(&element) : NULL;
}

/* Inside a transaction: nothing to read, it only turns the ratchet. */
Node *
message_key_transport(const char *account, const char *peer, const struct recipient *to, GError **error)
{
	struct envelope envelope = { 0 };
	guint8 nothing[1];
	bool done;

	if (!envelope_begin(&envelope, account, error))
		return NULL;
	done = (gcm_seal(envelope.inner.key, envelope.iv, "", 0, nothing, envelope.inner.tag) ||
		       fault(error, FAULT_STORE, "sealing failed")) &&
	       add_key(envelope.header, account, peer, to, &envelope.inner, error);
	if (done)
		add_bytes(envelope.header, "iv", envelope.iv, sizeof envelope.iv);
	return envelope_end(&envelope, done);
}

/* ---- opening ---- */

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
read_element(const Element *sealed, struct received *received, GError **error)
{
	const char *payload = element_child_text(sealed, "payload", OMEMO_NS);

	received->header = element_child(sealed, "header", OMEMO_NS);
	if (!received->header || !parse_number(element_attr(received->header, "sid"), 1, DEVICE_MAX, &received->device))
		return fault(error, FAULT_PEER, "it cannot be opened: it does not say which device sealed it");
	if (payload && !read_iv(received))
		return fault(error, FAULT_PEER, "it cannot be opened: its start value is not valid");
	received->payload = payload ? text_base64(payload, PAYLOAD_MAX, &received->length) : NULL;
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
	if (!keys_load(own, &keys, error) || !read_element(sealed, &received, error)) {
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
