/* SPDX-License-Identifier: GPL-3.0-or-later */
/* External services: asked of our server, with the credentials that it keeps back until they are asked for by name. */
#include "xmpp/extdisco.h"

#include <string.h>

#include "api/error.h"
#include "api/jid.h"
#include "api/secret.h"
#include "api/stream.h"
#include "base/text.h"
#include "xmpp/jinglevalue.h"

#define EXTDISCO_NS "urn:xmpp:extdisco:2"

/* RFC 8489 §14.3: a user name is shorter than 509 bytes. */
enum { SERVICES_MAX = 16, HOST_MAX = 255, CREDENTIAL_MAX = 508 };

static const struct kind {
	const char *type, *transport; /* of a service that says none */
	guint16 port;
	bool relay; /* of no use without credentials */
} kinds[] = {
	{ "stun", "udp", 3478, false },
	{ "stuns", "tcp", 5349, false },
	{ "turn", "udp", 3478, true },
	{ "turns", "tcp", 5349, true },
};

static void
service_clear(gpointer data)
{
	struct ext_service *service = data;

	if (service->password)
		secret_wipe(service->password, strlen(service->password));
	g_free(service->type);
	g_free(service->host);
	g_free(service->transport);
	g_free(service->user);
	g_free(service->password);
}

/* ---- reading ---- */

/* A name or a literal, as it may stand in an address without changing its meaning. */
static bool
is_host(const char *host)
{
	if (!value_ascii(host, HOST_MAX) || *host == '-' || *host == '.')
		return false;
	if (strchr(host, ':'))
		return g_hostname_is_ip_address(host);
	for (; *host; host++) {
		if (!g_ascii_isalnum(*host) && !strchr("-._", *host))
			return false;
	}
	return true;
}

static const struct kind *
kind_of(const Element *element)
{
	for (guint i = 0; i < G_N_ELEMENTS(kinds); i++) {
		if (!strcmp(value_attr(element, "type"), kinds[i].type))
			return &kinds[i];
	}
	return NULL;
}

static bool
read_credentials(const Element *element, struct ext_service *service)
{
	const char *user = value_attr(element, "username"), *password = value_attr(element, "password");
	const char *expires = element_attr(element, "expires");

	if ((*user && !value_plain(user, CREDENTIAL_MAX)) || (*password && !value_plain(password, CREDENTIAL_MAX)))
		return false;
	g_free(service->user);
	g_free(service->password);
	service->user = g_strdup(user);
	service->password = g_strdup(password);
	service->expires = expires ? text_time_parse(expires) : 0;
	return true;
}

/* False for one that is malformed or not for us: one bad line of a server's configuration must not take the others with it. */
static bool
read_service(const Element *element, struct ext_service *service)
{
	const struct kind *kind = element_is(element, "service", EXTDISCO_NS) ? kind_of(element) : NULL;
	const char *transport = element_attr(element, "transport"), *host = value_attr(element, "host");
	guint32 port = kind ? kind->port : 0;

	if (!kind || !is_host(host) || !value_number_attr(element, "port", 1, 65535, &port, NULL))
		return false;
	if (!transport)
		transport = kind->transport;
	if (strcmp(transport, "udp") && strcmp(transport, "tcp"))
		return false;
	if (!read_credentials(element, service))
		return false;
	service->type = g_strdup(kind->type);
	service->host = g_strdup(host);
	service->port = (guint16)port;
	service->transport = g_strdup(transport);
	return true;
}

static bool
lacks_credentials(const Element *element, const struct ext_service *service)
{
	const char *restricted = value_attr(element, "restricted");

	if (*service->user && *service->password)
		return false;
	return kind_of(element)->relay || !strcmp(restricted, "true") || !strcmp(restricted, "1");
}

/* ---- asking ---- */

/* One question of a caller; it lives as long as questions to the server are open. */
struct asking {
	guint refs;
	GArray *services;
	extdisco_done done;
	gpointer data;
	GDestroyNotify data_free;
};

/* The question for credentials of one of them, which has a place already: the order is the server's. */
struct missing {
	struct asking *asking;
	guint index;
};

static void
asking_unref(gpointer data)
{
	struct asking *asking = data;

	if (--asking->refs)
		return;
	if (asking->data_free)
		asking->data_free(asking->data);
	g_array_unref(asking->services);
	g_free(asking);
}

static void
missing_free(gpointer data)
{
	struct missing *missing = data;

	asking_unref(missing->asking);
	g_free(missing);
}

