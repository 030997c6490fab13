/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Carbons (XEP-0280): switching them on. Peeling them is the inbox's. */
#pragma once

#include "api/stream.h"

#define CARBONS_NS "urn:xmpp:carbons:2"

void carbons_enable(Stream *stream);
