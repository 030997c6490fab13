/* SPDX-License-Identifier: GPL-3.0-or-later */
/* See device.h. */
#include "flow/device.h"

#include "../../plugins/omemo/omemo.h"

#include <string.h>

enum { OFFERED = 10 };

struct Device {
	char *owner, *bundle;
	guint32 number;
	ratchet_identity_key_pair *identity;
	session_signed_pre_key *signed_prekey;
	GHashTable *sessions; /* "name\nnumber": GBytes */
	GHashTable *remembered;
	GHashTable *prekeys; /* id: GBytes */
	GHashTable *heard;   /* see device_heard() */
	signal_protocol_store_context *store;
};

static void
must(int result)
{
	if (result < 0)
		g_error("device: the ratchet library says %d", result);
}

/* ---- its store ---- */

static char *
session_key(const signal_protocol_address *address)
{
	return g_strdup_printf("%.*s\n%d", (int)address->name_len, address->name, address->device_id);
}

static int
take(GBytes *bytes, signal_buffer **record)
{
	if (bytes)
		*record = signal_buffer_create(g_bytes_get_data(bytes, NULL), g_bytes_get_size(bytes));
	return bytes ? 1 : 0;
}

static int
load_session(signal_buffer **record, signal_buffer **user, const signal_protocol_address *address, void *data)
{
	g_autofree char *key = session_key(address);

	*user = NULL;
	return take(g_hash_table_lookup(((Device *)data)->sessions, key), record);
}

static int
store_session(const signal_protocol_address *address, uint8_t *record, size_t length, uint8_t *user, size_t user_length, void *data)
{
	(void)user;
	(void)user_length;
	g_hash_table_insert(((Device *)data)->sessions, session_key(address), g_bytes_new(record, length));
	return SG_SUCCESS;
}

static int
contains_session(const signal_protocol_address *address, void *data)
{
	g_autofree char *key = session_key(address);

	return g_hash_table_contains(((Device *)data)->sessions, key);
}

static int
load_prekey(signal_buffer **record, uint32_t id, void *data)
{
	return take(g_hash_table_lookup(((Device *)data)->prekeys, GUINT_TO_POINTER(id)), record) ? SG_SUCCESS
												  : SG_ERR_INVALID_KEY_ID;
}

/* Kept, so that a story may use one twice. */
static int
remove_prekey(uint32_t id, void *data)
{
	(void)id;
	(void)data;
	return SG_SUCCESS;
}

static int
load_signed(signal_buffer **record, uint32_t id, void *data)
{
	const Device *device = data;

	if (id != session_signed_pre_key_get_id(device->signed_prekey))
		return SG_ERR_INVALID_KEY_ID;
	return session_signed_pre_key_serialize(record, device->signed_prekey);
}

static int
load_identity(signal_buffer **public, signal_buffer **private, void *data)
{
	const Device *device = data;

	must(ec_public_key_serialize(public, ratchet_identity_key_pair_get_public(device->identity)));
	return ec_private_key_serialize(private, ratchet_identity_key_pair_get_private(device->identity));
}

static int
registration(void *data, uint32_t *id)
{
	*id = ((Device *)data)->number;
	return SG_SUCCESS;
}

static int
save_identity(const signal_protocol_address *address, uint8_t *key, size_t length, void *data)
{
	(void)address;
	(void)key;
	(void)length;
	(void)data;
	return SG_SUCCESS;
}

static int
is_trusted(const signal_protocol_address *address, uint8_t *key, size_t length, void *data)
{
	(void)save_identity(address, key, length, data);
	return 1;
}

static void
make_store(Device *device)
{
	must(signal_protocol_store_context_create(&device->store, crypto_context()));
	signal_protocol_store_context_set_session_store(
		device->store, &(signal_protocol_session_store){ .load_session_func = load_session,
				       .store_session_func = store_session,
				       .contains_session_func = contains_session,
				       .user_data = device });
	signal_protocol_store_context_set_pre_key_store(
		device->store, &(signal_protocol_pre_key_store){
				       .load_pre_key = load_prekey, .remove_pre_key = remove_prekey, .user_data = device });
	signal_protocol_store_context_set_signed_pre_key_store(
		device->store, &(signal_protocol_signed_pre_key_store){ .load_signed_pre_key = load_signed, .user_data = device });
	signal_protocol_store_context_set_identity_key_store(
		device->store, &(signal_protocol_identity_key_store){ .get_identity_key_pair = load_identity,
				       .get_local_registration_id = registration,
				       .save_identity = save_identity,
				       .is_trusted_identity = is_trusted,
				       .user_data = device });
}

