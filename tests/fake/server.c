/* SPDX-License-Identifier: GPL-3.0-or-later */
/* An XMPP server in memory. */
#include "fake/server.h"

#include "xmpp/ns.h"
#include "xmpp/parser.h"
#include "xmpp/transport.h"

#include <gio/gio.h>
#include <gsasl.h>
#include <string.h>
#include <sys/socket.h>

struct rule {
	char *substring, *xml;
};

struct FakeServer {
	char *jid, *domain, *password, *full;
	struct fake_offer offer;
	GPtrArray *rules;
	GPtrArray *elements; /* texts that arrived */
	guint waited;
	GString *received;
	/* the link */
	GSocketConnection *link;
	GCancellable *cancellable;
	Parser *parser;
	GByteArray *out;
	gsize written;
	bool writing, secure, authenticated;
	guint pending; /* reads and writes that still come back, if only to say that they were cancelled */
	char in[16384];
	guint connections;
	/* login */
	Gsasl *gsasl;
	Gsasl_session *session;
	char *nonce, *challenge;
	/* XEP-0198 */
	char *sm_id;
	bool counting;
	guint handled;
};

static FakeServer *current;

static void read_on(FakeServer *server);

struct fake_offer *
fake_server_offer(FakeServer *server)
{
	return &server->offer;
}

/* ---- writing ---- */

static void write_on(FakeServer *server);

static void
on_written(GObject *source, GAsyncResult *result, gpointer data)
{
	FakeServer *server = data;
	gssize length = g_output_stream_write_bytes_finish(G_OUTPUT_STREAM(source), result, NULL);

	server->pending--;
	if (!server->link || G_OUTPUT_STREAM(source) != g_io_stream_get_output_stream(G_IO_STREAM(server->link)))
		return;
	server->writing = false;
	if (length <= 0)
		return;
	server->written += (gsize)length;
	if (server->written == server->out->len) {
		g_byte_array_set_size(server->out, 0);
		server->written = 0;
	}
	write_on(server);
}

static void
write_on(FakeServer *server)
{
	if (server->writing || !server->out->len || !server->link)
		return;
	server->writing = true;
	server->pending++;
	g_autoptr(GBytes) piece =
		g_bytes_new(server->out->data + server->written, MIN(server->out->len - server->written, (gsize)65536));
	g_output_stream_write_bytes_async(g_io_stream_get_output_stream(G_IO_STREAM(server->link)), piece, G_PRIORITY_DEFAULT,
		server->cancellable, on_written, server);
}

static char *
replace(const char *text, const char *what, const char *with)
{
	g_auto(GStrv) parts = g_strsplit(text, what, -1);

	return g_strjoinv(with ? with : "", parts);
}

void
fake_server_send(FakeServer *server, const char *xml)
{
	g_autofree char *text = replace(xml, "{from}", server->full);

	if (!server->link)
		return;
	g_byte_array_append(server->out, (const guint8 *)text, (guint)strlen(text));
	write_on(server);
}

static void G_GNUC_PRINTF(2, 3) say(FakeServer *server, const char *format, ...)
{
	va_list args;
	va_start(args, format);
	g_autofree char *xml = g_strdup_vprintf(format, args);
	va_end(args);

	fake_server_send(server, xml);
}

/* ---- login ---- */

static void
set_base64(Gsasl_session *session, Gsasl_property property, const char *bytes)
{
	g_autofree char *text = g_base64_encode((const guchar *)bytes, strlen(bytes));

	gsasl_property_set(session, property, text);
}

static int
on_property(Gsasl *gsasl, Gsasl_session *session, Gsasl_property property)
{
	FakeServer *server = current;
	g_autofree char *local = g_strndup(server->jid, (gsize)(strchr(server->jid, '@') - server->jid));

	(void)gsasl;
	switch (property) {
	case GSASL_PASSWORD:
		if (g_strcmp0(gsasl_property_fast(session, GSASL_AUTHID), local) != 0)
			return GSASL_NO_PASSWORD;
		gsasl_property_set(session, property, server->password);
		return GSASL_OK;
	case GSASL_SCRAM_ITER:
		gsasl_property_set(session, property, server->offer.iterations);
		return GSASL_OK;
	case GSASL_CB_TLS_EXPORTER:
		if (!server->offer.exporter)
			return GSASL_NO_CALLBACK;
		set_base64(session, property, server->offer.exporter);
		return GSASL_OK;
	default:
		return GSASL_NO_CALLBACK;
	}
}

