/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The vault: making, opening and changing it. The derivation runs in a thread, everything else in the main loop. */
#include "store/vault-private.h"

#include "api/error.h"
#include "api/log.h"
#include "base/files.h"
#include "base/mailbox.h"
#include "store/db.h"

#include <errno.h>
#include <sys/stat.h>

enum { FILE_MAX = 4096 };

struct job {
	struct vault_file old_file, new_file;
	Secret *old_passphrase, *new_passphrase; /* either may be NULL */
	Secret *key;
	GError *error;
	vault_done done;
	vault_changed changed;
	gpointer data;
};

static char *
file_name(GError **error)
{
	return files_path(FOLDER_DATA, "vault", error);
}

static bool
exists(const char *name)
{
	g_autofree char *path = files_path(FOLDER_DATA, name, NULL);
	struct stat status;
	return path && (lstat(path, &status) == 0 || errno != ENOENT);
}

static bool
read_file(struct vault_file *file, GError **error)
{
	g_autofree char *path = file_name(error);
	g_autofree char *text = NULL;
	size_t length;
	return path && files_read(path, FILE_MAX, &text, &length, error) && vault_file_parse(file, text, error);
}

static bool
write_file(const struct vault_file *file, GError **error)
{
	g_autofree char *path = file_name(error);
	g_autofree char *text = vault_file_text(file);
	return path && files_write(path, text, -1, error);
}

enum vault_state
vault_state(void)
{
	struct vault_file file;
	if (!exists("vault"))
		return exists(DB_NAME) ? VAULT_BROKEN : VAULT_NEW;
	return read_file(&file, NULL) ? VAULT_LOCKED : VAULT_BROKEN;
}

/* ---- the job ---- */

static Secret *
open_old(struct job *job)
{
	g_autoptr(Secret) derived = vault_derive(&job->old_file, job->old_passphrase, &job->error);
	return derived ? vault_open(&job->old_file, derived, &job->error) : NULL;
}

static bool
seal_new(struct job *job)
{
	g_autoptr(Secret) derived = vault_derive(&job->new_file, job->new_passphrase, &job->error);
	return derived && vault_seal(&job->new_file, derived, job->key, &job->error);
}

/* In the thread: sees the job alone. */
static void
work(gpointer data)
{
	struct job *job = data;
	if (job->error)
		return;
	job->key = job->old_passphrase ? open_old(job) : secret_random(VAULT_KEY);
	if (job->key && job->new_passphrase)
		seal_new(job);
}

static void
finish(gpointer data)
{
	struct job *job = data;
	if (!job->error && job->new_passphrase)
		write_file(&job->new_file, &job->error);
	if (job->changed)
		job->changed(job->error, job->data);
	else
		job->done(job->error ? NULL : g_steal_pointer(&job->key), job->error, job->data);
	secret_free(job->old_passphrase);
	secret_free(job->new_passphrase);
	secret_free(job->key);
	g_clear_error(&job->error);
	g_free(job);
}

/* A copy of its own: references are counted by the main loop alone. */
static Secret *
copy(const Secret *passphrase)
{
	return secret_copy(secret_bytes(passphrase), secret_length(passphrase));
}

static bool
accept_passphrase(const Secret *passphrase, GError **error)
{
	return secret_length(passphrase) > 0 || fault(error, FAULT_INPUT, "the passphrase is empty - choose one");
}

void
vault_unlock(const Secret *passphrase, vault_done done, gpointer data)
{
	struct job *job = g_new0(struct job, 1);
	job->done = done;
	job->data = data;
	job->old_passphrase = copy(passphrase);
	read_file(&job->old_file, &job->error);
	mailbox_run(work, finish, job);
}

void
vault_create(const Secret *passphrase, vault_done done, gpointer data)
{
	struct job *job = g_new0(struct job, 1);
	job->done = done;
	job->data = data;
	job->new_passphrase = copy(passphrase);
	vault_file_new(&job->new_file);
	if (vault_state() != VAULT_NEW)
		fault(&job->error, FAULT_STORE,
			"this profile has a store already, a new vault would lock it for ever - restore the vault file");
	else
		accept_passphrase(passphrase, &job->error);
	mailbox_run(work, finish, job);
}

void
vault_change(const Secret *old_passphrase, const Secret *new_passphrase, vault_changed done, gpointer data)
{
	struct job *job = g_new0(struct job, 1);
	job->changed = done;
	job->data = data;
	job->old_passphrase = copy(old_passphrase);
	job->new_passphrase = copy(new_passphrase);
	vault_file_new(&job->new_file);
	if (accept_passphrase(new_passphrase, &job->error))
		read_file(&job->old_file, &job->error);
	mailbox_run(work, finish, job);
}