/* ---- its keys ---- */

static void
add(GString *xml, const char *open, const guint8 *bytes, size_t length, const char *close)
{
	g_autofree char *text = g_base64_encode(bytes, length);

	g_string_append_printf(xml, "<%s>%s</%s>", open, text, close);
}

static void
add_key(GString *xml, const char *open, ec_public_key *key, const char *close)
{
	axo_auto_buffer *bytes = NULL;

	must(ec_public_key_serialize(&bytes, key));
	add(xml, open, signal_buffer_data(bytes), signal_buffer_len(bytes), close);
}

static void
add_prekey(Device *device, GString *xml, guint32 id)
{
	g_autofree char *open = g_strdup_printf("preKeyPublic preKeyId='%u'", id);
	axo_auto session_pre_key *prekey = NULL;
	axo_auto ec_key_pair *pair = NULL;
	axo_auto_buffer *record = NULL;

	must(curve_generate_key_pair(crypto_context(), &pair));
	must(session_pre_key_create(&prekey, id, pair));
	must(session_pre_key_serialize(&record, prekey));
	g_hash_table_insert(
		device->prekeys, GUINT_TO_POINTER(id), g_bytes_new(signal_buffer_data(record), signal_buffer_len(record)));
	add_key(xml, open, ec_key_pair_get_public(pair), "preKeyPublic");
}

void
device_new_identity(Device *device)
{
	GString *xml = g_string_new("<bundle xmlns='" OMEMO_NS "'>");

	axo_unref(&device->identity);
	axo_unref(&device->signed_prekey);
	device_forget_sessions(device);
	must(signal_protocol_key_helper_generate_identity_key_pair(&device->identity, crypto_context()));
	must(signal_protocol_key_helper_generate_signed_pre_key(&device->signed_prekey, device->identity, 1, 1, crypto_context()));
	add_key(xml, "signedPreKeyPublic signedPreKeyId='1'",
		ec_key_pair_get_public(session_signed_pre_key_get_key_pair(device->signed_prekey)), "signedPreKeyPublic");
	add(xml, "signedPreKeySignature", session_signed_pre_key_get_signature(device->signed_prekey),
		session_signed_pre_key_get_signature_len(device->signed_prekey), "signedPreKeySignature");
	add_key(xml, "identityKey", ratchet_identity_key_pair_get_public(device->identity), "identityKey");
	g_string_append(xml, "<prekeys>");
	for (guint32 id = 1; id <= OFFERED; id++)
		add_prekey(device, xml, id);
	g_string_append(xml, "</prekeys></bundle>");
	g_free(device->bundle);
	device->bundle = g_string_free(xml, FALSE);
}

Device *
device_new(const char *owner)
{
	Device *device = g_new0(Device, 1);

	if (!crypto_context() && !crypto_start(NULL))
		g_error("device: no ratchet library");
	device->owner = g_strdup(owner);
	device->number = (guint32)g_random_int_range(1, DEVICE_MAX);
	device->sessions = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, (GDestroyNotify)g_bytes_unref);
	device->remembered = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, (GDestroyNotify)g_bytes_unref);
	device->prekeys = g_hash_table_new_full(NULL, NULL, NULL, (GDestroyNotify)g_bytes_unref);
	device->heard = g_hash_table_new_full(g_str_hash, g_str_equal, NULL, g_free);
	make_store(device);
	device_new_identity(device);
	return device;
}

void
device_free(Device *device)
{
	signal_protocol_store_context_destroy(device->store);
	axo_unref(&device->identity);
	axo_unref(&device->signed_prekey);
	g_hash_table_unref(device->sessions);
	g_hash_table_unref(device->remembered);
	g_hash_table_unref(device->prekeys);
	g_hash_table_unref(device->heard);
	g_free(device->owner);
	g_free(device->bundle);
	g_free(device);
}

