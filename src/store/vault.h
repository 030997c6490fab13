/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The vault: the raw key of the database, wrapped under a passphrase by Argon2id and AES-256-GCM (vault file), or from the
 * Secret Service or a command. */
#pragma once

#include "api/secret.h"

enum vault_state { VAULT_NEW, VAULT_LOCKED, VAULT_BROKEN };
/* Is there a vault file in the profile, and can it be read? A store without its vault file is broken, not new. */
enum vault_state vault_state(void);

/* done takes key and frees it; NULL with an error: wrong passphrase is FAULT_TRUST. Derivation runs beside the main loop; done is
 * called later, never before these return. */
typedef void (*vault_done)(Secret *key, const GError *error, gpointer data);
void vault_unlock(const Secret *passphrase, vault_done done, gpointer data);
void vault_create(const Secret *passphrase, vault_done done, gpointer data);
/* An argument vector, never a shell: its first line; 30 s. done takes passphrase and frees it. */
typedef void (*vault_passphrase_done)(Secret *passphrase, const GError *error, gpointer data);
void vault_run_command(const char *command_line, vault_passphrase_done done, gpointer data);
/* The Secret Service, FAULT_GONE when there is none or it does not know us. */
void vault_ask_service(vault_passphrase_done done, gpointer data);
void vault_tell_service(const Secret *passphrase, vault_passphrase_done done, gpointer data);
void vault_forget_service(vault_passphrase_done done, gpointer data);
/* Another passphrase for the same key; error is NULL when it worked. */
typedef void (*vault_changed)(const GError *error, gpointer data);
void vault_change(const Secret *old_passphrase, const Secret *new_passphrase, vault_changed done, gpointer data);
