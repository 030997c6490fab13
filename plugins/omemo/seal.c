/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Sealing (XEP-0384 0.3): text sealed with a fresh key, and that key sealed for each device. */
#include "omemo.h"

#include <string.h>

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

	if (length > FOR_ONE_MAX)
		return fault(error, FAULT_INPUT, "%zu bytes are more than one device is sent in one piece", length);
	if (!device_find(account, peer, device, &to) || !to.has_session)
		return fault(error, FAULT_TRUST, "there is no session with device %u of %s", device, peer);
	if (to.trust != TRUST_UNDECIDED && !trust_allows(to.trust))
		return fault(error, FAULT_TRUST, "device %u of %s is not trusted: /trust %s yes %u allows it", device, peer, peer,
			device);
	if (!seal_payload(envelope, bytes, length, &sealed, error) ||
		!add_key(envelope->header, account, peer, &to, &envelope->inner, error))
		return false;
	add_bytes(envelope->header, "iv", envelope->iv, sizeof envelope->iv);
	add_bytes(envelope->element, "payload", sealed, length);
	answer_given(account, peer, device);
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
