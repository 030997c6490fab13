/* SPDX-License-Identifier: GPL-3.0-or-later */
/* From other threads to the main loop: the only place, besides GTask for key derivation, that knows of threads. */
#pragma once

#include "api/public.h"

/* Runs work in a thread and then done in the main loop; work sees only data. */
void mailbox_run(void (*work)(gpointer data), void (*done)(gpointer data), gpointer data);

/* Work on each of the parts, a thread for each but the first; returns when all are done. From any thread. */
enum { MAILBOX_TOGETHER = 4 };
void mailbox_together(void (*work)(gpointer part), gpointer *parts, guint count);