static void
remember_nonce(FakeServer *server, const char *base64)
{
	gsize length;
	g_autofree guchar *bytes = g_base64_decode(base64, &length);
	g_autofree char *text = g_strndup((const char *)bytes, length);
	const char *nonce = strstr(text, ",r=");

	g_free(server->nonce);
	server->nonce = g_strdup(nonce ? nonce + 3 : "");
}

static void
step_login(FakeServer *server, const char *input)
{
	char *output = NULL;
	int result = server->session ? gsasl_step64(server->session, input, &output) : GSASL_MECHANISM_PARSE_ERROR;

	if (result == GSASL_NEEDS_MORE) {
		say(server, "<challenge xmlns='" NS_SASL "'>%s</challenge>", output);
	} else if (result == GSASL_OK) {
		server->authenticated = true;
		say(server, "<success xmlns='" NS_SASL "'>%s</success>", server->offer.no_signature ? "" : output);
	} else {
		say(server, "<failure xmlns='" NS_SASL "'><not-authorized/></failure>");
	}
	gsasl_free(output);
}

static void
begin_login(FakeServer *server, const Element *auth)
{
	const char *mechanism = element_attr(auth, "mechanism");

	g_clear_pointer(&server->session, gsasl_finish);
	if (g_strcmp0(mechanism, "PLAIN") == 0 || g_strcmp0(mechanism, "ANONYMOUS") == 0) {
		server->authenticated = true;
		say(server, "<success xmlns='" NS_SASL "'/>");
		return;
	}
	if (server->challenge) {
		g_autofree char *text = replace(server->challenge, "{nonce}", server->nonce);
		g_autofree char *coded = g_base64_encode((const guchar *)text, strlen(text));
		say(server, "<challenge xmlns='" NS_SASL "'>%s</challenge>", coded);
		return;
	}
	gsasl_server_start(server->gsasl, mechanism, &server->session);
	step_login(server, element_text(auth));
}

/* ---- the usual answers ---- */

static void
send_features(FakeServer *server)
{
	GString *xml = g_string_new("<stream:features>");
	g_auto(GStrv) mechanisms = g_strsplit(server->offer.mechanisms, " ", -1);

	if (!server->secure) {
		if (server->offer.starttls)
			g_string_append(xml, "<starttls xmlns='" NS_TLS "'><required/></starttls>");
	} else if (!server->authenticated) {
		g_string_append(xml, "<mechanisms xmlns='" NS_SASL "'>");
		for (guint i = 0; mechanisms[i]; i++)
			g_string_append_printf(xml, "<mechanism>%s</mechanism>", mechanisms[i]);
		g_string_append(xml, "</mechanisms>");
		if (server->offer.announce_binding)
			g_string_append(xml, "<sasl-channel-binding xmlns='" NS_SASL_CB
					     "'><channel-binding type='tls-exporter'/></sasl-channel-binding>");
	} else {
		g_string_append(xml, "<bind xmlns='" NS_BIND "'/>");
		if (server->offer.sm)
			g_string_append(xml, "<sm xmlns='" NS_SM "'/>");
		if (server->offer.features)
			g_string_append(xml, server->offer.features);
	}
	g_string_append(xml, "</stream:features>");
	fake_server_send(server, xml->str);
	g_string_free(xml, TRUE);
}

