/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the files of the plugin tell each other. Accounts and peers are bare JIDs; a device is a number of its owner. */
#pragma once

#include "axo_shim.h"
#include "plugin.h"

#define OMEMO_NS "eu.siacs.conversations.axolotl"
#define OMEMO_LIST OMEMO_NS ".devicelist"
#define OMEMO_BUNDLES OMEMO_NS ".bundles:"

enum {
	KEY_LENGTH = 33,       /* a public key with its type byte 0x05 */
	SIGNATURE_LENGTH = 64, /* of a signed prekey */
	PREKEYS = 100,         /* one-time keys on offer */
	DEVICES_MAX = 64,      /* of one owner; more are not used */
	DEVICE_MAX = G_MAXINT32,
	KEYS_MAX = 256, /* of one peer that are remembered; who shows more shows no new ones */
};

/* ---- omemo.c ---- */

extern const struct e2ee_provider omemo_provider;
extern int omemo_new_devices; /* option omemo.new_devices */
enum { NEW_DEVICES_TRUST, NEW_DEVICES_ASK };

/* Grows with every start and stop: who calls back later remembers it, and does nothing when it changed. */
extern guint omemo_run;

/* ---- crypto.c: primitives ---- */

bool crypto_start(GError **error);
void crypto_stop(void);
signal_context *crypto_context(void);
/* AES-128-GCM with a full tag of 16 bytes. */
bool gcm_seal(const guint8 key[16], const guint8 iv[12], const void *text, size_t length, guint8 *sealed, guint8 tag[16]);
bool gcm_open(const guint8 key[16], const guint8 *iv, size_t iv_length, const guint8 *sealed, size_t length, const guint8 tag[16],
	guint8 *text);
bool key_is_sound(const guint8 key[KEY_LENGTH]); /* of the right type, and not of those that hide nothing */
/* A number in decimal between min and max, nothing else in the text. */
bool parse_number(const char *text, guint32 min, guint32 max, guint32 *number);
const char *axo_error(int code); /* what a code of the library means, for a person */

/* ---- keystore.c: the library's view on our tables ---- */

signal_protocol_store_context *keystore_of(const char *account);
void keystore_stop(void);
extern const struct migration keystore_migrations[];

/* ---- keys.c: our own keys ---- */

struct own_keys {
	guint32 device;
	guint8 identity[KEY_LENGTH];
	bool announced;             /* the device was in our list once */
	gint64 revision, published; /* of the bundle: unequal when the server has an old one */
};
bool keys_exist(const char *account); /* any of them, also without an identity */
bool keys_load(const char *account, struct own_keys *keys, GError **error);
guint32 keys_device(const char *account); /* 0 if there are none */
/* Make them if this account never had any; an error, never new ones, if some are there and the identity is not. */
bool keys_ensure(const char *account, GError **error);
/* Delete one-time keys that were used, fill up, rotate the signed prekey when a week is over. */
bool keys_refresh(const char *account, int *used, GError **error);
int keys_prekeys_left(const char *account);
gint64 keys_signed_at(const char *account); /* µs; 0 if there is none */
bool keys_set_announced(const char *account, GError **error);
bool keys_set_published(const char *account, gint64 revision, GError **error);
bool keys_renumber(const char *account, GError **error); /* another device number, while nobody knows this one */
bool keys_forget(const char *account, GError **error);   /* all of this account: keys, sessions, what we know of others stays */
Node *keys_bundle(const char *account, gint64 *revision, GError **error);

/* ---- trust.c: keys of others ---- */

enum key_news { KEY_KNOWN, KEY_FIRST, KEY_NEW, KEY_NEW_UNDECIDED, KEY_CHANGED };
static inline bool
trust_allows(enum trust trust)
{
	return trust == TRUST_TRUSTED || trust == TRUST_VERIFIED;
}
/* Inside a transaction: device uses this key (current) or used it for a message. Decides trust at first sight. */
bool trust_learn(const char *account, const char *peer, guint32 device, const guint8 *key, bool current, const char *learnt,
	enum trust *trust, enum key_news *news, GError **error);
