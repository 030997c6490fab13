/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The vault file: text that can be read, and the arithmetic on it. Nothing here touches the main loop or files. */
#pragma once

#include "store/vault.h"

enum { VAULT_KEY = 32, VAULT_SALT = 16, VAULT_NONCE = 12, VAULT_TAG = 16 };

struct vault_file {
	guint memory; /* KiB */
	guint passes;
	guint lanes;
	guint8 salt[VAULT_SALT];
	guint8 nonce[VAULT_NONCE];
	guint8 sealed[VAULT_KEY + VAULT_TAG];
};

/* Fresh salt and nonce, the parameters of today. */
void vault_file_new(struct vault_file *file);
char *vault_file_text(const struct vault_file *file);
bool vault_file_parse(struct vault_file *file, const char *text, GError **error);

/* Slow on purpose: in a thread. NULL with an error. */
Secret *vault_derive(const struct vault_file *file, const Secret *passphrase, GError **error);
bool vault_seal(struct vault_file *file, const Secret *derived, const Secret *key, GError **error);
/* FAULT_TRUST when derived is not the right one. */
Secret *vault_open(const struct vault_file *file, const Secret *derived, GError **error);
