/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a person decides about the store: its passphrase, the keyring, how long it keeps messages. */
#pragma once

void keeper_init(void); /* its commands into the tables */
