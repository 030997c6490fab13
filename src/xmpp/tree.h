/* SPDX-License-Identifier: GPL-3.0-or-later */
/* How a received tree lies in memory: one arena per stanza, filled by the parser and then only read. */
#pragma once

#include "api/stanza.h"

struct attr {
	const char *name, *value;
};

struct Element {
	const char *name, *ns, *text;
	struct attr *attrs;
	guint n_attrs;
	Element *first, *next;
};

Stanza *tree_new(void);
void *tree_alloc(Stanza *stanza, size_t size); /* zeroed, aligned, lives as long as the stanza */
char *tree_copy(Stanza *stanza, const char *text, size_t length);
/* Expat's names are "namespace SEPARATOR local"; form feed cannot occur in XML, so in neither of them. attrs: names and values. */
#define TREE_SEPARATOR '\f'
Element *tree_element(Stanza *stanza, const Element *parent, const char *name, const char **attrs, guint n_attrs);
void tree_set_root(Stanza *stanza, Element *root);
/* For the route alone, which replaces an address by its normalised form before anybody reads it. */
void tree_set_root_attr(Stanza *stanza, const char *name, const char *value);
