/* SPDX-License-Identifier: GPL-3.0-or-later */
/* How long messages are kept: option history.keep. */
#pragma once

#include <stdbool.h>

extern const char *const history_choices[];
bool history_is_chosen(void);    /* by a person; 90 days otherwise */
void history_prune(void);        /* delete what is too old, little by little */
void history_prune_at_end(void); /* before the store is closed: everything, where nothing is to be kept */