/* After the transaction: tell the user what was learnt, from the main loop. */
void trust_tell(const char *account, const char *peer, guint32 device, const guint8 *key, enum key_news news, enum trust trust);
bool trust_seen(const char *account, const char *peer); /* any key of this peer, ever */
bool trust_is_strict(const char *account, const char *peer);
GPtrArray *trust_identities(const char *account, const char *peer, bool all);
bool trust_set(Account *account, const char *peer, guint32 device, const char *fingerprint, enum trust trust, GError **error);

/* ---- devices.c: which devices there are ---- */

/* One device that its owner announces. */
struct recipient {
	guint32 device;
	bool has_key, has_session;
	bool changed; /* it had another key before */
	guint8 identity[KEY_LENGTH];
	enum trust trust;
};
GArray *devices_of(const char *account, const char *peer, GError **error); /* active ones; without this device itself */
/* The key that a device uses now, announced or not. False if there is none. */
bool device_find(const char *account, const char *peer, guint32 device, struct recipient *found);
bool device_is_active(const char *account, const char *peer, guint32 device);
bool devices_known(const char *account, const char *peer); /* any active one */
/* Leaves as many of these as are used: verified ones first, then trusted ones, then those that were seen before, the older the
 * better. However many are announced, none of them pushes out one that is better known. */
bool devices_choose(const char *account, const char *peer, GArray *ids, guint *left_out, GError **error);
/* The owner announces exactly these now. added: those that were not active before. */
bool devices_set(const char *account, const char *peer, const GArray *ids, GArray *added, GError **error);
bool devices_drop_own(const char *account, guint32 device); /* one of ours is not used any more */

/* ---- lists.c: the lists on the server ---- */

extern const struct stanza_hook lists_hooks[];
enum list_state { LIST_UNKNOWN, LIST_HERE, LIST_NONE, LIST_CONTACTS_ONLY, LIST_LATER };
/* What the server answered to a question for the list of peer (our own is repaired). sentence: why there is none, or NULL. */
enum list_state lists_answer(Account *account, const char *peer, const Element *items, const GError *error, char **sentence);
void lists_check(Account *account); /* our own list is there, open, and names us */
void lists_publish(Account *account);
/* How often something happened within the last minutes, this time included. */
guint count_lately(const char *account, const char *what);
enum { LOUD_MAX = 5 }; /* lines about new devices of one peer in that time */
void lists_stop(void);

/* ---- heard.c: what was heard of lists since the stream began ---- */

/* Not long ago, else LIST_UNKNOWN. sentence is borrowed. */
enum list_state lists_heard(const char *account, const char *peer, const char **sentence);
void heard_set(const char *account, const char *peer, enum list_state state, const char *sentence);
/* So many devices of it are not used: said at once, unless lists come too often; then before the next message. */
void heard_cut(const char *account, const char *peer, guint left_out);
/* Before something is sealed: say that not all devices that are announced can read it, unless it was said of this list. */
void lists_tell_cut(const char *account, const char *peer);
void lists_forget(const char *account);                  /* the stream began anew */
void lists_doubt(const char *account, const char *peer); /* ask again before the next message */
void heard_stop(void);

/* ---- bundles.c: key bundles on the server ---- */

struct bundle {
	guint8 identity[KEY_LENGTH], signed_prekey[KEY_LENGTH], prekey[KEY_LENGTH], signature[SIGNATURE_LENGTH];
	guint32 signed_id, prekey_id;
	bool has_prekey;
	guint prekeys; /* how many are on offer */
};
bool bundle_parse(const Element *items, struct bundle *bundle, GError **error);
typedef void (*bundle_done)(const struct bundle *bundle, const GError *error, gpointer data);
/* False, and neither done nor data_free is called, while the rate is limited (FAULT_BUSY) or the account is offline. */
bool bundle_fetch(Account *account, const char *peer, guint32 device, bundle_done done, gpointer data, GDestroyNotify data_free,
	GError **error);