static void
answer_iq(FakeServer *server, const Element *iq)
{
	const char *id = element_attr(iq, "id"), *type = element_attr(iq, "type");
	const Element *bind = element_child(iq, "bind", NS_BIND), *roster = element_child(iq, "query", "jabber:iq:roster");

	if (g_strcmp0(type, "get") != 0 && g_strcmp0(type, "set") != 0)
		return;
	if (bind) {
		const char *resource = element_child_text(bind, "resource", NS_BIND);
		g_free(server->full);
		server->full = g_strdup_printf("%s/%s", server->jid, resource ? resource : "none");
		say(server, "<iq type='result' id='%s'><bind xmlns='" NS_BIND "'><jid>%s</jid></bind></iq>", id, server->full);
	} else if (roster) {
		say(server, "<iq type='result' id='%s'><query xmlns='jabber:iq:roster'/></iq>", id);
	} else {
		const char *to = element_attr(iq, "to");
		g_autofree char *from = to ? g_strdup_printf(" from='%s'", to) : g_strdup("");
		say(server,
			"<iq type='error' id='%s'%s><error type='cancel'><service-unavailable xmlns='" NS_STANZA_ERROR
			"'/></error></iq>",
			id, from);
	}
}

static void
resume(FakeServer *server, const Element *element)
{
	if (server->sm_id && g_strcmp0(element_attr(element, "previd"), server->sm_id) == 0) {
		server->counting = true;
		say(server, "<resumed xmlns='" NS_SM "' h='%u' previd='%s'/>", server->handled, server->sm_id);
	} else {
		say(server, "<failed xmlns='" NS_SM "'><item-not-found xmlns='" NS_STANZA_ERROR "'/></failed>");
	}
}

static void
enable(FakeServer *server)
{
	g_free(server->sm_id);
	server->sm_id = g_strdup_printf("session-%u", server->connections);
	server->handled = 0;
	server->counting = true;
	say(server, "<enabled xmlns='" NS_SM "' id='%s' resume='%s'/>", server->sm_id, server->offer.resume ? "true" : "false");
}

static void
answer(FakeServer *server, const Element *element)
{
	if (element_is(element, "starttls", NS_TLS)) {
		say(server, "<proceed xmlns='" NS_TLS "'/>");
		server->secure = true;
	} else if (element_is(element, "auth", NS_SASL)) {
		begin_login(server, element);
	} else if (element_is(element, "response", NS_SASL)) {
		step_login(server, element_text(element));
	} else if (element_is(element, "iq", NS_CLIENT)) {
		answer_iq(server, element);
	} else if (element_is(element, "enable", NS_SM)) {
		enable(server);
	} else if (element_is(element, "resume", NS_SM)) {
		resume(server, element);
	} else if (element_is(element, "r", NS_SM)) {
		say(server, "<a xmlns='" NS_SM "' h='%u'/>", server->handled);
	}
}

/* ---- reading ---- */

/* "a & b": both, in any order. An & stands in no serialised text with spaces around it. */
static bool
fits(const char *text, const char *substring)
{
	g_auto(GStrv) parts = g_strsplit(substring, " & ", -1);

	for (char **part = parts; *part; part++)
		if (!strstr(text, *part))
			return false;
	return true;
}

static bool
by_rule(FakeServer *server, const Element *element, const char *text)
{
	for (guint i = server->rules->len; i-- > 0;) {
		const struct rule *rule = g_ptr_array_index(server->rules, i);
		if (!fits(text, rule->substring))
			continue;
		if (rule->xml) {
			g_autofree char *id = replace(rule->xml, "{id}", element_attr(element, "id"));
			g_autofree char *nonce = replace(id, "{nonce}", server->nonce);
			fake_server_send(server, nonce);
		}
		return true;
	}
	return false;
}

static void
take(FakeServer *server, const Element *element)
{
	char *text = element_to_xml(element);

	g_ptr_array_add(server->elements, text);
	if (element_is(element, "auth", NS_SASL))
		remember_nonce(server, element_text(element));
	if (server->counting && element_is(element, NULL, NS_CLIENT))
		server->handled++;
	if (!by_rule(server, element, text))
		answer(server, element);
}

