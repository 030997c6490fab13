/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Stanzas. Two small families: what is read is never changed (Stanza, Element), what is built is
 * never read (Node, which is libstrophe's tree). Plus the hook row by which received stanzas are taken. */
#pragma once

#include "public.h"

typedef struct Stream Stream; /* the XML stream of one account, see stream.h */

/* ---- reading ---- */

typedef struct Stanza Stanza;   /* one received tree, immutable, counted, freed at once */
typedef struct Element Element; /* a place in it, borrowed from its stanza */

PUBLIC Stanza *stanza_ref(Stanza *stanza);
PUBLIC void stanza_unref(Stanza *stanza); /* NULL is fine */
PUBLIC const Element *stanza_root(const Stanza *stanza);
/* The same admission rules as for the network (depth, counts, no DOCTYPE, entity, comment, PI), for
 * text that did not come by the stream: decrypted content, tests. Without a namespace of its own it is in
 * jabber:client, as it would be in the stream. NULL with FAULT_PEER. */
PUBLIC Stanza *stanza_parse(const char *xml, size_t length, GError **error);

PUBLIC const char *element_name(const Element *element);
PUBLIC const char *element_ns(const Element *element);                            /* "" if none */
PUBLIC bool element_is(const Element *element, const char *name, const char *ns); /* NULL matches all */
PUBLIC const char *element_attr(const Element *element, const char *name);        /* NULL if absent; "xml:lang" */
PUBLIC const char *element_text(const Element *element);                          /* its direct text in one piece, "" if none */
PUBLIC const Element *element_child(const Element *element, const char *name, const char *ns);
PUBLIC const Element *element_first(const Element *element); /* first child element, NULL if none */
PUBLIC const Element *element_next(const Element *element);  /* next sibling element */
/* Serialised, for a raw window or a log: caller frees. */
PUBLIC char *element_to_xml(const Element *element);
/* The text of the first child, the usual case of "<a><b>text</b></a>": NULL when there is no such child. */
PUBLIC const char *element_child_text(const Element *element, const char *name, const char *ns);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(Stanza, stanza_unref)

/* ---- building ---- */

typedef struct _xmpp_stanza_t Node;

PUBLIC Node *node_new(const char *name, const char *ns);               /* owned by the caller */
PUBLIC Node *node_add(Node *parent, const char *name, const char *ns); /* owned by the parent; ns NULL inherits */
PUBLIC Node *node_add_text(Node *parent, const char *name, const char *ns, const char *text);
PUBLIC void node_take(Node *parent, Node *child);                       /* the parent owns child from now on */
PUBLIC void node_attr(Node *node, const char *name, const char *value); /* NULL value: nothing happens */
PUBLIC void node_attr_int(Node *node, const char *name, gint64 value);
PUBLIC void node_text(Node *node, const char *text); /* characters that XML 1.0 forbids become U+FFFD */
PUBLIC Node *node_copy(const Element *element);
PUBLIC char *node_to_xml(Node *node);
PUBLIC void node_free(Node *node); /* NULL is fine */

G_DEFINE_AUTOPTR_CLEANUP_FUNC(Node, node_free)

/* ---- taking what arrives ---- */

/* Who may have sent it; checked by the route before the hook is called (the provenance gate). */
enum stanza_from {
	FROM_ANYONE,
	FROM_CONTACT, /* on our roster with a subscription from us or to us */
	FROM_SELF,    /* our own account: bare JID, or no from at all */
	FROM_DEVICE,  /* one of our own full JIDs, or our bare JID */
	FROM_SERVER,  /* our server's domain, our bare JID, or no from */
};

struct stanza_hook {
	const char *name;  /* row name, for /plugin and the log: "hello: greetings" */
	const char *kind;  /* "message", "presence", "iq" */
	const char *type;  /* its type attribute: NULL matches all; for iq "get" or "set" */
	const char *child; /* the name of a child and its namespace, both NULL match all */
	const char *ns;
	const char *node; /* PEP: the node of message/event/items (XEP-0163); child and ns stay NULL */
	enum stanza_from from;
	/* True when it is taken: no later row sees it. An iq that no row takes is answered with
	 * service-unavailable, exactly as a dead address would. */
	bool (*take)(Stream *stream, const Element *stanza);
};

/* A feature that disco and caps announce (XEP-0030, 0115), usually of what a hook takes. */
struct feature {
	const char *name; /* "urn:xmpp:ping", "NODE+notify" */
};
