/* SPDX-License-Identifier: GPL-3.0-or-later */
/* /calldoctor: from the server's list of relays to sound through one of them, each step a sentence. */
#include <gio/gio.h>
#include <string.h>

#include "account/account.h"
#include "api/error.h"
#include "api/timer.h"
#include "call/authorities.h"
#include "call/calls.h"
#include "call/devices.h"
#include "xmpp/extdisco.h"
#include "xmpp/stream.h"

enum { SERVERS_MS = 20000 };

static struct doctor {
	bool busy, loopback, relay_works;
	GVariant *relays;
	char *proxy, *authorities; /* of the account, "" none */
	GCancellable *names;
	guint pending, timer;
	Media *media;
	Rehearsal *rehearsal;
	void (*line)(const char *text, bool good, gpointer data);
	gpointer data;
} doctor;

static void G_GNUC_PRINTF(2, 3) say(bool good, const char *format, ...)
{
	g_autofree char *text = NULL;
	va_list list;

	va_start(list, format);
	text = g_strdup_vprintf(format, list);
	va_end(list);
	doctor.line(text, good, doctor.data);
}

static void
finish(void)
{
	struct doctor ended = doctor;

	doctor = (struct doctor){ 0 };
	if (ended.timer)
		clock_cancel(ended.timer);
	g_cancellable_cancel(ended.names);
	g_clear_object(&ended.names);
	media_stop(ended.media);
	rehearsal_free(ended.rehearsal);
	g_clear_pointer(&ended.relays, g_variant_unref);
	g_free(ended.proxy);
	g_free(ended.authorities);
	ended.line(NULL, true, ended.data);
}

/* ---- a call with oneself ---- */

static void
on_rehearsal(const char *text, bool good, gpointer data)
{
	(void)data;
	if (text)
		say(good, "%s", text);
	else
		finish();
}

/* Only what a relayed call would use. */
static GVariant *
turn_only(void)
{
	GVariantBuilder list;

	g_variant_builder_init(&list, G_VARIANT_TYPE("a(ssqsss)"));
	for (gsize i = 0; i < g_variant_n_children(doctor.relays); i++) {
		g_autoptr(GVariant) relay = g_variant_get_child_value(doctor.relays, i);
		const char *type;

		g_variant_get_child(relay, 0, "&s", &type);
		if (g_str_has_prefix(type, "turn"))
			g_variant_builder_add_value(&list, relay);
	}
	return g_variant_ref_sink(g_variant_builder_end(&list));
}

static void
rehearse(gpointer data)
{
	g_autoptr(GVariant) relays = turn_only();

	(void)data;
	doctor.timer = 0;
	g_clear_pointer(&doctor.media, media_stop);
	doctor.rehearsal = rehearsal_new(
		&(struct media_ways){ doctor.loopback, relays, doctor.proxy, doctor.authorities }, on_rehearsal, NULL);
}

/* ---- the servers ---- */

static void
on_servers_late(gpointer data)
{
	(void)data;
	doctor.timer = 0;
	say(false, "sotto-media does not come to an end with the servers");
	finish();
}

static void
on_frame(gpointer owner, enum media_kind kind, GVariant *body, int fds[MEDIA_FDS])
{
	const char *step, *sentence;
	gboolean well;

	(void)owner, (void)fds;
	if (kind != MEDIA_REPORT)
		return;
	g_variant_get(body, "(&sb&s)", &step, &well, &sentence);
	say(well, "%s", sentence);
	if (strcmp(step, "done"))
		return;
	clock_cancel(doctor.timer);
	/* Not from within the link's own hook. */
	doctor.timer = well ? clock_after(0, rehearse, NULL, NULL) : 0;
	if (!well)
		finish();
}

static void
on_ended(gpointer owner, const GError *error)
{
	(void)owner;
	say(false, "%s", error->message);
	finish();
}

