/* SPDX-License-Identifier: GPL-3.0-or-later */
/* From a password to a proven server: the actions of the first half of the rules. */
#include "api/ask.h"
#include "api/log.h"
#include "base/text.h"
#include "xmpp/cert.h"
#include "xmpp/iq.h"
#include "xmpp/machine.h"
#include "xmpp/ns.h"

#include <string.h>

#define KEY_STRENGTH "login"
#define KEY_PLAIN "plain"

static enum input
lose(Stream *stream, GError *error, bool retry)
{
	return machine_lose(stream, error, NULL, retry);
}

enum input
login_start(Stream *stream, const Element *element)
{
	(void)element;
	if (!stream->loaded)
		sm_load(&stream->sm, stream->config.jid, &stream->memory);
	stream->loaded = true;
	stream_announce(stream, CONNECTION_CONNECTING, false);
	if (!stream->local || stream->password)
		return INPUT_PASSWORD;
	stream->ask_password(stream);
	return INPUT_NONE;
}

enum input
login_without_password(Stream *stream, const Element *element)
{
	GError *error = NULL;

	(void)element;
	fault(&error, FAULT_INPUT, "no password was given for %s", stream->config.jid);
	return lose(stream, error, false);
}

enum input
login_connect(Stream *stream, const Element *element)
{
	(void)element;
	stream->parser = parser_new(iq_may_be_large, stream);
	stream->transport = transport_open(&stream->config, stream->domain, &machine_hooks, stream);
	return INPUT_NONE;
}

/* No word about us before TLS: not who (RFC 6120 §4.7.1), not in which language. */
enum input
login_header(Stream *stream, const Element *element)
{
	g_autofree char *domain = g_markup_escape_text(stream->domain, -1);
	g_autofree char *header = g_strdup_printf("<?xml version='1.0'?><stream:stream xmlns='" NS_CLIENT
						  "' xmlns:stream='" NS_STREAM "' to='%s' version='1.0'>",
		domain);

	(void)element;
	parser_restart(stream->parser);
	stream_write(stream, header);
	return INPUT_NONE;
}

enum input
login_greeted(Stream *stream, const Element *element)
{
	const char *version = element_attr(element, "version");
	GError *error = NULL;

	if (element_is(element, "stream", NS_STREAM) && version && g_ascii_strtod(version, NULL) >= 1.0)
		return INPUT_NONE;
	fault(&error, FAULT_PEER, "%s does not speak XMPP as of today", stream->domain);
	return machine_lose(stream, error, "invalid-namespace", true);
}

/* ---- TLS ---- */

enum input
login_ask_tls(Stream *stream, const Element *element)
{
	GError *error = NULL;

	if (element_child(element, "starttls", NS_TLS)) {
		stream_write(stream, "<starttls xmlns='" NS_TLS "'/>");
		return INPUT_NONE;
	}
	stream->retry_least_ms = 60000;
	fault(&error, FAULT_TRUST, "%s offers no encryption, or somebody between took the offer away: nothing was sent",
		stream->domain);
	return lose(stream, error, true);
}

/* What stands behind <proceed/> would be taken for the server's word after TLS, though anybody could have put it there. */
enum input
login_begin_tls(Stream *stream, const Element *element)
{
	GError *error = NULL;

	(void)element;
	if (!stream->broken && parser_is_clean(stream->parser)) {
		transport_secure(stream->transport);
		return INPUT_NONE;
	}
	fault(&error, FAULT_TRUST, "something was put behind the start of TLS with %s: nothing was sent", stream->domain);
	return lose(stream, error, true);
}

enum input
login_tls_refused(Stream *stream, const Element *element)
{
	GError *error = NULL;

	(void)element;
	fault(&error, FAULT_TRUST, "%s refuses to begin TLS: nothing was sent", stream->domain);
	return lose(stream, error, true);
}

enum input
login_secured(Stream *stream, const Element *element)
{
	const struct transport_facts *facts = transport_facts(stream->transport);

	g_clear_pointer(&stream->first_seen, g_free);
	if (facts->certificate)
		stream->first_seen = cert_remember(facts->certificate, stream->config.jid, &stream->memory);
	return login_header(stream, element);
}

/* ---- SASL ---- */

static void
on_plain_answer(const char *choice, gpointer data)
{
	const char *jid = data;

	for (guint i = 0; i < streams()->len; i++) {
		Stream *stream = g_ptr_array_index(streams(), i);
		if (strcmp(stream->config.jid, jid) != 0 || g_strcmp0(choice, "yes") != 0)
			continue;
		stream->memory.put(jid, KEY_PLAIN, "yes");
		stream->memory.flush();
		stream_connect(stream);
	}
}

/* The question may stay open for hours, the connection may not: yes connects anew. */
static enum input
ask_plain(Stream *stream)
{
	static const char *const choices[] = { "no", "yes", NULL };
	g_autofree char *text = g_strdup_printf(
		"%s offers only the login PLAIN: it would see the password of %s itself, and cannot prove that it is your server. "
		"Send it the password?",
		stream->domain, stream->config.jid);
	GError *error = NULL;

	ask_withdraw(stream->plain_question);
	stream->plain_question =
		ask(stream->config.jid, NULL, text, choices, on_plain_answer, g_strdup(stream->config.jid), g_free);
	fault(&error, FAULT_TRUST, "%s offers only the login PLAIN, which wants your yes", stream->domain);
	return lose(stream, error, false);
}

