/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Changes that the server confirms: the one way from its answer to who asked for them. */
#pragma once

#include "account/contact.h"
#include "api/error.h"
#include "api/iq.h"

/* data of change_answered(), freed by g_free. */
gpointer change_new(contact_done done, gpointer data);
void change_answered(Stream *stream, const Element *result, const GError *error, gpointer data);
bool change_may(const Account *account, GError **error); /* online? */