static void
ask_servers(void)
{
	static const struct media_link_hooks hooks = { on_frame, on_ended };
	const struct media_ways ways = { doctor.loopback, doctor.relays, doctor.proxy, doctor.authorities };
	g_autoptr(GError) error = NULL;

	doctor.media = media_start(call_settings.media_socket, &hooks, NULL, &error);
	if (!doctor.media || !media_begin(doctor.media, media_question_start(true, NULL, &ways), &error)) {
		say(false, "%s", error->message);
		finish();
		return;
	}
	media_send(doctor.media, MEDIA_ASK, g_variant_new("(s)", "doctor"));
	doctor.timer = clock_after(SERVERS_MS, on_servers_late, NULL, NULL);
}

/* ---- their names ---- */

static void
on_name(GObject *source, GAsyncResult *result, gpointer data)
{
	g_autofree char *name = data;
	g_autoptr(GError) error = NULL;
	GList *found = g_resolver_lookup_by_name_finish(G_RESOLVER(source), result, &error);
	g_autofree char *address = found ? g_inet_address_to_string(found->data) : NULL;

	g_resolver_free_addresses(found);
	if (g_error_matches(error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
		return;
	if (address)
		say(true, "the name %s leads to %s", name, address);
	else
		say(false, "the name %s leads nowhere: %s", name, error->message);
	if (!--doctor.pending)
		ask_servers();
}

static void
look_up_names(const GArray *services)
{
	g_autoptr(GResolver) resolver = g_resolver_get_default();
	g_autoptr(GHashTable) seen = g_hash_table_new(g_str_hash, g_str_equal);

	doctor.names = g_cancellable_new();
	for (guint i = 0; i < services->len; i++) {
		const struct ext_service *service = &g_array_index(services, struct ext_service, i);

		if (g_hostname_is_ip_address(service->host) || !g_hash_table_add(seen, service->host))
			continue;
		doctor.pending++;
		g_resolver_lookup_by_name_async(resolver, service->host, doctor.names, on_name, g_strdup(service->host));
	}
	if (!doctor.pending)
		ask_servers();
}

/* ---- the list ---- */

static void
on_services(Stream *stream, const GArray *services, const GError *error, gpointer data)
{
	GVariantBuilder relays;

	(void)stream, (void)data;
	if (!doctor.busy)
		return;
	if (!services || !services->len) {
		say(false, "%s",
			error ? error->message
			      : "your server names neither STUN nor TURN: calls go directly or not at all - ask its operator for a "
				"relay");
		finish();
		return;
	}
	g_variant_builder_init(&relays, G_VARIANT_TYPE("a(ssqsss)"));
	for (guint i = 0; i < services->len; i++) {
		const struct ext_service *service = &g_array_index(services, struct ext_service, i);

		g_variant_builder_add(&relays, "(ssqsss)", service->type, service->host, service->port, service->transport,
			service->user, service->password);
	}
	doctor.relays = g_variant_ref_sink(g_variant_builder_end(&relays));
	say(true, "your server names %u %s for calls", services->len, services->len == 1 ? "server" : "servers");
	/* A proxy looks up names itself, and nothing is asked past it. */
	if (*doctor.proxy)
		ask_servers();
	else
		look_up_names(services);
}

static bool
is_loopback(Stream *stream)
{
	const char *ip = stream_server_ip(stream);
	g_autoptr(GInetAddress) address = ip ? g_inet_address_new_from_string(ip) : NULL;

	return address && g_inet_address_get_is_loopback(address);
}

bool
call_doctor(Account *account, void (*line)(const char *text, bool good, gpointer data), gpointer data, GError **error)
{
	const char *proxy = account_get(account, "proxy");
	Stream *stream = account_stream(account);

	if (doctor.busy)
		return fault(error, FAULT_BUSY, "the doctor is at work already");
	if (!account_online(account))
		return fault(error, FAULT_OFFLINE, "%s is not connected", account_jid(account));
	doctor = (struct doctor){ .busy = true,
		.loopback = is_loopback(stream),
		.proxy = g_strdup(proxy ? proxy : ""),
		.authorities = authorities_read(account),
		.line = line,
		.data = data };
	extdisco_ask(stream, on_services, NULL, NULL);
	return true;
}