enum input
login_begin(Stream *stream, const Element *element)
{
	g_autofree char *before = stream->memory.get(stream->config.jid, KEY_STRENGTH);
	g_autofree char *plain = stream->memory.get(stream->config.jid, KEY_PLAIN);
	g_autofree char *first = NULL, *auth = NULL;
	GError *error = NULL;

	switch (sasl_choose(
		stream->sasl, element, transport_facts(stream->transport), stream->local, before, plain != NULL, &error)) {
	case SASL_ASK_PLAIN:
		return ask_plain(stream);
	case SASL_NONE:
		if (g_error_matches(error, FAULT, FAULT_TRUST))
			alert(stream->config.jid, NULL, "login-refused", "%s", error->message);
		return lose(stream, error, false);
	case SASL_CHOSEN:
		break;
	}
	first = sasl_begin(stream->sasl, stream->password, &error);
	if (!first)
		return lose(stream, error, false);
	auth = g_strdup_printf("<auth xmlns='" NS_SASL "' mechanism='%s'>%s</auth>", sasl_mechanism(stream->sasl), first);
	stream_write(stream, auth);
	secret_wipe(auth, strlen(auth));
	secret_wipe(first, strlen(first));
	return INPUT_NONE;
}

/* A server that does not know the password is not ours: told as an alert, since this does not happen by accident. */
static enum input
not_proved(Stream *stream, GError *error)
{
	if (g_error_matches(error, FAULT, FAULT_TRUST))
		alert(stream->config.jid, NULL, "login-refused", "%s: %s", stream->domain, error->message);
	return machine_lose(stream, error, NULL, false);
}

static enum input
respond(Stream *stream, const char *response)
{
	g_autofree char *xml = *response ? g_strdup_printf("<response xmlns='" NS_SASL "'>%s</response>", response)
					 : g_strdup("<response xmlns='" NS_SASL "'/>");

	stream_write(stream, xml);
	return INPUT_NONE;
}

static void
on_derived(gpointer data)
{
	machine_step(data, INPUT_DERIVED, NULL);
}

enum input
login_answer(Stream *stream, const Element *element)
{
	g_autofree char *response = NULL;
	GError *error = NULL;

	switch (sasl_challenge(stream->sasl, element_text(element), stream->password, on_derived, stream, &response, &error)) {
	case SASL_ANSWER:
		return respond(stream, response);
	case SASL_DERIVING:
		return INPUT_DERIVE;
	default:
		return not_proved(stream, error);
	}
}

enum input
login_derived(Stream *stream, const Element *element)
{
	g_autofree char *response = NULL;
	GError *error = NULL;

	(void)element;
	response = sasl_derived(stream->sasl, &error);
	return response ? respond(stream, response) : not_proved(stream, error);
}

enum input
login_success(Stream *stream, const Element *element)
{
	g_autofree char *strength = NULL, *before = NULL;
	GError *error = NULL;

	if (!sasl_success(stream->sasl, element_text(element), &error))
		return not_proved(stream, error);
	if (stream->broken || !parser_is_clean(stream->parser)) {
		fault(&error, FAULT_PEER, "%s said more behind the end of the login", stream->domain);
		return machine_lose(stream, error, "policy-violation", true);
	}
	g_free(stream->auth);
	g_free(stream->binding);
	stream->auth = g_strdup(sasl_mechanism(stream->sasl));
	stream->binding = g_strdup(sasl_binding(stream->sasl));
	stream->proved = sasl_proved(stream->sasl);
	strength = sasl_strength(stream->sasl);
	sasl_reset(stream->sasl);
	login_header(stream, NULL);
	parser_trust(stream->parser, true);
	/* The disk works while the server does, and only for what is new. */
	before = stream->memory.get(stream->config.jid, KEY_STRENGTH);
	if (g_strcmp0(before, strength) != 0) {
		stream->memory.put(stream->config.jid, KEY_STRENGTH, strength);
		stream->memory.flush();
	}
	return INPUT_NONE;
}

static const struct {
	const char *condition, *words;
	bool retry, forget_password;
} refusals[] = {
	{ "not-authorized", "the password is wrong, or the account does not exist", false, true },
	{ "account-disabled", "the account is disabled", false, false },
	{ "credentials-expired", "the password has expired", false, true },
	{ "temporary-auth-failure", "the server cannot check passwords at the moment", true, false },
	{ "encryption-required", "the server wants encryption although there is one", false, false },
	{ "mechanism-too-weak", "the server calls its own offer too weak", false, false },
	{ "malformed-request", "the server did not understand the login", false, false },
	{ "aborted", "the server broke off the login", true, false },
};

enum input
login_refused(Stream *stream, const Element *element)
{
	const Element *first = element_first(element);
	g_autofree char *name = text_cut(first ? element_name(first) : "no reason given", 40);
	const char *words = name;
	bool retry = false;
	GError *error = NULL;

	for (guint i = 0; i < G_N_ELEMENTS(refusals); i++) {
		if (strcmp(refusals[i].condition, name) != 0)
			continue;
		words = refusals[i].words;
		retry = refusals[i].retry;
		if (refusals[i].forget_password) {
			g_clear_pointer(&stream->password, secret_free);
			sasl_forget_key(stream->sasl);
		}
	}
	/* A binding that does not fit is refused with the same word as a wrong password, or, by Prosody, with one of its own. */
	if (sasl_binding(stream->sasl) && strcmp(name, "malformed-request") == 0) {
		fault(&error, FAULT_TRUST,
			"the server does not accept that the login is bound to this connection: somebody sits between you and it");
		return not_proved(stream, error);
	}
	if (sasl_binding(stream->sasl) && strcmp(name, "not-authorized") == 0)
		words = "the password is wrong, the account does not exist, or somebody sits between you and the server";
	fault(&error, FAULT_PEER, "%s refuses the login of %s: %s", stream->domain, stream->config.jid, words);
	return lose(stream, error, retry);
}
