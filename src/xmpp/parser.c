/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The admission parser over expat. */
#include "xmpp/parser.h"

#include "xmpp/ns.h"
#include "xmpp/tree.h"

#include <expat.h>
#include <string.h>

enum {
	BASE = 1, /* depth at which a stanza starts, below the stream header */
	KIB = 1024,
	MIB = 1024 * KIB,
	DEPTH = 64,               /* levels of a stanza that we build */
	DEPTH_CLOSE = 256 * KIB,  /* levels at which even counting costs too much: expat keeps its own stack */
	ATTRIBUTES = 64,          /* of one element */
	ELEMENTS = 8192,          /* of one message or presence */
	ELEMENTS_IQ = 32 * KIB,   /* of an iq */
	ELEMENTS_LARGE = 1000000, /* of an answer of our own server */
	BYTES = MIB,              /* of one stanza */
	BYTES_LARGE = 32 * MIB,   /* of an answer of our own server */
	BYTES_CLOSE = 64 * MIB,   /* of one stanza, even when it is skipped */
	BYTES_LOGIN = 64 * KIB,   /* of one element before login */
	TOKEN = MIB,              /* of one tag, which expat has to hold and scan again with each piece that comes */
	RESCAN_CLOSE = 256 * MIB, /* bytes that we let expat scan again for one tag */
	QUEUE_STEP = 16 * KIB,    /* bytes given to expat at once */
};

struct limits {
	long bytes;
	guint elements;
};
static const struct limits usual = { BYTES, ELEMENTS }, question = { BYTES, ELEMENTS_IQ },
			   large_answer = { BYTES_LARGE, ELEMENTS_LARGE };

struct item {
	enum parser_item kind;
	Stanza *stanza;
	const char *why;
};

/* An element that is open: where its text starts in the common buffer, and the end of its list of children. */
struct level {
	Element *element, *last;
	gsize text;
};

struct Parser {
	XML_Parser expat;
	parser_large large;
	gpointer data;
	bool logged_in, content; /* content: not from a stream */
	guint depth;
	guint elements;
	struct level levels[DEPTH + 1];
	const struct limits *limits;
	long start;             /* byte index at which the stanza began */
	guint64 fed, rescanned; /* bytes given to expat; scanned again for the token that is unfinished */
	GString *text;
	Stanza *stanza;  /* being built */
	const char *why; /* set while skipping: only the root element is left */
	GQueue items;
	const char *condition; /* set: broken, for good */
	char *fault;
};

static void
refuse(Parser *parser, const char *condition, const char *sentence)
{
	if (parser->condition)
		return;
	parser->condition = condition;
	parser->fault = g_strdup(sentence);
	XML_StopParser(parser->expat, XML_FALSE);
}

static void
push(Parser *parser, enum parser_item kind, Stanza *stanza, const char *why)
{
	struct item *item = g_new(struct item, 1);

	*item = (struct item){ kind, stanza, why };
	g_queue_push_tail(&parser->items, item);
}

/* ---- building ---- */

static bool
is_kind(const Element *root, const char *kind)
{
	return strcmp(root->name, kind) == 0 && strcmp(root->ns, NS_CLIENT) == 0;
}

static const struct limits *
limits_of(Parser *parser, const Element *root)
{
	const char *type = element_attr(root, "type"), *id = element_attr(root, "id");

	if (!is_kind(root, "iq"))
		return &usual;
	if (type && strcmp(type, "result") == 0 && id && parser->large &&
		parser->large(parser->data, element_attr(root, "from"), id))
		return &large_answer;
	return &question;
}

