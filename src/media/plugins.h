/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Which GStreamer code is in the process: files of a table and nothing else. */
#pragma once

#include "api/error.h"

/* Starts GStreamer without registry, scanner and search path, and loads the files of the table. The first DTLS element of a
 * process makes an RSA key that nobody uses (up to 400 ms): a thread makes and drops one meanwhile. */
bool plugins_load(GError **error);
/* Until that thread is done. Before a DTLS element is made; and before the fence closes where it lets no file be opened. */
void plugins_wait(void);