void bundle_publish(Account *account);        /* if the server has an old one */
void bundle_check(Account *account);          /* it is there and open */
void bundle_sweep_later(const char *account); /* used one-time keys go, new ones are published, soon */
void bundle_sweep(const char *account);
void bundles_stop(void);

/* ---- session.c: ratchets ---- */

bool session_build(const char *account, const char *peer, guint32 device, const struct bundle *bundle, GError **error);
/* Inside a transaction. Fails when the session does not belong to the key that was decided upon. */
bool session_seal(const char *account, const char *peer, const struct recipient *to, const guint8 *bytes, size_t length,
	signal_buffer **sealed, bool *prekey, GError **error);
bool session_is_unanswered(const char *account, const char *peer, guint32 device);
bool session_fits(const char *account, const char *peer, guint32 device, const guint8 *identity);
struct session_opened {
	signal_buffer *plain;
	guint8 identity[KEY_LENGTH];
	bool prekey;     /* it came with a key exchange */
	guint32 counter; /* messages before it in its chain */
	bool unanswered; /* we never sent since the last step of the ratchet */
	enum trust trust;
	enum key_news news;
};
/* Inside a transaction. 0, this, or a code of the library; what was written counts only at 0. */
enum { SESSION_TOO_LATE = 2 };
int session_open(const char *account, const char *peer, guint32 device, const guint8 *bytes, size_t length,
	struct session_opened *opened, GError **error);

/* ---- skipped.c: keys of messages that did not come yet ---- */

/* Inside a transaction, with the record as it was stored after a message with this counter was opened: what it passed over is
 * noted, and what is too much is dropped. */
bool skipped_note(const char *account, const char *peer, guint32 device, session_record *record, ec_public_key *ratchet,
	guint32 counter, bool chain_is_new, GError **error);
/* The library calls such a message a duplicate. */
bool skipped_was_dropped(const char *account, const char *peer, guint32 device, const ec_public_key *ratchet, guint32 counter);
void skipped_age(void); /* those that are too old go, of all sessions */

/* ---- answers.c: messages without text that keep sessions alive ---- */

enum answer { ANSWER_SETTLE = 1, ANSWER_HEAL = 2 };
void answer_later(const char *account, const char *peer, guint32 device, enum answer why);
void answer_given(const char *account, const char *peer, guint32 device);
/* While what waited on the server still comes in, nothing is answered. */
void answers_catching_up(const char *account, bool catching_up);
bool answers_are_catching_up(const char *account);
void answers_stop(void);

/* ---- seal.c, open.c: messages ---- */

/* The key of a payload and the tag that binds it: what goes through the ratchets. */
struct inner {
	guint8 key[16], tag[16];
};
Node *message_seal(Account *account, const char *peer, const char *text, enum trust *weakest, GError **error);
/* For exactly one device, and back: at most so many bytes, any. */
enum { FOR_ONE_MAX = 4096 };
Node *message_seal_for(Account *account, const char *peer, guint32 device, const void *bytes, size_t length, GError **error);
Node *message_key_transport(const char *account, const char *peer, const struct recipient *to, GError **error);
enum e2ee_outcome
message_open(Account *account, const char *sender, const Element *sealed, bool from_archive, E2eeOpened *opened, GError **error);
enum e2ee_outcome message_open_for(Account *account, const char *sender, const Element *sealed, guint32 *device, enum trust *trust,
	Secret **bytes, GError **error);

/* ---- prepare.c ---- */

void prepare(Account *account, const char *peer, e2ee_prepared done, gpointer data);
void prepare_stop(void);

/* ---- cmds.c ---- */

extern const struct cmd omemo_cmds[];
bool doctor_run(const struct cmd_call *call, GError **error); /* doctor.c: looks at everything, mends what it can */