static void
parse(FakeServer *server, const char *bytes, gsize length)
{
	const char *condition;
	GSocketConnection *link = server->link;

	/* Each header of the client starts a document. */
	if (g_strstr_len(bytes, (gssize)length, "<?xml"))
		parser_restart(server->parser);
	parser_feed(server->parser, bytes, length, &condition, NULL);
	while (server->link == link) {
		g_autoptr(Stanza) stanza = NULL;
		const char *why;
		enum parser_item item = parser_take(server->parser, &stanza, &why);
		if (item == PARSER_NOTHING)
			break;
		if (item == PARSER_OPEN) {
			if (by_rule(server, stanza_root(stanza), "<stream:stream"))
				continue;
			say(server,
				"<?xml version='1.0'?><stream:stream xmlns='jabber:client' xmlns:stream='" NS_STREAM
				"' id='s' from='%s' version='1.0'>",
				server->domain);
			send_features(server);
		} else if (item == PARSER_CLOSE) {
			g_ptr_array_add(server->elements, g_strdup("</stream:stream>"));
			fake_server_send(server, "</stream:stream>");
		} else {
			take(server, stanza_root(stanza));
		}
	}
}

static void
on_read(GObject *source, GAsyncResult *result, gpointer data)
{
	FakeServer *server = data;
	gssize length = g_input_stream_read_finish(G_INPUT_STREAM(source), result, NULL);

	server->pending--;
	if (!server->link || G_INPUT_STREAM(source) != g_io_stream_get_input_stream(G_IO_STREAM(server->link)))
		return;
	if (length <= 0) {
		fake_server_cut(server);
		return;
	}
	g_string_append_len(server->received, server->in, length);
	parse(server, server->in, (gsize)length);
	if (server->link)
		read_on(server);
}

static void
read_on(FakeServer *server)
{
	server->pending++;
	g_input_stream_read_async(g_io_stream_get_input_stream(G_IO_STREAM(server->link)), server->in, sizeof server->in,
		G_PRIORITY_DEFAULT, server->cancellable, on_read, server);
}

void
fake_server_cut(FakeServer *server)
{
	if (!server->link)
		return;
	g_cancellable_cancel(server->cancellable);
	g_clear_object(&server->cancellable);
	g_socket_close(g_socket_connection_get_socket(server->link), NULL);
	g_clear_object(&server->link);
	g_byte_array_set_size(server->out, 0);
	server->written = 0;
	server->writing = server->counting = false;
}

static GSocketConnection *
connection_of(int fd)
{
	g_autoptr(GSocket) socket = g_socket_new_from_fd(fd, NULL);

	return g_socket_connection_factory_create_connection(socket);
}

static GIOStream *
on_connect(const struct stream_config *config, struct transport_facts *facts)
{
	FakeServer *server = current;
	int ends[2];

	(void)config;
	server->connections++;
	if (server->offer.refuse || socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0)
		return NULL;
	fake_server_cut(server);
	server->link = connection_of(ends[0]);
	server->cancellable = g_cancellable_new();
	server->secure = facts->secure = facts->direct = server->offer.direct;
	server->authenticated = false;
	parser_restart(server->parser);
	facts->tls = g_strdup("TLSv1.3");
	facts->cipher = g_strdup("FAKE");
	facts->address = g_strdup("memory");
	if (server->offer.exporter)
		facts->exporter = g_bytes_new(server->offer.exporter, strlen(server->offer.exporter));
	read_on(server);
	return G_IO_STREAM(connection_of(ends[1]));
}

/* ---- life ---- */

static void
rule_free(gpointer data)
{
	struct rule *rule = data;

	g_free(rule->substring);
	g_free(rule->xml);
	g_free(rule);
}

