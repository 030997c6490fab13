/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Data forms (XEP-0004), as far as we fill them in. */
#pragma once

#include "api/stanza.h"

#define FORMS_NS "jabber:x:data"

/* A form of that FORM_TYPE (XEP-0068) to be submitted, added to parent, which owns it. */
Node *form_add(Node *parent, const char *form_type);
void form_field(Node *form, const char *var, const char *value);