/* Drop the tree but for the root's own tag, whose attributes tell whom it was from; the rest is only counted. */
static void
skip(Parser *parser, const char *why)
{
	const Element *root = parser->levels[0].element;
	Stanza *bare = tree_new();
	Element *copy = tree_alloc(bare, sizeof *copy);

	parser->why = why;
	copy->name = tree_copy(bare, root->name, strlen(root->name));
	copy->ns = tree_copy(bare, root->ns, strlen(root->ns));
	copy->attrs = tree_alloc(bare, (root->n_attrs + 1) * sizeof *copy->attrs);
	for (guint i = 0; i < root->n_attrs; i++) {
		const struct attr *attr = &root->attrs[i];
		if (strlen(attr->value) > 4 * KIB)
			continue;
		copy->attrs[copy->n_attrs++] = (struct attr){ tree_copy(bare, attr->name, strlen(attr->name)),
			tree_copy(bare, attr->value, strlen(attr->value)) };
	}
	tree_set_root(bare, copy);
	stanza_unref(parser->stanza);
	parser->stanza = bare;
	g_string_free(parser->text, TRUE);
	parser->text = g_string_new(NULL);
}

/* ---- what expat tells ---- */

/* Called at every event, so that a large stanza is noticed while it arrives. */
static bool
admit(Parser *parser)
{
	long bytes;

	if (parser->condition)
		return false;
	bytes = XML_GetCurrentByteIndex(parser->expat) - parser->start;
	if (bytes > BYTES_CLOSE || (!parser->logged_in && !parser->content && bytes > BYTES_LOGIN)) {
		refuse(parser, "policy-violation", "the server sent more in one piece than any server may");
		return false;
	}
	if (!parser->why && parser->depth > BASE && bytes > parser->limits->bytes)
		skip(parser, "too large");
	return !parser->why;
}

static void
on_start(void *data, const char *name, const char **attrs)
{
	Parser *parser = data;
	guint depth = parser->depth++, n_attrs = 0, at;
	Element *element;
	struct level *level;

	if (depth == BASE) {
		parser->start = XML_GetCurrentByteIndex(parser->expat);
		parser->elements = 0;
		parser->limits = &usual;
	}
	if (parser->condition)
		return;
	if (depth > DEPTH_CLOSE) {
		refuse(parser, "policy-violation", "the server sent elements nested without end");
		return;
	}
	if (depth > BASE && !admit(parser))
		return;
	for (; attrs[2 * n_attrs]; n_attrs++)
		;
	if (depth < BASE) {
		Stanza *header = tree_new();
		tree_set_root(header, tree_element(header, NULL, name, attrs, MIN(n_attrs, ATTRIBUTES)));
		push(parser, PARSER_OPEN, header, NULL);
		return;
	}
	at = depth - BASE;
	if (at == 0)
		parser->stanza = tree_new();
	else if (at >= DEPTH) {
		skip(parser, "nested too deeply");
		return;
	} else if (++parser->elements > parser->limits->elements) {
		skip(parser, "too many elements");
		return;
	} else if (n_attrs > ATTRIBUTES) {
		skip(parser, "too many attributes");
		return;
	}
	level = &parser->levels[at];
	element = tree_element(parser->stanza, at ? level[-1].element : NULL, name, attrs, MIN(n_attrs, ATTRIBUTES));
	*level = (struct level){ element, NULL, parser->text->len };
	if (at == 0) {
		tree_set_root(parser->stanza, element);
		parser->limits = limits_of(parser, element);
		if (n_attrs > ATTRIBUTES)
			skip(parser, "too many attributes");
		return;
	}
	if (level[-1].last)
		level[-1].last->next = element;
	else
		level[-1].element->first = element;
	level[-1].last = element;
}

static void
on_end(void *data, const char *name)
{
	Parser *parser = data;
	guint depth = --parser->depth;

	(void)name;
	if (parser->condition)
		return;
	if (depth < BASE) {
		push(parser, PARSER_CLOSE, NULL, NULL);
		return;
	}
	if (admit(parser)) {
		const struct level *level = &parser->levels[depth - BASE];
		gsize length = parser->text->len - level->text;
		if (length)
			level->element->text = tree_copy(parser->stanza, parser->text->str + level->text, length);
		g_string_truncate(parser->text, level->text);
	}
	if (depth > BASE || parser->condition)
		return;
	push(parser, parser->why ? PARSER_SKIPPED : PARSER_STANZA, g_steal_pointer(&parser->stanza), parser->why);
	parser->why = NULL;
	parser->start = XML_GetCurrentByteIndex(parser->expat);
	if (parser->text->allocated_len > MIB / 4) {
		g_string_free(parser->text, TRUE);
		parser->text = g_string_new(NULL);
	}
}

