/* SPDX-License-Identifier: GPL-3.0-or-later */
/* From other threads to the main loop: the only place, besides GTask for key derivation, that knows of threads. */
#pragma once

#include "api/public.h"

/* Runs work in a thread and then done in the main loop; work sees only data. */
void mailbox_run(void (*work)(gpointer data), void (*done)(gpointer data), gpointer data);
