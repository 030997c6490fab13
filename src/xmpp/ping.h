/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Small questions that we answer to those who see us anyway: ping (XEP-0199), software version (XEP-0092). */
#pragma once

#include "api/stanza.h"

extern const struct stanza_hook ping_hooks[];
extern const struct feature ping_features[];