void
device_forget_sessions(Device *device)
{
	g_hash_table_remove_all(device->sessions);
}

bool
device_knows(const Device *device, const char *owner, guint32 number)
{
	signal_protocol_address address = { owner, strlen(owner), (int32_t)number };

	return contains_session(&address, (Device *)device) != 0;
}

GHashTable *
device_heard(Device *device)
{
	return device->heard;
}

void
device_remember(Device *device)
{
	GHashTableIter iter;
	gpointer key, value;

	g_hash_table_remove_all(device->remembered);
	g_hash_table_iter_init(&iter, device->sessions);
	while (g_hash_table_iter_next(&iter, &key, &value))
		g_hash_table_insert(device->remembered, g_strdup(key), g_bytes_ref(value));
}

void
device_rewind(Device *device)
{
	GHashTable *later = device->sessions;

	device->sessions = device->remembered;
	device->remembered = later;
}

guint32
device_number(const Device *device)
{
	return device->number;
}

const char *
device_owner(const Device *device)
{
	return device->owner;
}

const char *
device_bundle(const Device *device)
{
	return device->bundle;
}

char *
device_fingerprint(const Device *device)
{
	axo_auto_buffer *bytes = NULL;

	must(ec_public_key_serialize(&bytes, ratchet_identity_key_pair_get_public(device->identity)));
	return text_hex(signal_buffer_data(bytes) + 1, KEY_LENGTH - 1);
}

/* ---- reading ---- */

static guint8 *
bytes_of(const Element *element, size_t *length)
{
	*length = 0;
	return element ? text_base64(element_text(element), 1024 * 1024, length) : NULL;
}

static signal_buffer *
open_key(Device *device, const char *sender, guint32 sid, const guint8 *bytes, size_t length)
{
	signal_protocol_address address = { sender, strlen(sender), (int32_t)sid };
	axo_auto pre_key_signal_message *first = NULL;
	axo_auto signal_message *message = NULL;
	signal_buffer *plain = NULL;
	session_cipher *cipher;

	must(session_cipher_create(&cipher, device->store, &address, crypto_context()));
	if (pre_key_signal_message_deserialize(&first, bytes, length, crypto_context()) == SG_SUCCESS)
		session_cipher_decrypt_pre_key_signal_message(cipher, first, NULL, &plain);
	else if (signal_message_deserialize(&message, bytes, length, crypto_context()) == SG_SUCCESS)
		session_cipher_decrypt_signal_message(cipher, message, NULL, &plain);
	session_cipher_free(cipher);
	return plain;
}

static char *
open_payload(const Element *encrypted, const Element *header, const signal_buffer *plain)
{
	size_t iv_length, length;
	g_autofree guint8 *iv = bytes_of(element_child(header, "iv", OMEMO_NS), &iv_length);
	g_autofree guint8 *payload = bytes_of(element_child(encrypted, "payload", OMEMO_NS), &length);
	const guint8 *inner = signal_buffer_const_data(plain);
	char *text;

	if (!payload)
		return g_strdup("");
	if (!iv || signal_buffer_len((signal_buffer *)plain) != 32)
		return NULL;
	text = g_malloc0(length + 1);
	if (gcm_open(inner, iv, iv_length, payload, length, inner + 16, (guint8 *)text))
		return text;
	g_free(text);
	return NULL;
}

char *
device_open(Device *device, const char *sender, const char *xml)
{
	g_autoptr(Stanza) stanza = stanza_parse(xml, strlen(xml), NULL);
	const Element *encrypted = stanza ? stanza_root(stanza) : NULL;
	const Element *header = encrypted ? element_child(encrypted, "header", OMEMO_NS) : NULL;
	guint32 sid, rid;

	if (!header || !parse_number(element_attr(header, "sid"), 1, DEVICE_MAX, &sid))
		return NULL;
	for (const Element *key = element_first(header); key; key = element_next(key)) {
		axo_auto_buffer *plain = NULL;
		g_autofree guint8 *bytes = NULL;
		size_t length;

		if (!element_is(key, "key", OMEMO_NS) || !parse_number(element_attr(key, "rid"), 1, DEVICE_MAX, &rid) ||
			rid != device->number)
			continue;
		bytes = bytes_of(key, &length);
		plain = bytes ? open_key(device, sender, sid, bytes, length) : NULL;
		if (plain)
			return open_payload(encrypted, header, plain);
	}
	return NULL;
}

