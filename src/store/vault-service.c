/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The passphrase in the desktop's keyring (Secret Service), through libsecret, which is loaded when it is first asked: a machine
 * without it loses nothing. */
#include "store/vault.h"

#include "api/error.h"
#include "api/timer.h"
#include "base/files.h"

#include <gio/gio.h>
#include <gmodule.h>
#include <string.h>

enum { TIME_MS = 30000 };

/* libsecret-1's stable interface, as far as it is used. */
typedef struct {
	const char *name;
	int flags;
	struct {
		const char *name;
		int type;
	} attributes[32];
	int reserved;
	gpointer reserved1, reserved2, reserved3, reserved4, reserved5, reserved6, reserved7;
} Schema;

static struct {
	GModule *module;
	void (*lookup)(
		const Schema *schema, GHashTable *attributes, GCancellable *cancellable, GAsyncReadyCallback done, gpointer data);
	char *(*lookup_finish)(GAsyncResult *result, GError **error);
	void (*store)(const Schema *schema, GHashTable *attributes, const char *collection, const char *label, const char *password,
		GCancellable *cancellable, GAsyncReadyCallback done, gpointer data);
	gboolean (*store_finish)(GAsyncResult *result, GError **error);
	void (*clear)(
		const Schema *schema, GHashTable *attributes, GCancellable *cancellable, GAsyncReadyCallback done, gpointer data);
	gboolean (*clear_finish)(GAsyncResult *result, GError **error);
	void (*wipe)(char *password);
} secret;

static const struct {
	const char *name;
	gpointer *function;
} symbols[] = {
	{ "secret_password_lookupv", (gpointer *)&secret.lookup },
	{ "secret_password_lookup_nonpageable_finish", (gpointer *)&secret.lookup_finish },
	{ "secret_password_storev", (gpointer *)&secret.store },
	{ "secret_password_store_finish", (gpointer *)&secret.store_finish },
	{ "secret_password_clearv", (gpointer *)&secret.clear },
	{ "secret_password_clear_finish", (gpointer *)&secret.clear_finish },
	{ "secret_password_free", (gpointer *)&secret.wipe },
};

static const Schema schema = { .name = "org.sotto.Store", .attributes = { { "profile", 0 } } };

struct question {
	GCancellable *cancellable;
	Secret *passphrase; /* to be stored */
	GError *error;
	guint timer;
	vault_passphrase_done done;
	gpointer data;
};

static bool
load(GError **error)
{
	if (secret.module)
		return true;
	GModule *module = g_module_open("libsecret-1.so.0", G_MODULE_BIND_LOCAL);
	bool whole = module;
	for (size_t i = 0; whole && i < G_N_ELEMENTS(symbols); i++)
		whole = g_module_symbol(module, symbols[i].name, symbols[i].function);
	if (!whole) {
		if (module)
			g_module_close(module);
		return fault(error, FAULT_GONE, "there is no keyring: libsecret is not installed");
	}
	/* Its types are registered for good. */
	g_module_make_resident(module);
	secret.module = module;
	return true;
}

static GHashTable *
attributes(void)
{
	GHashTable *table = g_hash_table_new_full(g_str_hash, g_str_equal, NULL, g_free);
	g_hash_table_insert(table, (gpointer) "profile", g_strdup(files_folder(FOLDER_DATA)));
	return table;
}

static void
finish(struct question *question, Secret *passphrase)
{
	if (question->timer)
		clock_cancel(question->timer);
	question->done(passphrase, question->error, question->data);
	secret_free(question->passphrase);
	g_clear_error(&question->error);
	g_object_unref(question->cancellable);
	g_free(question);
}

static gboolean
on_failed_start(gpointer data)
{
	finish(data, NULL);
	return G_SOURCE_REMOVE;
}

static void
on_time(gpointer data)
{
	struct question *question = data;
	question->timer = 0;
	g_cancellable_cancel(question->cancellable);
}

static void
on_found(GObject *source, GAsyncResult *result, gpointer data)
{
	struct question *question = data;
	g_autoptr(GError) why = NULL;
	Secret *passphrase = NULL;
	char *text = secret.lookup_finish(result, &why);
	(void)source;
	if (text && *text)
		passphrase = secret_copy(text, strlen(text));
	if (text)
		secret.wipe(text);
	if (!passphrase)
		fault(&question->error, FAULT_GONE, "the keyring does not have the passphrase of this profile%s%s", why ? ": " : "",
			why ? why->message : "");
	finish(question, passphrase);
}

static void
on_stored(GObject *source, GAsyncResult *result, gpointer data)
{
	struct question *question = data;
	g_autoptr(GError) why = NULL;
	(void)source;
	if (!secret.store_finish(result, &why))
		fault(&question->error, FAULT_GONE, "the keyring did not take the passphrase: %s",
			why ? why->message : "no reason given");
	finish(question, question->error ? NULL : secret_ref(question->passphrase));
}

static void
on_cleared(GObject *source, GAsyncResult *result, gpointer data)
{
	struct question *question = data;
	g_autoptr(GError) why = NULL;
	(void)source;
	if (!secret.clear_finish(result, &why))
		fault(&question->error, FAULT_GONE, "the keyring has no passphrase of this profile%s%s", why ? ": " : "",
			why ? why->message : "");
	finish(question, NULL);
}

/* NULL when there is nobody to ask; done is then called later. */
static struct question *
question_new(vault_passphrase_done done, gpointer data)
{
	struct question *question = g_new0(struct question, 1);
	question->cancellable = g_cancellable_new();
	question->done = done;
	question->data = data;
	/* Without an address the library would try to start a bus of its own. */
	if (!g_getenv("DBUS_SESSION_BUS_ADDRESS") && !g_getenv("XDG_RUNTIME_DIR"))
		fault(&question->error, FAULT_GONE, "there is no keyring: no session bus is running");
	else
		load(&question->error);
	if (question->error) {
		g_idle_add(on_failed_start, question);
		return NULL;
	}
	question->timer = clock_after(TIME_MS, on_time, question, NULL);
	return question;
}

void
vault_ask_service(vault_passphrase_done done, gpointer data)
{
	struct question *question = question_new(done, data);
	g_autoptr(GHashTable) wanted = attributes();
	if (question)
		secret.lookup(&schema, wanted, question->cancellable, on_found, question);
}

void
vault_tell_service(const Secret *passphrase, vault_passphrase_done done, gpointer data)
{
	struct question *question = question_new(done, data);
	g_autoptr(GHashTable) wanted = attributes();
	if (!question)
		return;
	question->passphrase = secret_copy(secret_bytes(passphrase), secret_length(passphrase));
	secret.store(&schema, wanted, NULL, "Passphrase of the sotto store", secret_bytes(passphrase), question->cancellable,
		on_stored, question);
}

void
vault_forget_service(vault_passphrase_done done, gpointer data)
{
	struct question *question = question_new(done, data);
	g_autoptr(GHashTable) wanted = attributes();
	if (question)
		secret.clear(&schema, wanted, question->cancellable, on_cleared, question);
}
