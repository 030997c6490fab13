/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Data forms. */
#include "xmpp/forms.h"

static Node *
add_field(Node *form, const char *var, const char *value)
{
	Node *field = node_add(form, "field", NULL);

	node_attr(field, "var", var);
	node_add_text(field, "value", NULL, value);
	return field;
}

Node *
form_add(Node *parent, const char *form_type)
{
	Node *form = node_add(parent, "x", FORMS_NS);

	node_attr(form, "type", "submit");
	node_attr(add_field(form, "FORM_TYPE", form_type), "type", "hidden");
	return form;
}

void
form_field(Node *form, const char *var, const char *value)
{
	add_field(form, var, value);
}
