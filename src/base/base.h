/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What every other layer stands on. First of all subsystems: app calls base_init() before anything else. */
#pragma once

#include "api/public.h"

/* Secure memory, the log's catch of GLib's own messages, timers of rows. May be called again: nothing happens then. */
bool base_init(GError **error);

/* libgcrypt, once, with locked memory; everybody who uses gcrypt calls this first (base_init() does). */
bool secret_init(GError **error);

/* Write the log to path (FOLDER_CACHE) from this level up; without it lines are dropped. Never to the terminal. */
bool log_open(const char *path, int level, GError **error);
void log_close(void);