FakeServer *
fake_server_new(const char *bare_jid, const char *password)
{
	FakeServer *server = g_new0(FakeServer, 1);

	server->jid = g_strdup(bare_jid);
	server->domain = g_strdup(strchr(bare_jid, '@') ? strchr(bare_jid, '@') + 1 : bare_jid);
	server->password = g_strdup(password);
	server->full = g_strdup(bare_jid);
	server->offer = (struct fake_offer){ .direct = true,
		.starttls = true,
		.sm = true,
		.resume = true,
		.mechanisms = "SCRAM-SHA-256 SCRAM-SHA-1 PLAIN",
		.iterations = "4096" };
	server->rules = g_ptr_array_new_with_free_func(rule_free);
	server->elements = g_ptr_array_new_with_free_func(g_free);
	server->received = g_string_new(NULL);
	server->out = g_byte_array_new();
	server->parser = parser_new(NULL, NULL);
	parser_trust(server->parser, true);
	gsasl_init(&server->gsasl);
	gsasl_callback_set(server->gsasl, on_property);
	current = server;
	transport_set_factory(on_connect);
	return server;
}

void
fake_server_free(FakeServer *server)
{
	fake_server_cut(server);
	while (server->pending)
		g_main_context_iteration(NULL, TRUE);
	transport_set_factory(NULL);
	current = NULL;
	g_clear_pointer(&server->session, gsasl_finish);
	gsasl_done(server->gsasl);
	parser_free(server->parser);
	g_ptr_array_unref(server->rules);
	g_ptr_array_unref(server->elements);
	g_string_free(server->received, TRUE);
	g_byte_array_unref(server->out);
	g_free(server->jid);
	g_free(server->domain);
	g_free(server->password);
	g_free(server->full);
	g_free(server->nonce);
	g_free(server->challenge);
	g_free(server->sm_id);
	g_free(server);
}

void
fake_server_on(FakeServer *server, const char *substring, const char *xml)
{
	struct rule *rule = g_new(struct rule, 1);

	*rule = (struct rule){ g_strdup(substring), g_strdup(xml) };
	g_ptr_array_add(server->rules, rule);
}

void
fake_server_challenge(FakeServer *server, const char *message)
{
	g_free(server->challenge);
	server->challenge = g_strdup(message);
}

void
fake_server_forget_session(FakeServer *server)
{
	g_clear_pointer(&server->sm_id, g_free);
}

const char *
fake_server_received(FakeServer *server)
{
	return server->received->str;
}

guint
fake_server_connections(const FakeServer *server)
{
	return server->connections;
}

/* ---- turning the main loop ---- */

enum { PATIENCE = 60 }; /* s: more than the busiest machine needs, and no figure of anything */

static gboolean
on_time(gpointer data)
{
	*(bool *)data = true;
	return G_SOURCE_REMOVE;
}

static bool
turn_until(bool (*done)(gpointer data), gpointer data)
{
	bool late = false;
	guint source = g_timeout_add_seconds(PATIENCE, on_time, &late);

	while (!late && !done(data))
		g_main_context_iteration(NULL, TRUE);
	if (!late)
		g_source_remove(source);
	return done(data);
}

bool
fake_server_until(bool (*done)(gpointer data), gpointer data)
{
	return turn_until(done, data);
}

void
fake_server_turn(guint ms)
{
	bool late = false;

	g_timeout_add(ms, on_time, &late);
	while (!late)
		g_main_context_iteration(NULL, TRUE);
	/* A busy machine lets the time pass without a turn: what is ready by then has its turn all the same. */
	for (int i = 0; i < 1000 && g_main_context_iteration(NULL, FALSE); i++)
		;
}

struct wait {
	FakeServer *server;
	const char *substring, *found;
};

const char *
fake_server_heard(FakeServer *server, const char *substring)
{
	while (server->waited < server->elements->len) {
		const char *text = g_ptr_array_index(server->elements, server->waited++);
		if (strstr(text, substring))
			return text;
	}
	return NULL;
}

static bool
has_arrived(gpointer data)
{
	struct wait *wait = data;

	if (!wait->found)
		wait->found = fake_server_heard(wait->server, wait->substring);
	return wait->found != NULL;
}

const char *
fake_server_wait(FakeServer *server, const char *substring)
{
	struct wait wait = { server, substring, NULL };

	turn_until(has_arrived, &wait);
	return wait.found;
}
