/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The vault: the raw key of the database, wrapped under a passphrase by Argon2id and AES-256-GCM (vault file), or from the
 * Secret Service or a command. */
#pragma once

#include "api/secret.h"

enum vault_state { VAULT_NEW, VAULT_LOCKED, VAULT_BROKEN };
enum vault_state vault_state(void); /* is there a vault file in the profile, and can it be read? */

/* key is the caller's; NULL with an error: wrong passphrase is FAULT_TRUST. Derivation runs beside the main loop. */
typedef void (*vault_done)(Secret *key, const GError *error, gpointer data);
void vault_unlock(const Secret *passphrase, vault_done done, gpointer data);
void vault_create(const Secret *passphrase, vault_done done, gpointer data);
/* An argument vector, never a shell: its first line; 30 s. */
typedef void (*vault_passphrase_done)(Secret *passphrase, const GError *error, gpointer data);
void vault_run_command(const char *command_line, vault_passphrase_done done, gpointer data);
/* The Secret Service, FAULT_GONE when there is none or it does not know us. */
void vault_ask_service(vault_passphrase_done done, gpointer data);
void vault_tell_service(const Secret *passphrase, vault_passphrase_done done, gpointer data);
bool vault_change(const Secret *old_passphrase, const Secret *new_passphrase, GError **error);