/* ---- writing ---- */

void
device_meet(Device *device, const char *owner, guint32 number, const char *xml)
{
	g_autofree char *items = g_strdup_printf("<items><item>%s</item></items>", xml);
	g_autoptr(Stanza) stanza = stanza_parse(items, strlen(items), NULL);
	const Element *bundle = element_child(element_first(stanza_root(stanza)), "bundle", OMEMO_NS);
	const Element *signed_prekey = element_child(bundle, "signedPreKeyPublic", OMEMO_NS);
	const Element *prekey = element_first(element_child(bundle, "prekeys", OMEMO_NS));
	signal_protocol_address address = { owner, strlen(owner), (int32_t)number };
	size_t length[4];
	g_autofree guint8 *identity = bytes_of(element_child(bundle, "identityKey", OMEMO_NS), &length[0]);
	g_autofree guint8 *signed_bytes = bytes_of(signed_prekey, &length[1]);
	g_autofree guint8 *prekey_bytes = bytes_of(prekey, &length[2]);
	g_autofree guint8 *signature = bytes_of(element_child(bundle, "signedPreKeySignature", OMEMO_NS), &length[3]);
	axo_auto ec_public_key *identity_key = NULL, *signed_key = NULL, *one_time_key = NULL;
	axo_auto session_pre_key_bundle *keys = NULL;
	session_builder *builder;
	guint32 prekey_id = 0, signed_id = 0;

	must(curve_decode_point(&identity_key, identity, length[0], crypto_context()));
	must(curve_decode_point(&signed_key, signed_bytes, length[1], crypto_context()));
	must(curve_decode_point(&one_time_key, prekey_bytes, length[2], crypto_context()));
	parse_number(element_attr(prekey, "preKeyId"), 0, G_MAXUINT32, &prekey_id);
	parse_number(element_attr(signed_prekey, "signedPreKeyId"), 0, G_MAXUINT32, &signed_id);
	must(session_pre_key_bundle_create(
		&keys, number, (int)number, prekey_id, one_time_key, signed_id, signed_key, signature, length[3], identity_key));
	must(session_builder_create(&builder, device->store, &address, crypto_context()));
	must(session_builder_process_pre_key_bundle(builder, keys));
	session_builder_free(builder);
}

char *
device_seal(Device *device, const char *owner, guint32 number, const char *text)
{
	signal_protocol_address address = { owner, strlen(owner), (int32_t)number };
	axo_auto ciphertext_message *message = NULL;
	size_t length = strlen(text);
	g_autofree guint8 *payload = g_malloc(length + 1);
	GString *xml = g_string_new(NULL);
	guint8 inner[32], iv[12];
	signal_buffer *sealed;
	session_cipher *cipher;
	g_autofree char *open = NULL;

	random_bytes(inner, sizeof inner);
	random_bytes(iv, sizeof iv);
	gcm_seal(inner, iv, text, length, payload, inner + 16);
	must(session_cipher_create(&cipher, device->store, &address, crypto_context()));
	must(session_cipher_encrypt(cipher, inner, sizeof inner, &message));
	session_cipher_free(cipher);
	sealed = ciphertext_message_get_serialized(message);
	open = g_strdup_printf(
		"key rid='%u'%s", number, ciphertext_message_get_type(message) == CIPHERTEXT_PREKEY_TYPE ? " prekey='true'" : "");
	g_string_append_printf(xml, "<encrypted xmlns='" OMEMO_NS "'><header sid='%u'>", device->number);
	add(xml, open, signal_buffer_data(sealed), signal_buffer_len(sealed), "key");
	add(xml, "iv", iv, sizeof iv, "iv");
	g_string_append(xml, "</header>");
	add(xml, "payload", payload, length, "payload");
	g_string_append(xml, "</encrypted>");
	return g_string_free(xml, FALSE);
}
