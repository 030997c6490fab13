/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The core's view over the provider of end-to-end encryption beyond api/e2ee.h. */
#pragma once

#include "api/e2ee.h"

/* The provider whose sealed element this is, chosen by name and namespace and by nothing else. NULL if none is. */
const struct e2ee_provider *e2ee_provider_for(const Element *element);
const struct e2ee_provider *e2ee_provider_named(const char *name);
/* The weakest trust among the active devices of the peer; TRUST_NONE when there are none. */
enum trust e2ee_weakest(Account *account, const char *peer);