static void
on_text(void *data, const char *text, int length)
{
	Parser *parser = data;

	if (parser->condition)
		return;
	if (parser->depth <= BASE) {
		/* White space between stanzas keeps connections alive (RFC 6120 §4.6.1); anything else has no place there. */
		for (int i = 0; i < length; i++) {
			if (!strchr(" \t\r\n", text[i])) {
				refuse(parser, "bad-format", "the server sent text between stanzas");
				return;
			}
		}
		parser->start = XML_GetCurrentByteIndex(parser->expat);
		return;
	}
	if (admit(parser))
		g_string_append_len(parser->text, text, length);
}

/* RFC 6120 §11.1: these are forbidden, and stopping at the declaration means that nothing is ever expanded or opened. */
static void
on_doctype(void *data, const char *name, const char *system_id, const char *public_id, int internal)
{
	(void)name, (void)system_id, (void)public_id, (void)internal;
	refuse(data, "restricted-xml", "the server sent a document type declaration");
}

static void
on_comment(void *data, const char *text)
{
	(void)text;
	refuse(data, "restricted-xml", "the server sent an XML comment");
}

static void
on_instruction(void *data, const char *target, const char *text)
{
	(void)target, (void)text;
	refuse(data, "restricted-xml", "the server sent a processing instruction");
}

/* ---- life ---- */

/* Waiting for twice the bytes of an unfinished token, as newer expat does, would hold back the end of a stanza; we bound what is
 * scanned again instead. Older libraries have neither. */
extern XML_Bool XMLCALL XML_SetReparseDeferralEnabled(XML_Parser parser, XML_Bool enabled) __attribute__((weak));

static void
open_expat(Parser *parser)
{
	parser->expat = XML_ParserCreateNS("UTF-8", TREE_SEPARATOR);
	if (XML_SetReparseDeferralEnabled)
		XML_SetReparseDeferralEnabled(parser->expat, XML_FALSE);
	XML_SetUserData(parser->expat, parser);
	XML_SetElementHandler(parser->expat, on_start, on_end);
	XML_SetCharacterDataHandler(parser->expat, on_text);
	XML_SetStartDoctypeDeclHandler(parser->expat, on_doctype);
	XML_SetCommentHandler(parser->expat, on_comment);
	XML_SetProcessingInstructionHandler(parser->expat, on_instruction);
	parser->text = g_string_new(NULL);
	parser->limits = &usual;
}

static void
clear(Parser *parser)
{
	Stanza *stanza;
	const char *why;

	while (parser_take(parser, &stanza, &why) != PARSER_NOTHING)
		stanza_unref(stanza);
	g_clear_pointer(&parser->expat, XML_ParserFree);
	g_clear_pointer(&parser->stanza, stanza_unref);
	g_clear_pointer(&parser->fault, g_free);
	g_string_free(parser->text, TRUE);
	parser->condition = parser->why = NULL;
	parser->depth = 0;
	parser->start = 0;
	parser->fed = parser->rescanned = 0;
}

Parser *
parser_new(parser_large large, gpointer data)
{
	Parser *parser = g_new0(Parser, 1);

	parser->large = large;
	parser->data = data;
	g_queue_init(&parser->items);
	open_expat(parser);
	return parser;
}

void
parser_free(Parser *parser)
{
	if (!parser)
		return;
	clear(parser);
	g_free(parser);
}

void
parser_restart(Parser *parser)
{
	clear(parser);
	open_expat(parser);
}

void
parser_trust(Parser *parser, bool logged_in)
{
	parser->logged_in = logged_in;
}

bool
parser_unfinished(const Parser *parser)
{
	return parser->depth > BASE || (gint64)parser->fed > XML_GetCurrentByteIndex(parser->expat);
}