/* When nothing is open any more. What is still without credentials is left out. */
static void
finish(Stream *stream, struct asking *asking)
{
	for (guint i = asking->services->len; i; i--) {
		if (!g_array_index(asking->services, struct ext_service, i - 1).user)
			g_array_remove_index(asking->services, i - 1);
	}
	asking->done(stream, asking->services, NULL, asking->data);
}

static bool
is_same(const Element *element, const struct ext_service *service)
{
	guint32 port = service->port;

	return element_is(element, "service", EXTDISCO_NS) && !strcmp(value_attr(element, "type"), service->type) &&
	       !strcmp(value_attr(element, "host"), service->host) &&
	       value_number_attr(element, "port", service->port, service->port, &port, NULL);
}

static const Element *
find_same(const Element *credentials, const struct ext_service *service)
{
	for (const Element *child = element_first(credentials); child; child = element_next(child)) {
		if (is_same(child, service))
			return child;
	}
	return NULL;
}

static void
credentials_came(Stream *stream, const Element *result, const GError *error, gpointer data)
{
	struct missing *missing = data;
	struct ext_service *service = &g_array_index(missing->asking->services, struct ext_service, missing->index);
	const Element *credentials = result ? element_child(result, "credentials", EXTDISCO_NS) : NULL;
	const Element *same = credentials ? find_same(credentials, service) : NULL;

	(void)error;
	if (same && *value_attr(same, "username") && *value_attr(same, "password"))
		read_credentials(same, service);
	/* No other question holds it. */
	if (missing->asking->refs == 1)
		finish(stream, missing->asking);
}

static char *
server_of(Stream *stream)
{
	return jid_domain(stream_jid(stream));
}

/* XEP-0215 §3.3. */
static void
ask_credentials(Stream *stream, struct asking *asking, guint index)
{
	const struct ext_service *service = &g_array_index(asking->services, struct ext_service, index);
	g_autofree char *server = server_of(stream);
	Node *credentials = node_new("credentials", EXTDISCO_NS), *node = node_add(credentials, "service", EXTDISCO_NS);
	struct missing *missing = g_new(struct missing, 1);

	node_attr(node, "host", service->host);
	node_attr(node, "type", service->type);
	node_attr_int(node, "port", service->port);
	*missing = (struct missing){ asking, index };
	asking->refs++;
	iq_get(stream, server, credentials, credentials_came, missing, missing_free);
}

/* A service that waits for credentials has no user yet. */
static void
take_services(Stream *stream, const Element *services, struct asking *asking)
{
	for (const Element *child = element_first(services); child && asking->services->len < SERVICES_MAX;
		child = element_next(child)) {
		struct ext_service service = { 0 };
		if (!read_service(child, &service)) {
			service_clear(&service);
			continue;
		}
		bool lacks = lacks_credentials(child, &service);
		if (lacks)
			g_clear_pointer(&service.user, g_free);
		g_array_append_val(asking->services, service);
		if (lacks)
			ask_credentials(stream, asking, asking->services->len - 1);
	}
}

/* A server that does not know the question names none. */
static bool
knows_none(const GError *error)
{
	static const char *const conditions[] = { "service-unavailable", "feature-not-implemented", "item-not-found", NULL };
	const char *condition = iq_condition(error);

	return condition && g_strv_contains(conditions, condition);
}

static void
services_came(Stream *stream, const Element *result, const GError *error, gpointer data)
{
	struct asking *asking = data;
	const Element *services = result ? element_child(result, "services", EXTDISCO_NS) : NULL;
	g_autoptr(GError) bad = NULL;

	if (!result && !knows_none(error)) {
		asking->done(stream, NULL, error, asking->data);
		return;
	}
	if (result && !services) {
		fault(&bad, FAULT_PEER, "the server of %s gave no list of services", stream_jid(stream));
		asking->done(stream, NULL, bad, asking->data);
		return;
	}
	if (services)
		take_services(stream, services, asking);
	if (asking->refs == 1)
		finish(stream, asking);
}

void
extdisco_ask(Stream *stream, extdisco_done done, gpointer data, GDestroyNotify data_free)
{
	struct asking *asking = g_new(struct asking, 1);
	g_autofree char *server = server_of(stream);

	*asking = (struct asking){ 1, g_array_new(FALSE, FALSE, sizeof(struct ext_service)), done, data, data_free };
	g_array_set_clear_func(asking->services, service_clear);
	iq_get(stream, server, node_new("services", EXTDISCO_NS), services_came, asking, asking_unref);
}