bool
parser_has_items(const Parser *parser)
{
	return !g_queue_is_empty((GQueue *)&parser->items);
}

bool
parser_is_clean(const Parser *parser)
{
	return !parser->condition && !parser_has_items(parser) && !parser_unfinished(parser);
}

/* ---- feeding ---- */

static const char *
condition_of(enum XML_Error code)
{
	switch (code) {
	case XML_ERROR_UNDEFINED_ENTITY:
	case XML_ERROR_RECURSIVE_ENTITY_REF:
	case XML_ERROR_PARAM_ENTITY_REF:
		return "restricted-xml";
	case XML_ERROR_UNBOUND_PREFIX:
		return "bad-namespace-prefix";
	case XML_ERROR_UNKNOWN_ENCODING:
	case XML_ERROR_INCORRECT_ENCODING:
		return "unsupported-encoding";
	default:
		return "not-well-formed";
	}
}

/* A tag that is still unfinished is held and scanned from its start with every piece: bound both its size and that work. */
static void
check_token(Parser *parser)
{
	guint64 pending = parser->fed - (guint64)XML_GetCurrentByteIndex(parser->expat);
	guint64 most = parser->logged_in || parser->content ? TOKEN : BYTES_LOGIN;

	parser->rescanned = pending ? parser->rescanned + pending : 0;
	if (pending > most || parser->rescanned > RESCAN_CLOSE)
		refuse(parser, "policy-violation", "the server sent a tag larger than any server may");
}

static void
feed_piece(Parser *parser, const char *bytes, int length)
{
	parser->fed += (guint64)length;
	if (XML_Parse(parser->expat, bytes, length, false) == XML_STATUS_OK) {
		check_token(parser);
		return;
	}
	if (!parser->condition) {
		enum XML_Error code = XML_GetErrorCode(parser->expat);
		parser->condition = condition_of(code);
		parser->fault = g_strdup_printf("what the server sent is not XML: %s", XML_ErrorString(code));
	}
}

bool
parser_feed(Parser *parser, const char *bytes, size_t length, const char **condition, GError **error)
{
	while (length && !parser->condition) {
		int piece = (int)MIN(length, (size_t)QUEUE_STEP);
		feed_piece(parser, bytes, piece);
		bytes += piece;
		length -= (size_t)piece;
	}
	*condition = parser->condition;
	return !parser->condition || fault(error, FAULT_PEER, "%s", parser->fault);
}

enum parser_item
parser_take(Parser *parser, Stanza **stanza, const char **why)
{
	struct item *item = g_queue_pop_head(&parser->items);
	enum parser_item kind;

	*stanza = NULL;
	*why = NULL;
	if (!item)
		return PARSER_NOTHING;
	kind = item->kind;
	*stanza = item->stanza;
	*why = item->why;
	g_free(item);
	return kind;
}

/* Content is read as it would stand in the stream: alone in an element of its own, jabber:client where it names no other. */
Stanza *
stanza_parse(const char *xml, size_t length, GError **error)
{
	static const char open[] = "<content xmlns='jabber:client'>", close[] = "</content>";
	Parser *parser = parser_new(NULL, NULL);
	g_autoptr(Stanza) header = NULL;
	g_autoptr(Stanza) stanza = NULL;
	const char *condition, *why = NULL;
	bool good;

	parser->content = true;
	good = parser_feed(parser, open, sizeof open - 1, &condition, error) &&
	       parser_feed(parser, xml, length, &condition, error) &&
	       parser_feed(parser, close, sizeof close - 1, &condition, error);
	parser_take(parser, &header, &why);
	if (good && (parser_take(parser, &stanza, &why) != PARSER_STANZA || g_queue_get_length(&parser->items) != 1)) {
		g_clear_pointer(&stanza, stanza_unref);
		good = fault(error, FAULT_PEER, "the content is refused: %s", why ? why : "it is not one element");
	}
	if (!good)
		g_clear_pointer(&stanza, stanza_unref);
	parser_free(parser);
	return g_steal_pointer(&stanza);
}
